#pragma once
/// What the detectors of poisoned training data found, as a finding with pictures.
/// Thread rule: pure functions.

#include <string>

#include "bartizan/finding.h"
#include "bartizan/result.h"
#include "data/dataset.h"
#include "defences/poison_check.h"

namespace bartizan::audit {

/// Critical where a class of the training data is suspicious, medium where there is no verdict, else info. `training` is
/// what was checked, `pictures` how many suspects are shown of each class.
Result<Finding> poison_finding(const std::string& asset, const data::Info& info, const data::Batch& training,
                               const defences::PoisonReport& report, std::int64_t pictures);

}  // namespace bartizan::audit
