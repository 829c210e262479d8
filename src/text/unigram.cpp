/// The unigram language model: the best segmentation by dynamic programming.
#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "text/pieces.h"

namespace bartizan::text {
namespace {

constexpr double kUnknownPenalty = 10;

class Unigram final : public PieceModel {
public:
    Unigram(std::shared_ptr<const Vocabulary> vocabulary, std::vector<double> scores, UnigramOptions options)
        : vocabulary_(std::move(vocabulary)), scores_(std::move(scores)), options_(std::move(options)) {
        double lowest = 0;
        for (std::size_t id = 0; id < scores_.size(); ++id)
            if (usable(static_cast<std::int64_t>(id))) lowest = std::min(lowest, scores_[id]);
        unknown_score_ = lowest - kUnknownPenalty;
        for (std::size_t byte = 0; byte < bytes_.size(); ++byte)
            bytes_[byte] = vocabulary_->id(fmt::format("<0x{:02X}>", byte)).value_or(-1);
        has_bytes_ = std::ranges::all_of(bytes_, [](std::int64_t id) { return id >= 0; });
    }

    void encode(std::string_view word, std::vector<std::int64_t>& out) const override {
        const std::vector<Step> best = forward(word);
        std::vector<Step> path;
        for (std::size_t at = word.size(); at > 0; at = best[at].from) {
            path.push_back(best[at]);
            path.back().to = at;
        }
        bool unknown_before = false;
        for (auto step = path.rbegin(); step != path.rend(); ++step) {
            const bool unknown = step->id == options_.unknown;
            if (unknown && options_.byte_fallback && has_bytes_) {
                for (const char byte : word.substr(step->from, step->to - step->from))
                    out.push_back(bytes_[static_cast<unsigned char>(byte)]);
            } else if (!unknown || !unknown_before) {
                out.push_back(step->id);
            }
            unknown_before = unknown;
        }
    }

private:
    struct Step {
        double score = -std::numeric_limits<double>::infinity();
        std::int64_t id = -1;
        std::size_t from = 0, to = 0;
    };

    bool usable(std::int64_t id) const {
        const auto at = static_cast<std::size_t>(id);
        return at < scores_.size() && (at >= options_.unusable.size() || options_.unusable[at] == 0);
    }

    /// The best way to each byte that begins a character.
    std::vector<Step> forward(std::string_view word) const {
        std::vector<Step> best(word.size() + 1);
        best[0].score = 0;
        for (std::size_t at = 0; at < word.size();) {
            const std::size_t first = std::min(code_bytes(word[at]), word.size() - at);
            const std::size_t most = std::min(vocabulary_->longest_bytes(), word.size() - at);
            bool single = false;
            for (std::size_t length = first; length <= most;) {
                const auto id = vocabulary_->id(word.substr(at, length));
                if (id && usable(*id) && *id != options_.unknown) {
                    relax(best, at, length, *id, scores_[static_cast<std::size_t>(*id)]);
                    single = single || length == first;
                }
                if (at + length == word.size()) break;
                length += std::min(code_bytes(word[at + length]), word.size() - at - length);
            }
            if (!single) relax(best, at, first, options_.unknown, unknown_score_);
            at += first;
        }
        return best;
    }

    static void relax(std::vector<Step>& best, std::size_t at, std::size_t length, std::int64_t id, double score) {
        Step& end = best[at + length];
        const double reached = best[at].score + score;
        if (end.id < 0 || reached > end.score) end = {reached, id, at, 0};
    }

    std::shared_ptr<const Vocabulary> vocabulary_;
    std::vector<double> scores_;
    UnigramOptions options_;
    double unknown_score_ = 0;
    std::array<std::int64_t, 256> bytes_{};
    bool has_bytes_ = false;
};

}  // namespace

std::unique_ptr<PieceModel> make_unigram(std::shared_ptr<const Vocabulary> vocabulary, std::vector<double> scores,
                                         UnigramOptions options) {
    return std::make_unique<Unigram>(std::move(vocabulary), std::move(scores), std::move(options));
}

}  // namespace bartizan::text
