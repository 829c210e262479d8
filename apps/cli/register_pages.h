#pragma once
/// What a server shows of its registers, as pages that load nothing. All text is escaped. Pure but for `show_page`.

#include <string>

#include "bartizan/result.h"
#include "cli/command.h"
#include "core/json.h"

namespace bartizan::program {

/// The answer of GET /v1/risks: a heat map of likelihood and impact, then the risks, the worst first.
std::string risks_page(const Json& answer);

/// The answer of GET /v1/vendor-comparison: question by question, one column for each vendor.
std::string vendors_page(const Json& answer);

/// Into the file that --out names, or onto standard output.
Result<int> show_page(const cli::Invocation& invocation, const std::string& page);

}  // namespace bartizan::program
