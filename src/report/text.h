#pragma once
/// The audit for a terminal: verdict, score, probes, findings gravest first with their key number, and where the
/// files are. Text from outside is cleaned of control characters, so it cannot move the cursor or forge a line.
/// Thread rule: pure function. Cannot fail.

#include <cstddef>
#include <string>
#include <vector>

#include "bartizan/finding.h"

namespace bartizan::report {

enum class Colour { never, always };

struct TextOptions {
    Colour colour = Colour::never;
    std::size_t width = 100;         ///< long sentences are wrapped at this column; at least 40
    std::vector<std::string> files;  ///< paths of what was written
};

std::string report_text(const Report& report, const TextOptions& options = {});

}  // namespace bartizan::report
