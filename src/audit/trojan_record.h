#pragma once
/// What a trojan scan measured of a model, kept for later: a clean model's result file stands for the model as a
/// reference, so that it need not be measured again. The file says how it was measured, since statistics compare only
/// with those made on the same items in the same way.
/// Thread rule: pure functions.

#include <cstdint>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "core/json.h"
#include "data/dataset.h"
#include "defences/trojan_scan.h"

namespace bartizan::audit {

/// Names items (null: none), options and seed: lower-case hexadecimal, 64 digits.
std::string trojan_settings(const data::Batch* clean, const defences::TrojanOptions& options, std::uint64_t seed);

/// The field `measurements` of a result.
Json measurements_json(const defences::ClassStatistics& statistics, const std::string& settings);

/// Reads it back from the text of a result. Fails with `invalid_input` on text that is no result of a scan, on lists of
/// unlike or excessive length or with other than finite numbers in their ranges, and on one that was measured in
/// another way than `settings` names.
Result<defences::ClassStatistics> measurements_from(std::string_view text, const std::string& settings);

}  // namespace bartizan::audit
