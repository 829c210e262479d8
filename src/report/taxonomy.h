#pragma once
/// The outside schemes that findings are mapped to, each with the release that its ids are taken from, and the
/// titles of the entries in use. Ids are stable only within a release (OWASP and ATLAS renumber), so the release
/// goes wherever an id goes. A mapping says "this finding is relevant to", never "satisfies".
/// Thread rule: constants.

#include <span>
#include <string_view>

namespace bartizan::report {

struct Taxon {
    std::string_view id;     ///< "AML.T0015"
    std::string_view title;  ///< "Evade AI Model"
};

struct Taxonomy {
    std::string_view scheme;        ///< "MITRE ATLAS"
    std::string_view version;       ///< "5.6.0"
    std::string_view organization;  ///< who publishes it
    std::string_view url;
    std::span<const Taxon> taxa;
};

std::span<const Taxonomy> taxonomies();
/// Nothing for a scheme that is not in the table.
const Taxonomy* find_taxonomy(std::string_view scheme);
/// The title of an entry, "" when the table lacks it.
std::string_view taxon_title(std::string_view scheme, std::string_view id);

}  // namespace bartizan::report
