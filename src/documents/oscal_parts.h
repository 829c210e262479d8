#pragma once
/// The pieces that the OSCAL documents of an asset share. Each refers to the facts that it was made with. Pure.

#include <string>
#include <string_view>

#include "core/json.h"
#include "documents/facts.h"

namespace bartizan::documents::oscal {

/// "nist-ai-rmf-1.0_measure-2.7": an OSCAL token of a requirement.
std::string token_of(std::string_view text);
Json property(std::string_view name, std::string_view value);
Json metadata(const Facts& facts, const std::string& title);
Json tool_component(const Facts& facts);
Json subject_component(const Facts& facts);
std::string tool_uuid(const Facts& facts);
std::string subject_uuid(const Facts& facts);

/// One for each piece of evidence; empty: there is none.
Json observations(const Facts& facts);
std::string observation_uuid(const Facts& facts, const std::string& evidence);

/// A check that is not shown to hold, and what hangs on it.
struct Trouble {
    std::string check, title;
    governance::State state = governance::State::unknown;
    const governance::Evidence* evidence = nullptr;  ///< null: there is none
    std::vector<std::size_t> asked;                  ///< of `facts.standing.asked` that must have it
};
/// The worst first.
std::vector<Trouble> troubles(const Facts& facts);
std::string risk_uuid(const Facts& facts, const Trouble& trouble);
Json risk(const Facts& facts, const Trouble& trouble);

/// Adds a list, unless it is empty: OSCAL wants no empty ones.
void add_list(Json& object, const char* name, Json list);
std::string stamp(std::int64_t seconds);

}  // namespace bartizan::documents::oscal
