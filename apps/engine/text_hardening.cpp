/// `bartizan harden MODEL --data TEXTS --text COLUMN --method text-normalise --out POLICY.json`: writes the policy, and
/// measures what it buys: attacks that do not know of it, attacks that do, and what it does to the texts as they are.
#include <fmt/format.h>

#include "apps/engine/text_inputs.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/statistics.h"
#include "text/normaliser.h"
#include "textattacks/choose.h"

namespace bartizan::engine {
namespace text_hardening {
namespace {

using textattacks::TextRun;

constexpr std::int64_t kMostAttacked = 200;

/// A share with its interval.
struct Share {
    std::int64_t part = 0, whole = 0;
    double value() const { return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole); }
    Json json() const {
        const Interval interval = wilson_interval(part, whole);
        return {{"count", part}, {"of", whole}, {"rate", value()}, {"interval", {interval.low, interval.high}}};
    }
    std::string text() const {
        const Interval interval = wilson_interval(part, whole);
        return fmt::format("{:5.1f} % ({:.1f} to {:.1f})", 100 * value(), 100 * interval.low, 100 * interval.high);
    }
};

/// One attack, three ways.
struct Measured {
    std::string name;
    Share plain;     ///< no normaliser
    Share passed;    ///< the same texts sent through it
    Share adaptive;  ///< sought anew against the model behind it
};

Result<TextRun> attack(const std::string& name, const std::map<std::string, std::string>& given, textattacks::Oracle& oracle,
                       const std::vector<textattacks::Row>& rows, RunContext& ctx) {
    const catalog::AttackSpec* spec = BARTIZAN_TRY(catalog::find_attack(name));
    const Params params = BARTIZAN_TRY(Params::make(spec->params, given));
    const auto made = BARTIZAN_TRY(textattacks::make_text_attack(name, params, nullptr));
    TextRun result = BARTIZAN_TRY(textattacks::run(oracle, *textattacks::label_flip(), *made, rows, ctx));
    if (!result.complete) return Error(Errc::cancelled, "stopped");
    return result;
}

/// Of the texts that fooled the model, those that still do behind the normaliser.
Result<Share> still_fooled(const TextRun& run, textattacks::Oracle& defended) {
    Share share{.whole = run.right()};
    for (const textattacks::Row& row : run.rows) {
        if (!row.clean_right || !row.attempt.success) continue;
        const auto answers = BARTIZAN_TRY(defended.ask(std::vector<std::string>{row.attempt.text}));
        share.part += answers[0].label != row.clean.label ? 1 : 0;
    }
    return share;
}

Result<std::vector<Measured>> measure(textattacks::Oracle& plain, textattacks::Oracle& defended,
                                      const std::vector<textattacks::Row>& rows, RunContext& ctx) {
    std::vector<Measured> out;
    for (const std::string name : {"text-imperceptible", "text-swap"}) {
        const TextRun before = BARTIZAN_TRY(attack(name, {}, plain, rows, ctx));
        std::map<std::string, std::string> knows;
        if (name == "text-imperceptible") knows = {{"ascii", "1"}, {"marks", "1"}};
        const TextRun after = BARTIZAN_TRY(attack(name, knows, defended, rows, ctx));
        out.push_back({name, {before.fooled(), before.right()}, BARTIZAN_TRY(still_fooled(before, defended)),
                       {after.fooled(), after.right()}});
    }
    return out;
}

/// What the normaliser does to texts that nobody attacked.
struct Honest {
    Share changed, right_before, right_after;
};

Result<Honest> honest(textattacks::Oracle& plain, textattacks::Oracle& defended, const data::TextRows& texts,
                      const text::NormalisePolicy& policy) {
    Honest out;
    const auto before = BARTIZAN_TRY(plain.ask(texts.texts)), after = BARTIZAN_TRY(defended.ask(texts.texts));
    for (std::size_t i = 0; i < texts.texts.size(); ++i) {
        out.changed.part += BARTIZAN_TRY(text::normalise(texts.texts[i], policy)) != texts.texts[i] ? 1 : 0;
        if (texts.labels.empty()) continue;
        out.right_before.part += before[i].label == texts.labels[i] ? 1 : 0;
        out.right_after.part += after[i].label == texts.labels[i] ? 1 : 0;
    }
    out.changed.whole = std::ssize(texts.texts);
    out.right_before.whole = out.right_after.whole = std::ssize(texts.labels);
    return out;
}

}  // namespace
}  // namespace text_hardening

Result<int> harden_text(const cli::Invocation& invocation, const Params& params, RunContext& ctx) {
    using namespace text_hardening;
    const std::string out = invocation.text("out");
    if (!asks_for_text(invocation))
        return invalid_input("method 'text-normalise' needs texts", "name their column with --text");
    const TextInputs inputs = BARTIZAN_TRY(open_text_inputs(invocation));
    const text::NormalisePolicy policy{.invisible = params.flag("invisible"),
                                       .look_alikes = params.flag("look-alikes"),
                                       .direction = params.flag("direction"),
                                       .deletions = params.flag("deletions")};
    ClassifierOracle plain(*inputs.classifier, inputs.encoding);
    textattacks::NormalisingOracle defended(plain, policy);
    std::vector<textattacks::Row> rows = rows_of(inputs.texts);
    if (std::ssize(rows) > kMostAttacked) rows.resize(static_cast<std::size_t>(kMostAttacked));
    const Honest clean = BARTIZAN_TRY(honest(plain, defended, inputs.texts, policy));
    const std::vector<Measured> attacks = BARTIZAN_TRY(measure(plain, defended, rows, ctx));
    ctx.progress_finish();
    BARTIZAN_TRY(write_file_atomically(out, text::to_json(policy)));
    Json json = cli::document(invocation);
    json["schema"] = "bartizan.harden-text/1";
    json["method"] = "text-normalise";
    json["out"] = out;
    json["attacked"] = std::ssize(rows);
    json["honest"] = {{"changed", clean.changed.json()},
                      {"accuracy_before", clean.right_before.json()},
                      {"accuracy_after", clean.right_after.json()}};
    json["attacks"] = Json::array();
    std::string text = fmt::format("text-normalise, judged on {} texts, {} of them attacked\n\n", inputs.texts.texts.size(), rows.size());
    text += fmt::format("  texts changed        {}\n  accuracy before      {}\n  accuracy behind it   {}\n\n", clean.changed.text(),
                        clean.right_before.text(), clean.right_after.text());
    text += fmt::format("  {:<20} {:<26} {:<26} {}\n", "fooled by", "without", "same texts behind it", "an attacker who knows of it");
    for (const Measured& one : attacks) {
        json["attacks"].push_back({{"attack", one.name},
                                   {"before", one.plain.json()},
                                   {"after", one.passed.json()},
                                   {"adaptive", one.adaptive.json()}});
        text += fmt::format("  {:<20} {:<26} {:<26} {}\n", one.name, one.plain.text(), one.passed.text(), one.adaptive.text());
    }
    json["seed"] = invocation.integer("seed", 0);
    text += fmt::format("\nIt stops what a reader cannot see; misspelt and replaced words stay. Written: {}\n", cli::printable(out));
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return 0;
}

}  // namespace bartizan::engine
