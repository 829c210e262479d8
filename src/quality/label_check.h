#pragma once
/// Labels that are probably wrong, and items between two classes: by given probabilities, or by those of a small
/// network. Thread rule: uses the threads of its context.

#include <string>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "quality/issue.h"
#include "quality/subject.h"

namespace bartizan::quality {

struct LabelVerdict {
    std::vector<Issue> issues;  ///< "label_error", "ambiguous"
    std::string reason;         ///< why it could not be told; empty: it was
    double accuracy = -1;       ///< of the small network on what it did not see; -1: none was trained
};

/// `features` as features_of gives them. `probabilities`: an .npz whose array `pred_probs` has a row for each item of
/// the file and a column for each class; empty: a small network is trained. Fails when that file does not fit.
Result<LabelVerdict> check_labels(const Subject& subject, Matrix features, const std::string& probabilities,
                                  const RunContext& run);

}  // namespace bartizan::quality
