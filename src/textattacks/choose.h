#pragma once
/// An attack on text as a command line asks for it: which one, with which parameters, towards which goal, behind which
/// normaliser.
/// Thread rule: plain values.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "catalog/attacks.h"
#include "cli/command.h"
#include "data/text_rows.h"
#include "textattacks/attack.h"

namespace bartizan::textattacks {

struct Choice {
    const catalog::AttackSpec* spec = nullptr;
    Params params;
    std::shared_ptr<const Goal> goal;
    std::shared_ptr<const Embeddings> embeddings;  ///< null: none
    std::optional<text::NormalisePolicy> policy;   ///< of the normaliser in front

    /// The most edits of a text; 0: as many as there are words.
    std::int64_t budget() const;
};

/// From --param, --goal, --word, --bleu-below, --embeddings, --policy. Fails with `invalid_input`.
Result<Choice> choose(std::string_view attack, const cli::Invocation& invocation);
/// From --text, --label, --limit, --sample, --seed.
data::TextOptions text_options(const cli::Invocation& invocation);
/// "default", or a policy file.
Result<text::NormalisePolicy> policy_from(const std::string& given);

/// Runs it. `guide`: for text-universal on a model with gradients; may be null.
Result<TextRun> carry_out(const Choice& choice, Oracle& oracle, std::vector<Row> rows, TriggerGuide* guide, RunContext& ctx);

}  // namespace bartizan::textattacks
