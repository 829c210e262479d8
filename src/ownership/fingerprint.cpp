#include "ownership/fingerprint.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "attacks/attack.h"
#include "attacks/runner.h"
#include "core/random.h"
#include "data/sources.h"
#include "model/shards.h"
#include "training/references.h"
#include "training/trainer.h"

namespace bartizan::ownership {
namespace fingerprint {
namespace {

constexpr std::int64_t kLeastPoints = 10;
constexpr int kHalvings = 20;
constexpr std::uint32_t kHalfPurpose = 610;
constexpr const char* kSteps = "40";

std::vector<std::int64_t> labels_of(const NdArray& logits) {
    const auto classes = static_cast<std::size_t>(logits.shape()[1]);
    std::vector<std::int64_t> out;
    for (std::int64_t i = 0; i < logits.shape()[0]; ++i) {
        const auto row = logits.values<float>().subspan(static_cast<std::size_t>(i) * classes, classes);
        out.push_back(std::ranges::max_element(row) - row.begin());
    }
    return out;
}

/// a + share (b - a), row by row.
Result<NdArray> between(const NdArray& a, const NdArray& b, const std::vector<float>& share) {
    NdArray out = BARTIZAN_TRY(NdArray::zeros(DType::f32, a.shape()));
    const auto from = a.values<float>(), to = b.values<float>();
    const std::span<float> values = out.mutable_values<float>();
    const std::size_t size = values.size() / share.size();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = from[i] + share[i / size] * (to[i] - from[i]);
    return out;
}

}  // namespace
}  // namespace fingerprint

Result<Proof> make_fingerprint(const model::Classifier& classifier, const data::Batch& items,
                               const FingerprintOptions& options, RunContext& ctx) {
    using namespace fingerprint;
    BARTIZAN_TRY(classifier.differentiable().within("a fingerprint is found by gradients"));
    data::Batch batch{.x = items.x};
    batch.y = labels_of(BARTIZAN_TRY(model::predict(classifier, items.x, ctx)));
    for (std::int64_t i = 0; i < std::ssize(batch.y); ++i) batch.ids.push_back(i);
    const attacks::ThreatModel threat{.norm = catalog::Norm::linf, .eps = options.eps};
    const auto attack = BARTIZAN_TRY(attacks::make_attack("pgd", threat, {{"steps", kSteps}}));
    const attacks::RunResult found = BARTIZAN_TRY(attacks::run(classifier, *attack, threat, batch, ctx));
    if (!found.complete) return Error(Errc::cancelled, "stopped");

    // The boundary between item and example, by bisection of all at once.
    std::vector<float> inside(batch.y.size(), 0), outside(batch.y.size(), 1);
    for (int halving = 0; halving < kHalvings; ++halving) {
        std::vector<float> middle(inside.size());
        for (std::size_t i = 0; i < middle.size(); ++i) middle[i] = (inside[i] + outside[i]) / 2;
        const NdArray x = BARTIZAN_TRY(between(items.x, found.adversarial, middle));
        const auto said = labels_of(BARTIZAN_TRY(model::predict(classifier, x, ctx)));
        for (std::size_t i = 0; i < middle.size(); ++i) (said[i] == batch.y[i] ? inside[i] : outside[i]) = middle[i];
    }
    for (std::size_t i = 0; i < outside.size(); ++i)
        outside[i] += static_cast<float>(options.beyond) * (1 - outside[i]);
    const NdArray points = BARTIZAN_TRY(between(items.x, found.adversarial, outside));
    const auto answers = labels_of(BARTIZAN_TRY(model::predict(classifier, points, ctx)));

    Proof proof{.kind = ProofKind::fingerprint, .classes = classifier.classes()};
    std::vector<float> kept;
    const auto values = points.values<float>();
    const std::size_t size = values.size() / answers.size();
    for (std::size_t i = 0; i < answers.size() && std::ssize(proof.answers) < options.points; ++i) {
        if (found.success[i] == 0 || answers[i] == batch.y[i]) continue;
        const auto row = values.subspan(i * size, size);
        kept.insert(kept.end(), row.begin(), row.end());
        proof.answers.push_back(answers[i]);
    }
    if (std::ssize(proof.answers) < kLeastPoints)
        return invalid_input(fmt::format("only {} of {} items have a boundary within {:g}", proof.answers.size(),
                                         answers.size(), options.eps),
                             "give more items, or a larger --eps");
    Shape shape = items.x.shape();
    shape[0] = std::ssize(proof.answers);
    proof.inputs = BARTIZAN_TRY(NdArray::from<float>(shape, kept));
    return proof;
}

Result<Independent> train_independent(const std::filesystem::path& path, const data::InputContract& contract,
                                      const data::Batch& pool, const data::Info& info, int epochs, std::uint64_t number,
                                      RunContext& ctx) {
    Independent out;
    out.model = BARTIZAN_TRY(model::load(path));
    BARTIZAN_TRY(training::begin_anew(*out.model, ctx.seed() + 7'000'003 * (number + 1)));
    out.classifier = BARTIZAN_TRY(model::make_classifier(out.model, info.item_shape, contract));
    std::vector<std::int64_t> rows = permutation(std::ssize(pool.y), ctx.seed() + number, fingerprint::kHalfPurpose);
    rows.resize((rows.size() + 1) / 2);
    const NdArray labels = BARTIZAN_TRY(NdArray::from<std::int64_t>({std::ssize(pool.y)}, pool.y));
    auto whole = BARTIZAN_TRY(data::from_arrays(
        pool.x, labels, {.format = info.format, .path = info.path, .class_names = info.class_names}));
    const auto half = data::subset_of(std::move(whole), std::move(rows));
    training::Options options;
    options.epochs = epochs;
    options.validation_share = 0;
    BARTIZAN_TRY(training::train(*out.model, *out.classifier, *half, options, ctx));
    return out;
}

}  // namespace bartizan::ownership
