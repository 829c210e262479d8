#pragma once
/// The model before and after hardening, each audited by the default plan, and both side by side on one page.

#include <filesystem>
#include <memory>
#include <string>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "model/classifier.h"

namespace bartizan::engine {

/// What is audited, and on what.
struct AuditedModel {
    std::filesystem::path path;
    std::shared_ptr<const model::Classifier> classifier;
    data::Info info;  ///< class names included
    const data::Batch* batch;
    double eps = 0;  ///< linf reference radius
    std::string command;
};

/// Writes `folder`/before, `folder`/after (reports of audits) and `folder`/comparison.html. Fails as audits and files
/// do.
Result<void> write_hardening_report(const std::filesystem::path& folder, const AuditedModel& before,
                                    const AuditedModel& after, RunContext& ctx);

}  // namespace bartizan::engine
