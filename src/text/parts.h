#pragma once
/// What a tokenizer is made of. Internal to `text`. Thread rule: immutable once made.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/pieces.h"
#include "text/steps.h"
#include "text/tokenizer.h"

namespace bartizan::text {

/// A token that is found in the text as it stands, before any model sees it.
struct AddedToken {
    std::int64_t id = 0;
    std::u32string content;
    bool special = false, normalized = false, single_word = false, strip_left = false, strip_right = false;
    bool in_text = true;  ///< false: never found in text, only left out of it when decoding
};

struct Tokenizer::Parts {
    std::string kind;
    std::shared_ptr<Vocabulary> vocabulary = std::make_shared<Vocabulary>();
    std::vector<Normalize> normalizers;
    std::vector<Split> splits;
    std::unique_ptr<PieceModel> model;
    std::vector<Decode> decoders;  ///< empty: joined by blanks
    std::vector<AddedToken> added;
    std::vector<std::int64_t> before, after;  ///< special ids around the text
    std::optional<std::int64_t> padding;
};

/// The id of a token that has to be there.
inline Result<std::int64_t> needed_id(const Vocabulary& vocabulary, std::string_view token) {
    if (const auto id = vocabulary.id(token)) return *id;
    return invalid_input("the vocabulary lacks '" + std::string(token.substr(0, 40)) + "'");
}

}  // namespace bartizan::text
