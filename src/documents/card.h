#pragma once
/// What a model card (Mitchell et al. 2019) or a data sheet (Gebru et al. 2021) says that is known, and what is asked
/// of people. Every number stands with the evidence that it comes from.
///
/// The public variant says less, as MITRE ATLAS asks: AML.M0000 (limit public release of information) and AML.M0001
/// (limit model artifact release). Left out are files, lineage, people, tools and their parameters, incidents, single
/// requirements, and numbers of attacks that succeeded; that they failed is said. Pure.

#include <string>
#include <utility>
#include <vector>

#include "documents/facts.h"
#include "documents/sections.h"

namespace bartizan::documents {

enum class Audience : std::uint8_t { internal, published };
std::string_view to_string(Audience audience);  ///< "internal", "public"
Result<Audience> audience_from(std::string_view word);

/// A part of the card: what is known, or what somebody must write.
struct CardPart {
    bool written = false;
    Section section = {};
    std::string prompt = {};  ///< of a written part
};

std::vector<CardPart> card_parts(const Facts& facts, Audience audience);
/// "pass", "fail, expired", "disputed".
std::string result_word(const Facts& facts, const governance::Evidence& evidence);
/// Is its number kept back from the public: an attack that succeeded?
bool withheld(const Facts& facts, const governance::Evidence& evidence, Audience audience);
/// "0.412 (0.381 to 0.443), n = 1000 [ev-...]"; empty: there is no such evidence, or no number that may be told.
std::string cited_number(const Facts& facts, const std::string& check, Audience audience);
/// "Model card", "Data sheet".
std::string card_title(const Facts& facts);

}  // namespace bartizan::documents
