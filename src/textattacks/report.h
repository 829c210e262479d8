#pragma once
/// What a run of a text attack says, as JSON fields, as text and as rows.
/// Thread rule: pure functions.

#include <string>
#include <vector>

#include "core/json.h"
#include "textattacks/attack.h"

namespace bartizan::textattacks {

/// Adds the fields of `bartizan.attack/1` (docs/schema/attack.schema.json) to a document; perturbations are counted in
/// edits. `budget`: the most edits that the attack may make; 0: as many as there are words.
void add_to(Json& document, const TextRun& run, std::int64_t budget);
/// The same for people. `head`: the first line.
std::string as_text(const TextRun& run, const std::string& head);
/// One line of JSON a text: id, label, text, adversarial, visible, success, edits, queries.
std::string as_lines(const TextRun& run);

}  // namespace bartizan::textattacks
