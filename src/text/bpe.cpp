/// Byte-pair encoding: symbols in a linked list, candidate merges in a queue. O(n log n) for a word of n characters.
#include <algorithm>
#include <array>
#include <queue>

#include <fmt/format.h>

#include "text/pieces.h"

namespace bartizan::text {
namespace {

struct Merge {
    double rank;  ///< the lowest goes first
    std::int64_t whole;
};

std::uint64_t key_of(std::int64_t left, std::int64_t right) {
    return (static_cast<std::uint64_t>(left) << 32U) | static_cast<std::uint64_t>(right);
}

/// What two neighbours become, if anything. A symbol without an id (not in the vocabulary) never merges.
class Rules {
public:
    virtual ~Rules() = default;
    virtual std::optional<Merge> find(std::int64_t left, std::int64_t right) const = 0;
};

class RankedRules final : public Rules {
public:
    std::optional<Merge> find(std::int64_t left, std::int64_t right) const override {
        const auto found = table.find(key_of(left, right));
        return found == table.end() ? std::nullopt : std::optional(found->second);
    }
    std::unordered_map<std::uint64_t, Merge> table;
};

class ScoredRules final : public Rules {
public:
    ScoredRules(std::shared_ptr<const Vocabulary> vocabulary, std::vector<float> scores)
        : vocabulary_(std::move(vocabulary)), scores_(std::move(scores)) {}
    std::optional<Merge> find(std::int64_t left, std::int64_t right) const override {
        const std::string& a = vocabulary_->piece(left);
        const std::string& b = vocabulary_->piece(right);
        if (a.size() + b.size() > vocabulary_->longest_bytes()) return std::nullopt;
        const auto whole = vocabulary_->id(a + b);
        if (!whole || static_cast<std::size_t>(*whole) >= scores_.size()) return std::nullopt;
        return Merge{-static_cast<double>(scores_[static_cast<std::size_t>(*whole)]), *whole};
    }

private:
    std::shared_ptr<const Vocabulary> vocabulary_;
    std::vector<float> scores_;
};

struct Symbol {
    std::int64_t id;  ///< -1: not in the vocabulary
    std::string_view text;
    std::int32_t before, after;  ///< -1: none
    bool gone = false;
};

struct Candidate {
    double rank;
    std::int32_t left;
    std::int64_t whole, left_id, right_id;
    bool operator>(const Candidate& other) const {
        return rank != other.rank ? rank > other.rank : left > other.left;
    }
};

class Bpe final : public PieceModel {
public:
    Bpe(std::shared_ptr<const Vocabulary> vocabulary, std::unique_ptr<const Rules> rules, BpeOptions options)
        : vocabulary_(std::move(vocabulary)), rules_(std::move(rules)), options_(std::move(options)) {
        for (std::size_t byte = 0; byte < bytes_.size(); ++byte)
            bytes_[byte] = vocabulary_->id(fmt::format("<0x{:02X}>", byte)).value_or(-1);
        has_bytes_ = std::ranges::all_of(bytes_, [](std::int64_t id) { return id >= 0; });
    }

    void encode(std::string_view word, std::vector<std::int64_t>& out) const override {
        if (word.empty()) return;
        if (options_.ignore_merges)
            if (const auto whole = vocabulary_->id(word)) return out.push_back(*whole);
        std::vector<Symbol> symbols = characters(word);
        merge(symbols);
        bool unknown_before = false;
        for (std::int32_t at = 0; at >= 0; at = symbols[static_cast<std::size_t>(at)].after) {
            const Symbol& symbol = symbols[static_cast<std::size_t>(at)];
            if (symbol.id >= 0)
                out.push_back(symbol.id);
            else
                append_unknown(symbol.text, unknown_before, out);
            unknown_before = symbol.id < 0;
        }
    }

private:
    std::vector<Symbol> characters(std::string_view word) const {
        std::vector<Symbol> symbols;
        for (std::size_t at = 0; at < word.size();) {
            const std::size_t length = std::min(code_bytes(word[at]), word.size() - at);
            const std::string_view text = word.substr(at, length);
            at += length;
            std::string piece = symbols.empty() ? "" : options_.continuing_prefix;
            piece += text;
            if (at == word.size()) piece += options_.end_suffix;
            const auto index = static_cast<std::int32_t>(symbols.size());
            symbols.push_back({vocabulary_->id(piece).value_or(-1), text, index - 1, at < word.size() ? index + 1 : -1});
        }
        return symbols;
    }

    void merge(std::vector<Symbol>& symbols) const {
        std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
        const auto offer = [&](std::int32_t left) {
            if (left < 0) return;
            const Symbol& a = symbols[static_cast<std::size_t>(left)];
            if (a.after < 0 || a.id < 0) return;
            const Symbol& b = symbols[static_cast<std::size_t>(a.after)];
            if (b.id < 0) return;
            if (const auto merge = rules_->find(a.id, b.id)) queue.push({merge->rank, left, merge->whole, a.id, b.id});
        };
        for (std::int32_t at = 0; at < static_cast<std::int32_t>(symbols.size()); ++at) offer(at);
        while (!queue.empty()) {
            const Candidate best = queue.top();
            queue.pop();
            Symbol& left = symbols[static_cast<std::size_t>(best.left)];
            if (left.gone || left.id != best.left_id || left.after < 0) continue;
            Symbol& right = symbols[static_cast<std::size_t>(left.after)];
            if (right.id != best.right_id) continue;
            left.id = best.whole;
            left.after = right.after;
            right.gone = true;
            if (right.after >= 0) symbols[static_cast<std::size_t>(right.after)].before = best.left;
            offer(left.before);
            offer(best.left);
        }
    }

    void append_unknown(std::string_view text, bool unknown_before, std::vector<std::int64_t>& out) const {
        if (options_.byte_fallback && has_bytes_) {
            for (const char byte : text) out.push_back(bytes_[static_cast<unsigned char>(byte)]);
        } else if (options_.unknown && !(options_.fuse_unknown && unknown_before)) {
            out.push_back(*options_.unknown);
        }
    }

    std::shared_ptr<const Vocabulary> vocabulary_;
    std::unique_ptr<const Rules> rules_;
    BpeOptions options_;
    std::array<std::int64_t, 256> bytes_{};
    bool has_bytes_ = false;
};

}  // namespace

Result<std::unique_ptr<PieceModel>> make_bpe(std::shared_ptr<const Vocabulary> vocabulary,
                                             const std::vector<std::pair<std::string, std::string>>& merges,
                                             BpeOptions options) {
    auto rules = std::make_unique<RankedRules>();
    for (std::size_t rank = 0; rank < merges.size(); ++rank) {
        const auto& [left, right] = merges[rank];
        std::string whole = left;
        const std::size_t cut = right.starts_with(options.continuing_prefix) ? options.continuing_prefix.size() : 0;
        whole += right.substr(cut);
        const auto a = vocabulary->id(left), b = vocabulary->id(right), both = vocabulary->id(whole);
        if (!a || !b || !both)
            return invalid_input(fmt::format("merge {} joins or makes a token that the vocabulary lacks", rank));
        rules->table.try_emplace(key_of(*a, *b), Merge{static_cast<double>(rank), *both});
    }
    return std::unique_ptr<PieceModel>(
        std::make_unique<Bpe>(std::move(vocabulary), std::move(rules), std::move(options)));
}

std::unique_ptr<PieceModel> make_scored_bpe(std::shared_ptr<const Vocabulary> vocabulary, std::vector<float> scores,
                                            BpeOptions options) {
    auto rules = std::make_unique<ScoredRules>(vocabulary, std::move(scores));
    return std::make_unique<Bpe>(std::move(vocabulary), std::move(rules), std::move(options));
}

}  // namespace bartizan::text
