#pragma once
/// The order in which text with bidirectional overrides is shown. Internal to `text`.

#include <string>

namespace bartizan::text {

/// Stretches under an override (U+202D, U+202E and what is nested in them) in the order shown in a left-to-right
/// paragraph: rules X1 to X8 and L2 of Unicode Standard Annex 9, strong letters taken as the override or their script
/// says, neutrals as their embedding. Outside overrides the logical order stays. All controls are dropped.
std::u32string resolve_overrides(const std::u32string& codes);

}  // namespace bartizan::text
