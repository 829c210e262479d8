#pragma once
/// The forms of a card beside its Markdown: front matter, page, Croissant. Pure.

#include <map>
#include <string>
#include <vector>

#include "documents/card.h"
#include "documents/marked.h"

namespace bartizan::documents {

/// What people wrote, by the name of the part; what nobody wrote is not in it.
using Written = std::map<std::string, std::string>;

/// The YAML on top, as the Hugging Face hub reads it: what people say (licence, language), and `model-index` with the
/// numbers, each named with its evidence.
std::vector<FreshPart> front_parts(const Facts& facts, Audience audience);

/// One self-contained page; everything in it is escaped.
std::string card_page(const Facts& facts, const std::vector<CardPart>& parts, const Written& written,
                      Audience audience);

/// MLCommons Croissant 1.0 with its RAI vocabulary 1.0. `missing`: properties that it asks for and nobody told.
/// Fails with `invalid_input` for a model.
Result<Json> croissant_of(const Facts& facts, const Written& written, Audience audience,
                          std::vector<std::string>& missing);

}  // namespace bartizan::documents
