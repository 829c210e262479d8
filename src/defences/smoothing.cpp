#include "defences/smoothing.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numbers>

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <fmt/format.h>

#include "core/random.h"
#include "defences/preprocessing_weaving.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::defences {
namespace smoothing {
namespace {

constexpr std::uint32_t kSelectingPurpose = 700'000, kCountingPurpose = 700'001;
constexpr std::int64_t kCopiesAtOnce = 250;
constexpr double kRoundedDown = 1 - 1e-12;

/// Two independent normal numbers (Box-Muller), in double.
struct Normals {
    explicit Normals(Random from) : random(from) {}
    double next() {
        if (has_spare) {
            has_spare = false;
            return spare;
        }
        const double radius = std::sqrt(-2 * std::log(1 - random.uniform53()));
        const double angle = 2 * std::numbers::pi * random.uniform53();
        spare = radius * std::sin(angle);
        has_spare = true;
        return radius * std::cos(angle);
    }
    Random random;
    double spare = 0;
    bool has_spare = false;
};

/// How often `count` noisy copies of `item` are called each class.
Result<std::vector<std::int64_t>> votes_of(const model::Classifier& classifier, std::span<const float> item,
                                           std::int64_t count, double sigma, Normals normals, const RunContext& ctx) {
    std::vector<std::int64_t> votes(static_cast<std::size_t>(classifier.classes()), 0);
    const at::NoGradGuard no_grad;
    for (std::int64_t done = 0; done < count; done += kCopiesAtOnce) {
        BARTIZAN_TRY(ctx.checkpoint());
        const std::int64_t copies = std::min(kCopiesAtOnce, count - done);
        Shape shape = classifier.item_shape();
        shape.insert(shape.begin(), copies);
        NdArray noisy = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
        const auto values = noisy.mutable_values<float>();
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<float>(static_cast<double>(item[i % item.size()]) + sigma * normals.next());
        const at::Tensor logits = BARTIZAN_TRY(classifier.logits(BARTIZAN_TRY(model::to_tensor(noisy))));
        const at::Tensor labels = logits.argmax(1).contiguous();
        for (std::int64_t i = 0; i < copies; ++i) ++votes[static_cast<std::size_t>(labels.data_ptr<std::int64_t>()[i])];
    }
    return votes;
}

}  // namespace
}  // namespace smoothing

double lower_bound_of_share(std::int64_t k, std::int64_t n, double alpha) {
    if (k == 0) return 0;
    const auto successes = static_cast<double>(k), failures = static_cast<double>(n - k);
    double p = boost::math::ibeta_inv(successes, failures + 1, alpha) * smoothing::kRoundedDown;
    // P[Bin(n, p) >= k] is the incomplete beta function at p.
    while (p > 0 && boost::math::ibeta(successes, failures + 1, p) > alpha) p *= smoothing::kRoundedDown;
    return p;
}

double smoothed_radius(double share, double sigma) {
    if (share <= 0.5) return 0;
    return sigma * boost::math::quantile(boost::math::normal(), share) * smoothing::kRoundedDown;
}

Result<std::vector<SmoothedAnswer>> certify_smoothed(const model::Classifier& classifier, const NdArray& x,
                                                     std::span<const std::int64_t> ids, const Smoothing& options,
                                                     RunContext& ctx) {
    std::vector<SmoothedAnswer> answers(ids.size());
    const auto size = static_cast<std::size_t>(x.size()) / std::max<std::size_t>(1, ids.size());
    std::atomic<std::uint64_t> done{0};
    BARTIZAN_TRY(model::for_each_chunk(std::ssize(ids), 1, ctx, [&](const model::Chunk& chunk) -> Result<void> {
        const auto row = static_cast<std::size_t>(chunk.begin);
        const auto item = x.values<float>().subspan(row * size, size);
        const auto stream = [&](std::uint32_t purpose) {
            return smoothing::Normals(Random(ctx.seed(), static_cast<std::uint64_t>(ids[row]), purpose));
        };
        const auto first = BARTIZAN_TRY(smoothing::votes_of(classifier, item, options.selecting, options.sigma,
                                                            stream(smoothing::kSelectingPurpose), ctx));
        const auto best = std::ranges::max_element(first) - first.begin();
        const auto votes = BARTIZAN_TRY(smoothing::votes_of(classifier, item, options.samples, options.sigma,
                                                            stream(smoothing::kCountingPurpose), ctx));
        SmoothedAnswer& answer = answers[row];
        answer.votes = votes[static_cast<std::size_t>(best)];
        const double share = lower_bound_of_share(answer.votes, options.samples, options.alpha);
        answer.radius = smoothed_radius(share, options.sigma);
        answer.label = share > 0.5 ? best : -1;
        ctx.progress({"certifying", ++done, ids.size(), "items"});
        return {};
    }));
    ctx.progress_finish();
    return answers;
}

Result<graph::Graph> smoothed_graph(const graph::Graph& model, const data::InputContract& contract, double sigma,
                                    std::int64_t copies, std::int64_t classes) {
    using Integers = std::vector<std::int64_t>;
    constexpr std::int64_t kOpset = 13;
    BARTIZAN_TRY(check_preprocessable(model));
    const graph::TensorType type = model.inputs[0].type;
    if (!type.has_shape || type.shape.size() < 2 ||
        std::any_of(type.shape.begin() + 1, type.shape.end(), [](std::int64_t one) { return one < 1; }))
        return unsupported("the file does not say what shape items have: their copies cannot be put into one batch");
    if (type.shape[0] > 0) return unsupported("the file has a fixed batch: copies of an item do not fit into it");
    if (model.opset() < kOpset)
        return unsupported(fmt::format("a model of opset {}", model.opset()), "export it with opset 13 or newer");
    if (model.outputs.empty() || (model.outputs[0].type.has_shape && model.outputs[0].type.shape.size() != 2))
        return unsupported("the model's first output is not [items, classes]");
    Integers item(type.shape.begin() + 1, type.shape.end());
    Integers apart = {1, copies}, together = {-1};
    apart.insert(apart.end(), item.begin(), item.end());
    together.insert(together.end(), item.begin(), item.end());

    graph::Graph out = model;
    const std::string input = out.inputs[0].name, scores = out.outputs[0].name;
    std::vector<graph::Node> inner = std::move(out.nodes);
    out.nodes.clear();
    Weaver weaver(out, free_prefix(model, "smoothing"));
    // Noise of the data's units in those of the model's input: by channel, where the normalisation is.
    std::vector<float> deviation;
    for (const double one : contract.std.empty() ? std::vector<double>{1} : contract.std)
        deviation.push_back(static_cast<float>(sigma * (contract.high - contract.low) / one));
    std::string scale = weaver.scalar(static_cast<double>(deviation[0]));
    if (deviation.size() > 1) {
        const auto count = std::ssize(deviation);
        const bool last = contract.layout == "nhwc" || (contract.layout.empty() && item[0] != count);
        Shape shape(item.size() + 2, 1);
        shape[last ? item.size() + 1 : 2] = count;
        scale = weaver.floats(shape, deviation);
    }
    const std::string many = weaver.node(
        "Expand", {weaver.node("Unsqueeze", {input, weaver.integers({1})}), weaver.integers(apart)});
    const std::string noise = weaver.node("Mul", {weaver.node("RandomNormalLike", {many}), scale});
    const std::string noisy =
        weaver.node("Reshape", {weaver.node("Add", {many, noise}), weaver.integers(together)});
    std::vector<graph::Node> before = std::move(out.nodes);
    out.nodes = std::move(inner);
    BARTIZAN_TRY(read_instead(out, input, noisy));
    out.nodes.insert(out.nodes.begin(), before.begin(), before.end());
    const std::string called = weaver.node("ArgMax", {scores}, {{"axis", std::int64_t{1}}, {"keepdims", std::int64_t{0}}});
    const std::string votes = weaver.node(
        "OneHot", {called, weaver.integers({classes}), weaver.floats({2}, {0, 1})}, {{"axis", std::int64_t{-1}}});
    const std::string grouped = weaver.node("Reshape", {votes, weaver.integers({-1, copies, classes})});
    constexpr std::int64_t kAxesAsInput = 18;
    if (model.opset() >= kAxesAsInput)
        weaver.node("ReduceMean", {grouped, weaver.integers({1})}, {{"keepdims", std::int64_t{0}}});
    else
        weaver.node("ReduceMean", {grouped}, {{"axes", Integers{1}}, {"keepdims", std::int64_t{0}}});
    out.nodes.back().outputs[0] = "vote_shares";
    graph::Value value = out.outputs[0];
    value.name = "vote_shares";
    value.type = {.dtype = DType::f32, .has_shape = true, .shape = {-1, classes}, .symbols = {"N", ""}};
    out.outputs = {value};
    out.metadata["bartizan.smoothing"] = fmt::format("sigma {}, {} copies", sigma, copies);
    return out;
}

}  // namespace bartizan::defences
