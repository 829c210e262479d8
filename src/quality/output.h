#pragma once
/// A report of `check` as people and as programs read it. Thread rule: pure functions.

#include <optional>
#include <string>

#include "core/json.h"
#include "quality/check.h"
#include "quality/quarantine.h"

namespace bartizan::quality {

/// Adds data, items, classes, summary, issues, not_applicable (and quarantine) to `document`.
void add_to(Json& document, const CheckReport& report, const std::optional<Parted>& parted);

/// `printable` makes names from outside safe for a terminal.
std::string to_text(const CheckReport& report, const std::optional<Parted>& parted,
                    std::string (*printable)(std::string_view));

/// The gravest of the issues; nothing if there are none.
std::optional<Severity> gravest(const CheckReport& report);

}  // namespace bartizan::quality
