#pragma once
/// A probe examines a model and returns findings with evidence. The runner (audit.h) plans which probes the given
/// inputs allow, runs them one after another and turns a probe's failure into a record, never into a pass.
/// Thread rule: a probe runs on one thread and may use `ctx.threads()` for its own work.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/finding.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "model/classifier.h"

namespace bartizan::audit {

/// What an audit was given. Shared by the probes, read-only.
struct Subject {
    std::filesystem::path model_path;
    std::shared_ptr<const model::Classifier> classifier;
    const data::Dataset* dataset = nullptr;         ///< labelled test data
    data::Batch batch;                              ///< its rows (limited or sampled)
    const data::Dataset* train_dataset = nullptr;   ///< may be null
    std::filesystem::path out;                      ///< folder for artefacts; may be empty
};

class Plan;

class Probe {
public:
    virtual ~Probe() = default;
    /// Nothing if it can run on this subject, else why not ("no labels", "the model gives no gradient").
    virtual std::optional<std::string> obstacle(const Subject& subject) const = 0;
    virtual Result<std::vector<Finding>> run(const Subject& subject, RunContext& ctx) const = 0;
};

}  // namespace bartizan::audit
