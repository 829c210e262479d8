#pragma once
/// What the detectors of poison found, as issues of `data check` and as JSON. Classes first, then single items.
/// Thread rule: pure functions.

#include <string>
#include <vector>

#include "core/json.h"
#include "data/dataset.h"
#include "defences/poison_check.h"
#include "quality/check.h"

namespace bartizan::engine {

/// "poison" for each class that is suspicious, its suspects loudest first; "poison_doubt" for single items elsewhere;
/// "poison_cluster" for classes in two groups, to look at. `ids`: positions of the rows in the file.
std::vector<quality::Issue> poison_issues(const defences::PoisonReport& report, const std::vector<std::int64_t>& ids,
                                          const std::vector<std::string>& class_names);

/// What could not be told, and why: "poison" as a whole where there is no verdict.
std::vector<quality::Skipped> poison_not_applicable(const defences::PoisonReport& report);

Json poison_json(const defences::PoisonReport& report, const std::vector<std::int64_t>& ids,
                 const std::vector<std::string>& class_names);

}  // namespace bartizan::engine
