#include "apps/engine/text_inputs.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <fmt/format.h>

#include "graph/text_inputs.h"
#include "model/memory.h"
#include "model/tensors.h"
#include "textattacks/choose.h"

namespace bartizan::engine {
namespace text_inputs {
namespace {

constexpr std::size_t kRowsAtOnce = 256;

Result<std::int64_t> length_of(const cli::Invocation& invocation, std::int64_t models) {
    const std::int64_t given = invocation.integer("length", models > 0 ? models : 64);
    if (models > 0 && given != models)
        return invalid_input(fmt::format("--length {} does not fit the model, which takes {} tokens", given, models),
                             "leave --length out");
    return given;
}

Result<void> check_labels(const TextInputs& inputs) {
    const std::int64_t classes = inputs.classifier->classes();
    for (std::size_t row = 0; row < inputs.texts.labels.size(); ++row)
        if (inputs.texts.labels[row] >= classes)
            return invalid_input(fmt::format("text {} has label {}, but the model has {} classes", inputs.texts.ids[row],
                                             inputs.texts.labels[row], classes),
                                 "is this the data that the model was made for?");
    return {};
}

}  // namespace
}  // namespace text_inputs

Result<std::vector<std::int64_t>> Encoding::row(const std::string& text) const {
    std::vector<std::int64_t> ids = BARTIZAN_TRY(tokenizer.encode(text));
    const auto wanted = static_cast<std::size_t>(length);
    if (ids.size() > wanted) {
        // What the model expects behind the text stays behind it.
        const std::vector<std::int64_t> frame = BARTIZAN_TRY(tokenizer.encode(""));
        std::size_t behind = 0;
        while (behind < frame.size() && behind < wanted && frame[frame.size() - 1 - behind] == ids[ids.size() - 1 - behind]) ++behind;
        std::copy(ids.end() - static_cast<std::ptrdiff_t>(behind), ids.end(),
                  ids.begin() + static_cast<std::ptrdiff_t>(wanted - behind));
    }
    ids.resize(wanted, padding);
    return ids;
}

Result<std::vector<std::int64_t>> Encoding::rows(const std::vector<std::string>& texts) const {
    std::vector<std::int64_t> all;
    for (const std::string& text : texts) {
        const std::vector<std::int64_t> ids = BARTIZAN_TRY(row(text));
        all.insert(all.end(), ids.begin(), ids.end());
    }
    return all;
}

Result<text::Tokenizer> open_tokenizer(const cli::Invocation& invocation, const std::filesystem::path& model) {
    if (invocation.has("tokenizer")) return text::Tokenizer::open(invocation.text("tokenizer"));
    const std::filesystem::path beside = model.string() + ".tokenizer.json";
    std::error_code error;
    if (!std::filesystem::exists(beside, error))
        return invalid_input("the model has no tokenizer beside it ('" + beside.filename().string() + "')",
                             "give --tokenizer FILE");
    return text::Tokenizer::open(beside);
}

Result<TextInputs> open_text_inputs(const cli::Invocation& invocation) {
    using namespace text_inputs;
    const std::filesystem::path path = invocation.positional(0);
    if (path.string().starts_with("http://") || path.string().starts_with("https://"))
        return unsupported("'" + path.string() + "' is a remote model; this command opens files alone");
    const text::Tokenizer tokenizer = BARTIZAN_TRY(open_tokenizer(invocation, path));
    const std::int64_t padding = tokenizer.padding().value_or(-1);
    graph::Graph graph = BARTIZAN_TRY(graph::load_onnx(path));
    const std::string place = "model '" + path.string() + "'";
    const graph::TextInputs found = BARTIZAN_TRY_WITHIN(graph::keep_ids_alone(graph, padding), place);
    if (found.vocabulary > 0 && tokenizer.size() > found.vocabulary)
        return invalid_input(fmt::format("the tokenizer has {} tokens, the model embeddings for {}", tokenizer.size(),
                                         found.vocabulary),
                             "give the tokenizer that the model was trained with");
    const std::int64_t length = BARTIZAN_TRY(length_of(invocation, found.length));
    TextInputs inputs{.texts = {}, .encoding = {tokenizer, length, std::max<std::int64_t>(0, padding)}, .model = {}, .classifier = {}, .contract = {}};
    inputs.texts = BARTIZAN_TRY_WITHIN(data::read_texts(invocation.text("data"), textattacks::text_options(invocation)),
                                       "data '" + invocation.text("data") + "'");
    inputs.contract = BARTIZAN_TRY(data::read_sidecar(path));
    std::unique_ptr<model::Model> model = BARTIZAN_TRY_WITHIN(model::from_graph(std::move(graph)), place);
    inputs.model = std::move(model);
    inputs.classifier = BARTIZAN_TRY_WITHIN(model::make_classifier(inputs.model, {length}, {}), place);
    BARTIZAN_TRY_WITHIN(check_labels(inputs), "data '" + invocation.text("data") + "'");
    return inputs;
}

Result<Inputs> as_inputs(const cli::Invocation& invocation, TextInputs texts) {
    Inputs inputs;
    inputs.model_path = invocation.positional(0);
    inputs.model = texts.model;
    inputs.classifier = texts.classifier;
    const std::vector<std::int64_t> ids = BARTIZAN_TRY(texts.encoding.rows(texts.texts.texts));
    inputs.dataset = BARTIZAN_TRY(data::token_dataset(texts.texts, ids, texts.encoding.length));
    inputs.batch = BARTIZAN_TRY(data::read_all(*inputs.dataset));
    inputs.class_names = texts.contract.class_names.empty() ? texts.texts.class_names : texts.contract.class_names;
    inputs.contract = std::move(texts.contract);
    if (!inputs.dataset->has_labels()) return invalid_input("the texts have no labels", "name the column with --label");
    return inputs;
}

Result<std::vector<textattacks::Answer>> ClassifierOracle::ask(std::span<const std::string> texts) {
    std::vector<textattacks::Answer> answers;
    for (std::size_t at = 0; at < texts.size(); at += text_inputs::kRowsAtOnce) {
        const std::size_t count = std::min(text_inputs::kRowsAtOnce, texts.size() - at);
        std::vector<float> values;
        for (const std::string& text : texts.subspan(at, count))
            for (const std::int64_t id : BARTIZAN_TRY(encoding_.row(text))) values.push_back(static_cast<float>(id));
        const NdArray x = BARTIZAN_TRY(
            NdArray::from<float>({static_cast<std::int64_t>(count), encoding_.length}, std::span<const float>(values)));
        at::Tensor logits = BARTIZAN_TRY(classifier_.logits(BARTIZAN_TRY(model::to_tensor(x))));
        logits = logits.detach().to(at::kDouble).contiguous();
        const double* scores = logits.data_ptr<double>();
        const auto classes = static_cast<std::size_t>(logits.size(1));
        for (std::size_t row = 0; row < count; ++row) {
            textattacks::Answer answer{.scores = {scores + row * classes, scores + (row + 1) * classes}};
            answer.label = std::ranges::max_element(answer.scores) - answer.scores.begin();
            answers.push_back(std::move(answer));
        }
    }
    return answers;
}

std::vector<textattacks::Row> rows_of(const data::TextRows& texts) {
    std::vector<textattacks::Row> rows;
    for (std::size_t i = 0; i < texts.texts.size(); ++i)
        rows.push_back({.id = texts.ids[i], .text = texts.texts[i], .label = texts.labels.empty() ? -1 : texts.labels[i]});
    return rows;
}

}  // namespace bartizan::engine
