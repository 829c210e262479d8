#pragma once
/// What a trojan scan found, as a finding with pictures: used by the command `backdoor` and the probe of that name.
/// Thread rule: pure functions.

#include <string>
#include <vector>

#include "bartizan/finding.h"
#include "bartizan/result.h"
#include "data/dataset.h"
#include "defences/trojan_scan.h"

namespace bartizan::audit {

/// critical for trojaned, medium for suspect, info for clean.
Severity severity_of(defences::Verdict verdict);

/// The clean rows that the scan works on: a seeded sample, with the model's own answers as labels where the data has
/// none. `batch` holds rows in [0, 1].
Result<data::Batch> rows_for_scan(const model::Classifier& classifier, const data::Batch& batch, std::int64_t most,
                                  RunContext& ctx);

/// `clean` may be null: then there is no trigger and there are no pictures.
Result<Finding> trojan_finding(const std::string& model_path, const data::Info& info, const data::Batch* clean,
                               const defences::TrojanReport& report);

}  // namespace bartizan::audit
