#pragma once
/// An incident as a STIX 2.1 bundle (OASIS Standard, 10 June 2021), to share with others: the incident with states and
/// times in an extension of ours, its timeline as notes, indicators, attack patterns with their ATLAS ids, the courses
/// of action that were taken, and who may read it (FIRST TLP 2.0 with the OASIS extension for it).
///
/// No personal data by default: who was seen is called "principal-1", who acted "responder-1", and what people typed
/// (titles, notes, cause, lessons) is left out. Pure.

#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "core/json.h"

namespace bartizan::documents {

struct StixOptions {
    std::string tlp = "amber";  ///< "clear", "green", "amber", "amber+strict", "red"
    bool names = false;         ///< principals and responders as they are called here
    bool text = false;          ///< what people typed, names replaced unless `names`
    std::string organisation = {};
    std::string log = {};  ///< the ledger's name: identifiers follow from it
    std::int64_t now = 0;  ///< seconds since 1970
    /// SHA-256 of versions by name: they become indicators where the artefact itself is the threat.
    std::vector<std::pair<std::string, std::string>> digests = {};
};

/// `report` is what `incident::report_of` gives. Fails with `invalid_input` for a TLP label that is none.
Result<Json> stix_bundle(const Json& report, const StixOptions& options);

}  // namespace bartizan::documents
