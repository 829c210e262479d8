#include "extraction/surrogate.h"

#include <algorithm>
#include <cmath>

#include "data/sources.h"
#include "training/architecture.h"
#include "training/trainer.h"

namespace bartizan::extraction {
namespace surrogate {
namespace {

constexpr std::int64_t kBatch = 64;
// Descent steps of a copy: few answers are gone through often, many less so.
constexpr std::int64_t kLeastSteps = 1500;
constexpr std::int64_t kLeastEpochs = 40;
constexpr int kMostEpochs = 400;

training::Options options_for(std::int64_t rows, const SurrogateOptions& options,
                              const training::Architecture& architecture) {
    training::Options out;
    out.batch_size = std::clamp<std::int64_t>(rows / 8, 8, kBatch);
    const std::int64_t per_epoch = (rows + out.batch_size - 1) / out.batch_size;
    const std::int64_t steps = options.steps > 0 ? options.steps : std::max(kLeastSteps, kLeastEpochs * per_epoch);
    out.epochs = static_cast<int>(std::clamp<std::int64_t>((steps + per_epoch - 1) / per_epoch, 1, kMostEpochs));
    out.learning_rate = options.learning_rate > 0 ? options.learning_rate : architecture.learning_rate;
    out.validation_share = 0;
    return out;
}

/// Pictures are taken as they are; the columns of a table are brought to mean 0 and deviation 1.
data::InputContract contract_for(const Transcript& transcript, const data::Info& info) {
    data::InputContract contract;
    contract.class_names = info.class_names;
    if (info.kind == data::Kind::image || transcript.item_shape.size() != 1) return contract;
    const auto width = static_cast<std::size_t>(transcript.item_shape[0]);
    const double rows = static_cast<double>(transcript.rows());
    contract.mean.assign(width, 0);
    contract.std.assign(width, 0);
    for (std::size_t i = 0; i < transcript.items.size(); ++i) contract.mean[i % width] += transcript.items[i] / rows;
    for (std::size_t i = 0; i < transcript.items.size(); ++i) {
        const double away = transcript.items[i] - contract.mean[i % width];
        contract.std[i % width] += away * away / rows;
    }
    for (double& value : contract.std) value = value > 1e-12 ? std::sqrt(value) : 1;
    return contract;
}

Result<NdArray> soft_targets(const Answers& answers) {
    const std::vector<float> narrow(answers.scores.begin(), answers.scores.end());
    NdArray targets = BARTIZAN_TRY(NdArray::from<float>({answers.rows(), answers.classes}, narrow));
    const std::span<float> values = targets.mutable_values<float>();
    const auto classes = static_cast<std::size_t>(answers.classes);
    for (std::size_t row = 0; row < values.size(); row += classes) {  // rounded answers need not add up
        float sum = 0;
        for (std::size_t c = 0; c < classes; ++c) sum += values[row + c];
        for (std::size_t c = 0; sum > 0 && c < classes; ++c) values[row + c] /= sum;
    }
    return targets;
}

}  // namespace
}  // namespace surrogate

void Transcript::add(const NdArray& x, const Answers& more) {
    const auto values = x.values<float>();
    items.insert(items.end(), values.begin(), values.end());
    answers.classes = more.classes;
    answers.scores.insert(answers.scores.end(), more.scores.begin(), more.scores.end());
}

std::string fitting_architecture(const data::Info& info) {
    const Shape shape = training::network_input(info.item_shape, info.kind == data::Kind::image);
    constexpr std::int64_t kSmallest = 8;
    return shape.size() == 3 && std::min(shape[1], shape[2]) >= kSmallest ? "cnn-small" : "mlp";
}

Result<Copy> train_copy(const Transcript& transcript, const data::Info& info, bool labels_alone,
                        const SurrogateOptions& options, RunContext& ctx) {
    if (transcript.rows() < 2)
        return invalid_input("a copy needs at least two answers, there are " + std::to_string(transcript.rows()));
    const std::string name = options.architecture.empty() ? fitting_architecture(info) : options.architecture;
    const training::Architecture* architecture = BARTIZAN_TRY(training::find_architecture(name));
    const Shape input = training::network_input(transcript.item_shape, info.kind == data::Kind::image);
    graph::Graph graph = BARTIZAN_TRY(architecture->build(input, transcript.answers.classes, options.seed));
    Copy copy{.kind = name};
    copy.model = BARTIZAN_TRY(model::from_graph(std::move(graph)));
    copy.contract = surrogate::contract_for(transcript, info);
    if (input.size() == 3) copy.contract.layout = "nchw";
    copy.classifier = BARTIZAN_TRY(model::make_classifier(copy.model, transcript.item_shape, copy.contract));

    Shape shape = transcript.item_shape;
    shape.insert(shape.begin(), transcript.rows());
    const NdArray x = BARTIZAN_TRY(NdArray::from<float>(shape, transcript.items));
    const NdArray labels =
        BARTIZAN_TRY(NdArray::from<std::int64_t>({transcript.rows()}, transcript.answers.labels()));
    const auto dataset = BARTIZAN_TRY(data::from_arrays(x, labels, {.format = "answers", .path = "answers"}));
    training::Options trained = surrogate::options_for(transcript.rows(), options, *architecture);
    if (!labels_alone) trained.soft_targets = BARTIZAN_TRY(surrogate::soft_targets(transcript.answers));
    BARTIZAN_TRY(training::train(*copy.model, *copy.classifier, *dataset, trained, ctx));
    return copy;
}

Result<Copy> copy_of(graph::Graph graph, const Shape& item_shape, std::string kind) {
    Copy copy{.kind = std::move(kind)};
    copy.model = BARTIZAN_TRY(model::from_graph(std::move(graph)));
    copy.classifier = BARTIZAN_TRY(model::make_classifier(copy.model, item_shape, copy.contract));
    return copy;
}

}  // namespace bartizan::extraction
