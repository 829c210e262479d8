#pragma once
/// Attacks on text: each turns one text into another that a reader takes for the same, or nearly so. Black-box: they
/// ask an oracle. Random numbers are keyed by (seed, position of the text), so the order of texts does not matter.
/// Thread rule: immutable once made.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bartizan/params.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "textattacks/embeddings.h"
#include "textattacks/oracle.h"

namespace bartizan::textattacks {

struct Attempt {
    std::string text;          ///< the best found; the text itself when nothing was
    bool success = false;
    std::int64_t edits = 0;    ///< perturbations, or words changed
    std::int64_t queries = 0;  ///< texts asked
};

class TextAttack {
public:
    virtual ~TextAttack() = default;
    /// `clean`: the answer to `text`. Fails as the oracle does, `cancelled` when `ctx` says so.
    virtual Result<Attempt> craft(Oracle& oracle, const Goal& goal, const std::string& text, const Answer& clean,
                                  std::int64_t id, RunContext& ctx) const = 0;
};

/// text-imperceptible and text-swap, with the parameters of the catalogue. `embeddings` (text-swap) may be null and must
/// outlive the attack. Fails with `invalid_input`.
Result<std::unique_ptr<TextAttack>> make_text_attack(std::string_view name, const Params& params,
                                                     const Embeddings* embeddings);
std::unique_ptr<TextAttack> make_imperceptible(const Params& params);
std::unique_ptr<TextAttack> make_swap(const Params& params, const Embeddings* embeddings);

/// One text under attack.
struct Row {
    std::int64_t id = 0;
    std::string text;
    std::int64_t label = -1;  ///< the true class; -1: none, whatever the answer to the clean text is
    Answer clean = {};
    bool clean_right = false;
    Attempt attempt = {};
};

struct TextRun {
    std::vector<Row> rows;  ///< those that were finished
    std::string trigger = {};         ///< text-universal: what stands before each text
    std::int64_t search_queries = 0;  ///< spent on the trigger before
    double seconds = 0;
    bool complete = true;

    std::int64_t right() const;
    std::int64_t fooled() const;
    double queries_mean() const;  ///< of the attacked rows
    double edits_mean() const;    ///< of the fooled rows
    std::int64_t edits_most() const;
};

/// Attacks each text that is answered rightly. Stops early, with what was finished, when `ctx` says so.
Result<TextRun> run(Oracle& oracle, const Goal& goal, const TextAttack& attack, std::vector<Row> rows, RunContext& ctx);

/// One prefix of words for all texts (Wallace et al. 2019), sought on the first half of the rows and judged on the
/// second, which alone is in the result. Each step tries, at one place, `candidates` words of `words` (the likeliest
/// first, as `guide` says, else drawn) and keeps the best.
class TriggerGuide {
public:
    virtual ~TriggerGuide() = default;
    /// For each place of the trigger the `count` words that a first-order step says would gain most.
    virtual Result<std::vector<std::vector<std::string>>> propose(std::span<const std::string> texts,
                                                                  std::span<const std::int64_t> labels,
                                                                  std::span<const std::string> trigger, int count) = 0;
};
Result<TextRun> run_universal(Oracle& oracle, const Goal& goal, const Params& params, std::vector<Row> rows,
                              std::span<const std::string> words, TriggerGuide* guide, RunContext& ctx);

/// The words of texts that occur at least twice, the most frequent first, at most `most`.
std::vector<std::string> frequent_words(std::span<const Row> rows, std::size_t most);

}  // namespace bartizan::textattacks
