/// Words by their importance, then replaced one by one (Jin et al. 2020, "Is BERT Really Robust?", algorithm 1, with
/// embeddings; the bugs of Li et al. 2019, "TextBugger", without).
#include <algorithm>
#include <numeric>

#include "textattacks/attack.h"
#include "textattacks/words.h"

namespace bartizan::textattacks {
namespace {

constexpr std::size_t kLongestText = 2000;  ///< words; each is asked about

class Swap final : public TextAttack {
public:
    Swap(const Params& params, const Embeddings* embeddings)
        : embeddings_(embeddings),
          candidates_(static_cast<std::size_t>(params.integer("candidates"))),
          similarity_(params.number("similarity")),
          share_(params.number("max-changed")) {}

    Result<Attempt> craft(Oracle& oracle, const Goal& goal, const std::string& text, const Answer& clean,
                          std::int64_t /*id*/, RunContext& ctx) const override {
        Attempt best{.text = text};
        Words words = Words::of(text);
        if (words.words.empty() || words.words.size() > kLongestText) return best;
        const std::vector<std::size_t> order = BARTIZAN_TRY(importance(oracle, goal, clean, words, best.queries));
        const auto most = std::max<std::int64_t>(1, static_cast<std::int64_t>(share_ * static_cast<double>(words.words.size())));
        double gain = goal.judge(clean, clean).gain;
        for (const std::size_t at : order) {
            BARTIZAN_TRY(ctx.checkpoint());
            if (best.edits == most) break;
            const std::vector<std::string> options = replacements(words.words[at]);
            if (options.empty()) continue;
            std::vector<std::string> texts;
            for (const std::string& option : options) {
                Words changed = words;
                changed.words[at] = option;
                texts.push_back(changed.joined());
            }
            const std::vector<Answer> answers = BARTIZAN_TRY(oracle.ask(texts));
            best.queries += std::ssize(texts);
            std::size_t chosen = options.size();
            // The nearest word that succeeds; else the one that gains most.
            for (std::size_t i = 0; i < options.size(); ++i) {
                const Judgement now = goal.judge(clean, answers[i]);
                if (!now.success && !(now.gain > gain)) continue;
                chosen = i;
                gain = now.gain;
                if ((best.success = now.success)) break;
            }
            if (chosen == options.size()) continue;
            words.words[at] = options[chosen];
            best.text = words.joined();
            ++best.edits;
            if (best.success) break;
        }
        return best;
    }

private:
    /// Positions of the words that may change, those first without which the attacker gains most.
    Result<std::vector<std::size_t>> importance(Oracle& oracle, const Goal& goal, const Answer& clean, const Words& words,
                                                std::int64_t& queries) const {
        std::vector<std::size_t> places;
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < words.words.size(); ++i) {
            if (is_stop_word(words.words[i])) continue;
            Words without = words;
            without.words[i].clear();
            places.push_back(i);
            texts.push_back(without.joined());
        }
        if (texts.empty()) return places;
        const std::vector<Answer> answers = BARTIZAN_TRY(oracle.ask(texts));
        queries += std::ssize(texts);
        std::vector<double> gains;
        for (const Answer& answer : answers) gains.push_back(goal.judge(clean, answer).gain);
        std::vector<std::size_t> order(places.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) { return gains[i]; });
        for (std::size_t& i : order) i = places[i];
        return order;
    }

    std::vector<std::string> replacements(const std::string& word) const {
        std::vector<std::string> out;
        if (embeddings_ == nullptr) {
            out = bugs_of(word);
        } else {
            for (auto& [neighbour, similarity] : embeddings_->nearest(word, candidates_, similarity_))
                if (!is_stop_word(neighbour)) out.push_back(std::move(neighbour));
        }
        if (out.size() > candidates_) out.resize(candidates_);
        return out;
    }

    const Embeddings* embeddings_;
    std::size_t candidates_;
    double similarity_, share_;
};

}  // namespace

std::unique_ptr<TextAttack> make_swap(const Params& params, const Embeddings* embeddings) {
    return std::make_unique<Swap>(params, embeddings);
}

}  // namespace bartizan::textattacks
