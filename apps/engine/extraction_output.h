#pragma once
/// What `extract` found, as JSON (docs/schema/extract.schema.json) and as text.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "extraction/curve.h"
#include "policy/output_policy.h"

namespace bartizan::engine {

/// The attack, carried out once.
struct Carried {
    extraction::Run run;
    std::int64_t asked = 0, measured = 0;
};

/// The attack through an output policy, and what the policy costs.
struct PolicyRow {
    policy::OutputPolicy policy;
    extraction::Point point;  ///< of the attacker's copy
    extraction::UserCost cost;
    std::string refused;  ///< why the attack does not work through it
};

struct ExtractionOutcome {
    std::string_view attack;  ///< a name of the catalogue
    std::int64_t classes = 0, queries_allowed = 0, pool = 0, samples = 0;
    double eps = 0;                      ///< of the transfer; 0: not measured
    extraction::Share accuracy;          ///< of the victim; none: no labels
    std::vector<Carried> runs;           ///< one for each seed
    std::vector<std::uint64_t> seeds;
    std::vector<extraction::Point> curve;  ///< means over the runs
    std::vector<PolicyRow> policies;
    std::optional<std::int64_t> suggested_budget;
    std::string_view severity;
    std::string out;                     ///< where the copy was written; empty: nowhere
    std::vector<std::string> notes;
    bool complete = true;
};

/// Puts the fields behind those that are in `json`.
void fill_extraction_json(Json& json, const ExtractionOutcome& outcome);
std::string extraction_text(const ExtractionOutcome& outcome);

}  // namespace bartizan::engine
