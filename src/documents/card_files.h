#pragma once
/// Cards as files: Markdown with the front matter of the Hugging Face hub, JSON, an HTML page, Croissant for data sets.
/// What people wrote in an earlier file (Markdown or JSON) goes into every form. Pure.

#include <string>
#include <vector>

#include "documents/card.h"
#include "documents/marked.h"

namespace bartizan::documents {

struct CardRequest {
    Audience audience = Audience::internal;
    std::string form = "markdown";  ///< "json", "html", "croissant"
    std::string existing = {};      ///< an earlier card, Markdown or JSON; empty: none
    bool overwrite = false;         ///< generated parts that a hand has changed, too
};

struct CardMade {
    std::string document;
    std::vector<std::string> edited;      ///< generated parts that a hand had changed, and that were replaced
    std::vector<std::string> unwritten;   ///< what still waits for somebody
    std::vector<std::string> left_alone;  ///< parts that this program no longer writes
    std::vector<std::string> missing;     ///< properties that Croissant asks for and nobody told
};
Json to_json(const CardMade& made);

/// Fails with `conflict` naming generated parts that a hand has changed, unless `overwrite`; `invalid_input` for a form
/// that is none, an earlier card that cannot be read or is of another asset.
Result<CardMade> make_card(const Facts& facts, const CardRequest& request);

/// What a card says it is about.
struct CardHead {
    std::string asset;
    std::int64_t number = 0;
    Audience audience = Audience::internal;
};
Result<CardHead> head_of(const std::string& document);

struct CardChecked {
    std::string state;  ///< "current"; "stale": version or evidence changed since; "edited": a hand is in it
    std::vector<std::string> reasons, edited, unwritten;
};
Json to_json(const CardChecked& checked);
/// `facts` of the version that `head_of` names.
Result<CardChecked> check_card(const Facts& facts, const std::string& document);

}  // namespace bartizan::documents
