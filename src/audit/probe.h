#pragma once
/// A probe examines a model and returns findings with evidence. The runner (audit.h) plans which probes the given
/// inputs allow, runs them one after another and turns a probe's failure into a record, never into a pass.
/// Thread rule: a probe runs on one thread and may use `ctx.threads()` for its own work.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/notebook.h"
#include "audit/plan.h"
#include "bartizan/finding.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "data/groups.h"
#include "data/input_contract.h"
#include "defences/poison_check.h"
#include "model/classifier.h"

namespace bartizan::audit {

/// What the model was trained on, as the user names it: read by the probes that look at it.
struct TrainingData {
    std::string spec;           ///< as data::open takes it; empty: not known
    std::string test;           ///< the labelled test data, to look for leaks
    std::string label_column;   ///< of tables
    std::string key;            ///< PEM file: the public key of whoever sealed it; empty: not given
};

/// What an audit was given. Shared by the probes, read-only.
struct Subject {
    std::filesystem::path model_path;
    std::shared_ptr<const model::Classifier> classifier;
    data::Info info;                       ///< of the labelled test data
    data::Batch batch;                     ///< its rows (limited or sampled)
    catalog::Norm norm = catalog::Norm::linf;
    double eps = 0;                        ///< reference radius
    std::vector<double> curve;             ///< radii of the curve, ascending
    std::int64_t samples = 0;              ///< rows that the attacks work on
    std::vector<data::Grouping> groups = {};  ///< of the rows of `batch`
    TrainingData training = {};
    defences::PoisonModel plain = {};  ///< the model in the data's own units, whole and cut; null where it cannot be had
    NdArray plain_x = {};              ///< `batch.x` in those units
    data::InputContract contract = {};  ///< of the plain model: to begin one like it anew
};

class Probe {
public:
    virtual ~Probe() = default;
    /// Nothing if it can run on this subject, else why not ("no labels", "the model gives no gradient").
    virtual std::optional<std::string> obstacle(const Subject& subject) const = 0;
    /// May read what earlier probes wrote into `notebook`, and adds to it.
    virtual Result<std::vector<Finding>> run(const Subject& subject, Notebook& notebook, RunContext& ctx) const = 0;
};

/// The probe of a catalogue entry.
Result<std::unique_ptr<Probe>> make_probe(const catalog::ProbeSpec& spec, const Params& params);

}  // namespace bartizan::audit
