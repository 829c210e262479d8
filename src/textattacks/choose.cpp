#include "textattacks/choose.h"

#include <fmt/format.h>

#include "core/file.h"

namespace bartizan::textattacks {
namespace {

constexpr std::size_t kMostTriggerWords = 5000;

Result<std::map<std::string, std::string>> parameters_of(const cli::Invocation& invocation) {
    std::map<std::string, std::string> given;
    for (const std::string& pair : invocation.list("param")) {
        const std::size_t equals = pair.find('=');
        if (equals == 0 || equals == std::string::npos)
            return invalid_input(fmt::format("--param: '{}' is not NAME=VALUE", pair), "write --param budget=3");
        given.insert_or_assign(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return given;
}

Result<std::shared_ptr<const Goal>> goal_of(const cli::Invocation& invocation) {
    const std::string name = invocation.text("goal", "label");
    if (name == "label") return std::shared_ptr<const Goal>(label_flip());
    if (name == "bleu") return std::shared_ptr<const Goal>(bleu_drop(invocation.number("bleu-below", 0.5)));
    const std::string word = invocation.text("word");
    if (word.empty()) return invalid_input("--goal word needs the word", "give --word WORD");
    return std::shared_ptr<const Goal>(word_appears(word));
}

}  // namespace

std::int64_t Choice::budget() const {
    for (const char* name : {"budget", "length"})
        if (const auto found = params.all().find(name); found != params.all().end()) return static_cast<std::int64_t>(found->second);
    return 0;
}

Result<text::NormalisePolicy> policy_from(const std::string& given) {
    if (given == "default") return text::NormalisePolicy{};
    const std::string content = BARTIZAN_TRY(read_file(given, 1 << 16));
    return text::parse_policy(content).within("policy '" + given + "'");
}

Result<Choice> choose(std::string_view attack, const cli::Invocation& invocation) {
    Choice choice{.spec = BARTIZAN_TRY(catalog::find_attack(attack))};
    if (choice.spec->data_kind != "text")
        return invalid_input(fmt::format("attack '{}' is not for texts", attack), "text-imperceptible, text-swap and text-universal are");
    const auto given = BARTIZAN_TRY(parameters_of(invocation));
    choice.params = BARTIZAN_TRY_WITHIN(Params::make(choice.spec->params, given), fmt::format("attack '{}'", attack));
    choice.goal = BARTIZAN_TRY(goal_of(invocation));
    if (invocation.has("embeddings"))
        choice.embeddings = std::make_shared<const Embeddings>(BARTIZAN_TRY(Embeddings::open(invocation.text("embeddings"))));
    if (invocation.has("policy")) choice.policy = BARTIZAN_TRY(policy_from(invocation.text("policy")));
    return choice;
}

data::TextOptions text_options(const cli::Invocation& invocation) {
    data::TextOptions options{.text_column = invocation.text("text"),
                              .label_column = invocation.text("label"),
                              .seed = static_cast<std::uint64_t>(invocation.integer("seed", 0))};
    if (invocation.has("limit")) options.limit = invocation.integer("limit", 0);
    if (invocation.has("sample")) options.sample = invocation.integer("sample", 0);
    return options;
}

Result<TextRun> carry_out(const Choice& choice, Oracle& oracle, std::vector<Row> rows, TriggerGuide* guide, RunContext& ctx) {
    NormalisingOracle defended(oracle, choice.policy.value_or(text::NormalisePolicy{}));
    Oracle& asked = choice.policy ? static_cast<Oracle&>(defended) : oracle;
    if (choice.spec->name == "text-universal") {
        const std::vector<std::string> words = frequent_words(rows, kMostTriggerWords);
        return run_universal(asked, *choice.goal, choice.params, std::move(rows), words, guide, ctx);
    }
    const auto attack = BARTIZAN_TRY(make_text_attack(choice.spec->name, choice.params, choice.embeddings.get()));
    return run(asked, *choice.goal, *attack, std::move(rows), ctx);
}

}  // namespace bartizan::textattacks
