#include <algorithm>
#include <map>
#include <string>

#include "core/random.h"
#include "textattacks/attack.h"
#include "textattacks/words.h"

namespace bartizan::textattacks {
namespace {

constexpr std::size_t kAtOnce = 64;
constexpr std::uint32_t kTriggerPurpose = 0x7e02;

/// Asks for the clean answers, and whether they are right.
Result<void> ask_clean(Oracle& oracle, std::vector<Row>& rows, RunContext& ctx) {
    for (std::size_t at = 0; at < rows.size(); at += kAtOnce) {
        BARTIZAN_TRY(ctx.checkpoint());
        std::vector<std::string> texts;
        for (std::size_t i = at; i < std::min(at + kAtOnce, rows.size()); ++i) texts.push_back(rows[i].text);
        const std::vector<Answer> answers = BARTIZAN_TRY(oracle.ask(texts));
        for (std::size_t i = 0; i < answers.size(); ++i) {
            Row& row = rows[at + i];
            row.clean = answers[i];
            row.clean_right = row.label < 0 || row.label == row.clean.label;
        }
    }
    return {};
}

double seconds_since(const RunContext& ctx, std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(ctx.now() - start).count();
}

std::string before_all(const std::vector<std::string>& trigger, const std::string& text) {
    std::string out;
    for (const std::string& word : trigger) out += word + " ";
    return out + text;
}

/// What a trigger does to some texts.
struct Effect {
    double gain = 0;
    std::int64_t fooled = 0;
};

Result<Effect> effect_of(Oracle& oracle, const Goal& goal, const std::vector<const Row*>& rows,
                         const std::vector<std::string>& trigger, std::int64_t& queries) {
    std::vector<std::string> texts;
    for (const Row* row : rows) texts.push_back(before_all(trigger, row->text));
    const std::vector<Answer> answers = BARTIZAN_TRY(oracle.ask(texts));
    queries += std::ssize(texts);
    Effect effect;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Judgement now = goal.judge(rows[i]->clean, answers[i]);
        effect.gain += std::clamp(now.gain, -20.0, 20.0) / static_cast<double>(rows.size());
        effect.fooled += now.success ? 1 : 0;
    }
    return effect;
}

}  // namespace

std::int64_t TextRun::right() const { return std::ranges::count_if(rows, [](const Row& r) { return r.clean_right; }); }
std::int64_t TextRun::fooled() const {
    return std::ranges::count_if(rows, [](const Row& r) { return r.clean_right && r.attempt.success; });
}
double TextRun::queries_mean() const {
    double sum = static_cast<double>(search_queries);
    for (const Row& row : rows) sum += static_cast<double>(row.attempt.queries);
    return right() == 0 ? 0 : sum / static_cast<double>(right());
}
double TextRun::edits_mean() const {
    double sum = 0;
    for (const Row& row : rows) sum += row.attempt.success ? static_cast<double>(row.attempt.edits) : 0;
    return fooled() == 0 ? 0 : sum / static_cast<double>(fooled());
}
std::int64_t TextRun::edits_most() const {
    std::int64_t most = 0;
    for (const Row& row : rows) most = std::max(most, row.attempt.success ? row.attempt.edits : 0);
    return most;
}

Result<std::unique_ptr<TextAttack>> make_text_attack(std::string_view name, const Params& params,
                                                     const Embeddings* embeddings) {
    if (name == "text-imperceptible") return make_imperceptible(params);
    if (name == "text-swap") return make_swap(params, embeddings);
    return internal_error("no text attack called '" + std::string(name) + "'");
}

Result<TextRun> run(Oracle& oracle, const Goal& goal, const TextAttack& attack, std::vector<Row> rows, RunContext& ctx) {
    const auto start = ctx.now();
    TextRun out;
    BARTIZAN_TRY(ask_clean(oracle, rows, ctx));
    for (Row& row : rows) {
        ctx.progress({"text attack", out.rows.size(), rows.size(), "texts"});
        row.attempt.text = row.text;
        if (row.clean_right) {
            auto attempt = ctx.stop_requested() ? Result<Attempt>(Error(Errc::cancelled, "stopped"))
                                                : attack.craft(oracle, goal, row.text, row.clean, row.id, ctx);
            if (!attempt.ok() && attempt.error().code() == Errc::cancelled) {
                out.complete = false;
                break;
            }
            row.attempt = BARTIZAN_TRY(std::move(attempt));
        }
        out.rows.push_back(std::move(row));
    }
    out.seconds = seconds_since(ctx, start);
    return out;
}

std::vector<std::string> frequent_words(std::span<const Row> rows, std::size_t most) {
    std::map<std::string, std::int64_t> counts;
    for (const Row& row : rows)
        for (const std::string& word : Words::of(row.text).words) ++counts[word];
    std::vector<std::pair<std::int64_t, std::string>> order;
    for (const auto& [word, count] : counts)
        if (count > 1) order.emplace_back(-count, word);
    std::ranges::sort(order);
    std::vector<std::string> out;
    for (const auto& [count, word] : order)
        if (out.size() < most) out.push_back(word);
    return out;
}

Result<TextRun> run_universal(Oracle& oracle, const Goal& goal, const Params& params, std::vector<Row> rows,
                              std::span<const std::string> words, TriggerGuide* guide, RunContext& ctx) {
    const auto start = ctx.now();
    if (words.empty()) return invalid_input("no word occurs twice in the texts: there is nothing to build a trigger from");
    BARTIZAN_TRY(ask_clean(oracle, rows, ctx));
    TextRun out;
    std::vector<const Row*> fit;
    const std::size_t half = rows.size() / 2;
    for (std::size_t i = 0; i < half; ++i)
        if (rows[i].clean_right && fit.size() < kAtOnce) fit.push_back(&rows[i]);
    if (fit.empty()) return invalid_input("no text of the first half is answered rightly: give more texts");
    std::vector<std::string> texts;
    std::vector<std::int64_t> labels;
    for (const Row* row : fit) {
        texts.push_back(row->text);
        labels.push_back(row->clean.label);
    }
    Random random(ctx.seed(), 0, kTriggerPurpose);
    const int count = static_cast<int>(params.integer("candidates"));
    std::vector<std::string> trigger(static_cast<std::size_t>(params.integer("length")), "the");
    Effect best = BARTIZAN_TRY(effect_of(oracle, goal, fit, trigger, out.search_queries));
    const std::int64_t steps = params.integer("rounds") * std::ssize(trigger);
    for (std::int64_t step = 0; step < steps && out.complete; ++step) {
        ctx.progress({"universal trigger", static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(steps), "steps"});
        const auto place = static_cast<std::size_t>(step % std::ssize(trigger));
        std::vector<std::string> tried;
        if (guide != nullptr) tried = BARTIZAN_TRY(guide->propose(texts, labels, trigger, count))[place];
        while (tried.size() < static_cast<std::size_t>(count) && guide == nullptr)
            tried.push_back(words[random.below(words.size())]);
        for (const std::string& word : tried) {
            if ((out.complete = !ctx.stop_requested()) == false) break;
            std::vector<std::string> changed = trigger;
            changed[place] = word;
            const Effect now = BARTIZAN_TRY(effect_of(oracle, goal, fit, changed, out.search_queries));
            if (now.gain <= best.gain) continue;
            best = now;
            trigger = std::move(changed);
        }
    }
    out.trigger = before_all(trigger, "");
    for (std::size_t at = half; at < rows.size(); at += kAtOnce) {
        std::vector<std::string> judged;
        for (std::size_t i = at; i < std::min(at + kAtOnce, rows.size()); ++i) judged.push_back(before_all(trigger, rows[i].text));
        const std::vector<Answer> answers = BARTIZAN_TRY(oracle.ask(judged));
        for (std::size_t i = 0; i < answers.size(); ++i) {
            Row row = std::move(rows[at + i]);
            row.attempt = {judged[i], row.clean_right && goal.judge(row.clean, answers[i]).success, std::ssize(trigger), 1};
            out.rows.push_back(std::move(row));
        }
    }
    out.seconds = seconds_since(ctx, start);
    return out;
}

}  // namespace bartizan::textattacks
