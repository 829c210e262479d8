#pragma once
/// Text to the token ids that a model takes. Read from `tokenizer.json` (the format of Hugging Face tokenizers),
/// `vocab.txt` (BERT) or a SentencePiece `.model`. What a file asks for and this cannot do is refused by name: a
/// tokenizer that is nearly right gives a model wrong input.
/// Files are hostile: sizes are bounded, every index is checked. Thread rule: immutable; shared copies are cheap.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::text {

inline constexpr std::size_t kMostTokenizerBytes = std::size_t{64} << 20;

class Tokenizer {
public:
    /// By content: JSON, SentencePiece, else lines of a vocabulary. Fails with `not_found`, `invalid_input`,
    /// `unsupported` (naming the step), `exhausted`.
    static Result<Tokenizer> open(const std::filesystem::path& path);
    static Result<Tokenizer> from_json(std::string_view json);
    /// BERT's: one piece a line, with [UNK], [CLS] and [SEP] among them. `lower`: BERT "uncased".
    static Result<Tokenizer> from_vocabulary(std::string_view lines, bool lower = true);
    static Result<Tokenizer> from_sentencepiece(std::string_view bytes);

    /// The ids of a text; `special`: with what the model wants around it ([CLS] ... [SEP]). Fails with `invalid_input`
    /// on what is not UTF-8, `exhausted` beyond `kMostTextBytes`.
    Result<std::vector<std::int64_t>> encode(std::string_view text, bool special = true) const;
    /// The text of ids, special ones left out, unknown ids too.
    std::string decode(std::span<const std::int64_t> ids) const;

    std::string token(std::int64_t id) const;  ///< empty: none
    std::optional<std::int64_t> id(std::string_view token) const;
    /// The largest id and one.
    std::int64_t size() const;
    /// What fills a text up to a length: the file's padding token, [PAD], <pad>; else nothing.
    std::optional<std::int64_t> padding() const;
    /// How many ids `special` adds.
    std::size_t added() const;
    /// "WordPiece", "BPE", "Unigram", "WordLevel".
    const std::string& kind() const;

    struct Parts;
    explicit Tokenizer(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

private:
    std::shared_ptr<const Parts> parts_;
};

/// Learns a byte-level BPE vocabulary of `size` tokens (at least 260) from texts and gives it as `tokenizer.json`:
/// <pad> 0, <unk> 1, 256 bytes, then merges, the most frequent pair first, ties by the pair's text. `lower`: texts are
/// made lower-case first, here and by the tokenizer. Fails with `invalid_input` on texts that are not UTF-8.
Result<std::string> train_byte_bpe(std::span<const std::string> texts, std::int64_t size, bool lower);

}  // namespace bartizan::text
