#pragma once
/// The scenarios of a drill as data: what the adversary does, what counts as seen, which playbook answers, and how much
/// he may spend. Help, documents and pages are made from it. Constants.

#include <cstdint>
#include <span>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::drill {

struct Scenario {
    std::string_view name;  ///< "extraction"; never renamed once released
    std::string_view title;
    std::string_view adversary;  ///< what he does, in one sentence
    std::string_view seen_by;    ///< detectors whose alert on him counts, with | between; empty: none watches for it
    std::string_view threat;     ///< of the incident
    std::string_view playbook;
    std::string_view atlas;    ///< MITRE ATLAS technique; empty: none
    std::int64_t queries = 0;  ///< rows that he may ask; 0: it is not about queries
    double seconds = 60;       ///< of his attack
    bool asks_only = false;    ///< changes nothing on the server: may be aimed at the model itself
};

/// In the order in which a drill goes through them.
std::span<const Scenario> scenarios();
/// Fails with `invalid_input`, naming those that there are.
Result<const Scenario*> find_scenario(std::string_view name);

}  // namespace bartizan::drill
