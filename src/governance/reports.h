#pragma once
/// Evidence out of the documents that this program's commands print: which check each is about, and what it showed.
/// Documents come from outside: what is missing or of another type makes the evidence inconclusive or is an error, and
/// never a pass. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "governance/evidence.h"

namespace bartizan::governance {

inline constexpr std::size_t kLargestReport = std::size_t{64} << 20;

/// What the sender says the document is about.
struct About {
    std::string subject;  ///< "model:fashion@3", "file:model.onnx"; may be empty where the document tells
    std::string digest;   ///< SHA-256 of its bytes; may be empty where the document tells
};

/// Fails with `invalid_input`: it is none of the documents below, or it names another digest than `about` does.
/// audit, scan, verify, backdoor, privacy, extract, explain, data-check, data-verify, drill, ledger, CycloneDX.
Result<std::vector<Evidence>> evidence_in(std::string_view document, const About& about);

}  // namespace bartizan::governance
