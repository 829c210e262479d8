#pragma once
/// All checks of a data set in their order. What a check needs and does not find is told as not applicable, with the
/// reason: nothing is passed over in silence.
/// Thread rule: `check` uses the threads of its context.

#include <cstdint>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "quality/issue.h"
#include "quality/subject.h"

namespace bartizan::quality {

struct CheckOptions {
    data::OpenOptions open;
    std::vector<std::string> others;  ///< other splits
    std::string against;              ///< an earlier version; empty: none
    std::string probabilities;        ///< .npz; empty: from a small model
    std::vector<std::string> groups;
    std::string group_file;
};

struct CheckReport {
    data::Info info;
    std::int64_t items = 0;
    std::int64_t classes = 0;
    std::vector<std::string> class_names;
    std::vector<Issue> issues;  ///< gravest first
    std::vector<Skipped> skipped;
    std::vector<std::string> ran;        ///< the checks that ran
    double model_accuracy = -1;          ///< of the small model on what it did not see; -1: none was trained
    std::vector<std::int64_t> suspects;  ///< items named by an issue whose items are suspect, rising
};

/// Fails with `not_found`, `invalid_input`, `exhausted` where the data cannot be read, `cancelled`.
Result<CheckReport> check(const std::string& spec, const CheckOptions& options, const RunContext& run);

}  // namespace bartizan::quality
