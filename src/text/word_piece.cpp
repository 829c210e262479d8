/// WordPiece and WordLevel: whole words, or the longest pieces from the left.
#include <algorithm>

#include "text/pieces.h"

namespace bartizan::text {
namespace {

class WordPiece final : public PieceModel {
public:
    WordPiece(std::shared_ptr<const Vocabulary> vocabulary, WordPieceOptions options)
        : vocabulary_(std::move(vocabulary)), options_(std::move(options)) {}

    void encode(std::string_view word, std::vector<std::int64_t>& out) const override {
        const auto count = static_cast<std::size_t>(
            std::ranges::count_if(word, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
        const std::size_t begin = out.size();
        if (count > options_.longest_word || !cut(word, out)) {
            out.resize(begin);
            out.push_back(options_.unknown);
        }
    }

private:
    bool cut(std::string_view word, std::vector<std::int64_t>& out) const {
        std::string candidate;
        for (std::size_t at = 0; at < word.size();) {
            std::size_t end = word.size();
            std::optional<std::int64_t> found;
            for (; end > at; --end) {
                if (end < word.size() && (static_cast<unsigned char>(word[end]) & 0xc0U) == 0x80U) continue;
                candidate = at > 0 ? options_.prefix : "";
                candidate += word.substr(at, end - at);
                if ((found = vocabulary_->id(candidate))) break;
            }
            if (!found) return false;
            out.push_back(*found);
            at = end;
        }
        return true;
    }

    std::shared_ptr<const Vocabulary> vocabulary_;
    WordPieceOptions options_;
};

class WordLevel final : public PieceModel {
public:
    WordLevel(std::shared_ptr<const Vocabulary> vocabulary, std::int64_t unknown)
        : vocabulary_(std::move(vocabulary)), unknown_(unknown) {}
    void encode(std::string_view word, std::vector<std::int64_t>& out) const override {
        out.push_back(vocabulary_->id(word).value_or(unknown_));
    }

private:
    std::shared_ptr<const Vocabulary> vocabulary_;
    std::int64_t unknown_;
};

}  // namespace

std::unique_ptr<PieceModel> make_word_piece(std::shared_ptr<const Vocabulary> vocabulary, WordPieceOptions options) {
    return std::make_unique<WordPiece>(std::move(vocabulary), std::move(options));
}

std::unique_ptr<PieceModel> make_word_level(std::shared_ptr<const Vocabulary> vocabulary, std::int64_t unknown) {
    return std::make_unique<WordLevel>(std::move(vocabulary), unknown);
}

}  // namespace bartizan::text
