#pragma once
/// What commands on texts begin with: the model with its token ids, the tokenizer, the texts; and the model as an oracle
/// that text attacks ask.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apps/engine/inputs.h"
#include "bartizan/finding.h"
#include "data/text_rows.h"
#include "text/tokenizer.h"
#include "textattacks/attack.h"

namespace bartizan::engine {

/// How texts become rows of ids.
struct Encoding {
    text::Tokenizer tokenizer;
    std::int64_t length = 64;  ///< of every row
    std::int64_t padding = 0;

    /// `length` ids: cut (the special tokens at the end stay) or padded.
    Result<std::vector<std::int64_t>> row(const std::string& text) const;
    Result<std::vector<std::int64_t>> rows(const std::vector<std::string>& texts) const;
};

struct TextInputs {
    data::TextRows texts;
    Encoding encoding;
    std::shared_ptr<const model::Model> model;
    std::shared_ptr<const model::Classifier> classifier;  ///< of rows of ids
    data::InputContract contract;
};

inline bool asks_for_text(const cli::Invocation& invocation) { return invocation.has("text"); }

/// The tokenizer of --tokenizer, else MODEL.tokenizer.json. Fails with `not_found`, as `Tokenizer::open` does.
Result<text::Tokenizer> open_tokenizer(const cli::Invocation& invocation, const std::filesystem::path& model);
/// Model, tokenizer and texts, checked against each other. Fails with `invalid_input`: a tokenizer with more tokens than
/// the model has embeddings for, a --length that the model does not take, labels without classes.
Result<TextInputs> open_text_inputs(const cli::Invocation& invocation);
/// The same as inputs of commands that know rows of numbers alone.
Result<Inputs> as_inputs(const cli::Invocation& invocation, TextInputs inputs);

/// A classifier behind a tokenizer.
class ClassifierOracle final : public textattacks::Oracle {
public:
    ClassifierOracle(const model::Classifier& classifier, const Encoding& encoding)
        : classifier_(classifier), encoding_(encoding) {}
    Result<std::vector<textattacks::Answer>> ask(std::span<const std::string> texts) override;

private:
    const model::Classifier& classifier_;
    const Encoding& encoding_;
};

/// Texts as rows to be attacked.
std::vector<textattacks::Row> rows_of(const data::TextRows& texts);

/// What an audit says of a text model beside its quality: probe "text-evasion". Attacks `samples` texts at most, first
/// unseen (with and without the normaliser in front), then word by word.
Result<ProbeRecord> text_evasion_record(const TextInputs& inputs, const std::filesystem::path& model, std::int64_t samples,
                                        RunContext& ctx);

/// `attack`, `train` and `harden` where the data is text.
Result<int> attack_text(const cli::Invocation& invocation, RunContext& ctx);
Result<int> train_text(const cli::Invocation& invocation, RunContext& ctx);
Result<int> harden_text(const cli::Invocation& invocation, const Params& params, RunContext& ctx);

}  // namespace bartizan::engine
