#pragma once
/// The middle of a tokenizer: one word (or text) becomes ids of a vocabulary. Internal to `text`: callers use
/// tokenizer.h.
/// Thread rule: immutable once made.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::text {

inline constexpr std::size_t kMostPieces = 2'000'000;
inline constexpr std::size_t kMostPieceBytes = 4096;

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// Pieces by id and back. Ids may have gaps.
class Vocabulary {
public:
    /// Fails with `invalid_input` on an id that is taken, negative or beyond `kMostPieces`, `exhausted` on a long piece.
    Result<void> add(std::string piece, std::int64_t id);
    std::optional<std::int64_t> id(std::string_view piece) const;
    /// Empty where there is none.
    const std::string& piece(std::int64_t id) const;
    /// The largest id and one.
    std::int64_t size() const { return static_cast<std::int64_t>(pieces_.size()); }
    std::size_t longest_bytes() const { return longest_; }

private:
    std::unordered_map<std::string, std::int64_t, TextHash, std::equal_to<>> ids_;
    std::vector<std::string> pieces_;
    std::size_t longest_ = 0;
};

class PieceModel {
public:
    virtual ~PieceModel() = default;
    /// Appends the ids of `word` (UTF-8). What the vocabulary lacks becomes the unknown token, or nothing without one.
    virtual void encode(std::string_view word, std::vector<std::int64_t>& out) const = 0;
};

struct WordPieceOptions {
    std::int64_t unknown = 0;
    std::string prefix = "##";
    std::size_t longest_word = 100;  ///< in code points; longer ones are unknown
};
/// Greedy, longest piece first (Wu et al. 2016 as BERT has it): a word with a part that no piece covers is unknown whole.
std::unique_ptr<PieceModel> make_word_piece(std::shared_ptr<const Vocabulary> vocabulary, WordPieceOptions options);

/// Whole words alone.
std::unique_ptr<PieceModel> make_word_level(std::shared_ptr<const Vocabulary> vocabulary, std::int64_t unknown);

struct BpeOptions {
    std::optional<std::int64_t> unknown;
    std::string continuing_prefix;  ///< of every character but the first
    std::string end_suffix;         ///< of the last
    bool fuse_unknown = false;
    bool byte_fallback = false;     ///< <0xNN> for what is unknown
    bool ignore_merges = false;     ///< a word that is a piece is that piece
};
/// Merges of two pieces in the order of their rank (Sennrich et al. 2016). Fails with `invalid_input` naming the merge
/// whose parts or whole the vocabulary lacks.
Result<std::unique_ptr<PieceModel>> make_bpe(std::shared_ptr<const Vocabulary> vocabulary,
                                             const std::vector<std::pair<std::string, std::string>>& merges,
                                             BpeOptions options);
/// The same without a list: any two neighbours whose whole is a piece, the highest score first (SentencePiece).
std::unique_ptr<PieceModel> make_scored_bpe(std::shared_ptr<const Vocabulary> vocabulary, std::vector<float> scores,
                                            BpeOptions options);

struct UnigramOptions {
    std::int64_t unknown = 0;
    bool byte_fallback = false;
    std::vector<std::uint8_t> unusable = {};  ///< by id: control pieces, which text never becomes; empty: none
};
/// The segmentation of the highest summed score (Kudo 2018, equation 3) by Viterbi; a character that no piece covers
/// costs 10 below the lowest score, and neighbours of the kind become one unknown token.
std::unique_ptr<PieceModel> make_unigram(std::shared_ptr<const Vocabulary> vocabulary, std::vector<double> scores,
                                         UnigramOptions options);

/// Bytes of the UTF-8 sequence that `lead` begins (1 to 4; valid text is taken for granted).
std::size_t code_bytes(char lead);

}  // namespace bartizan::text
