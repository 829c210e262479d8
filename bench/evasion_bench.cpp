// links: core catalog data graph model attacks training
/// How fast models run and attacks attack: forward passes, gradient steps, and every attack of the catalogue. Models
/// are the reference architectures with fresh weights, inputs are noise labelled by the model itself; one item is one
/// image.
#include <map>
#include <memory>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "attacks/attack.h"
#include "attacks/runner.h"
#include "catalog/attacks.h"
#include "core/random.h"
#include "model/classifier.h"
#include "model/shards.h"
#include "model/tensors.h"
#include "training/architecture.h"

namespace {

using namespace bartizan;

constexpr std::int64_t kClasses = 10;
constexpr std::int64_t kChunk = 32;    // as the attack runner cuts
constexpr std::int64_t kImages = 256;  // of forward passes and gradient steps
constexpr std::int64_t kAttacked = 64;

/// A benchmark has nobody to report to: it ends with the error's one line.
template <class T>
T need(Result<T> result) {
    if (result.ok()) return std::move(result).value();
    fmt::print(stderr, "{}\n", result.error().line());
    std::exit(1);
}

struct Bench {
    std::unique_ptr<model::Classifier> classifier;
    data::Batch batch;
};

/// Model `name` and images of `shape`, made once.
const Bench& bench_of(const std::string& name, const Shape& shape, std::int64_t images) {
    static std::map<std::string, Bench> made;
    const auto [at, fresh] = made.try_emplace(fmt::format("{} {}", name, images));
    if (!fresh) return at->second;
    const auto* architecture = need(training::find_architecture(name));
    const Shape input = training::network_input(shape, name != "mlp");
    const std::shared_ptr<const model::Model> network =
        need(model::from_graph(need(architecture->build(input, kClasses, 0))));
    Bench& bench = at->second;
    bench.classifier = need(model::make_classifier(network, shape, {}));
    Shape whole = {images};
    whole.insert(whole.end(), shape.begin(), shape.end());
    bench.batch.x = need(NdArray::zeros(DType::f32, whole));
    Random(1, 0).fill_uniform(bench.batch.x.mutable_values<float>(), 0, 1);
    const NdArray logits = need(model::predict(*bench.classifier, bench.batch.x, RunContext()));
    for (std::int64_t row = 0; row < images; ++row) {
        const auto scores = logits.values<float>().subspan(static_cast<std::size_t>(row * kClasses), kClasses);
        bench.batch.y.push_back(std::ranges::max_element(scores) - scores.begin());
        bench.batch.ids.push_back(row);
    }
    return bench;
}

Shape images_for(const std::string& name) { return name == "resnet18-cifar" ? Shape{3, 32, 32} : Shape{1, 28, 28}; }

void forward(benchmark::State& state, const std::string& name) {
    const Bench& bench = bench_of(name, images_for(name), kImages);
    for (auto _ : state) benchmark::DoNotOptimize(need(model::predict(*bench.classifier, bench.batch.x, RunContext())));
    state.SetItemsProcessed(state.iterations() * kImages);
}

Result<void> gradient_of(const Bench& bench, const model::Chunk& chunk) {
    at::Tensor x = BARTIZAN_TRY(model::to_tensor(BARTIZAN_TRY(bench.batch.x.rows(chunk.begin, chunk.count))));
    x.requires_grad_();
    const std::span labels =
        std::span(bench.batch.y).subspan(static_cast<std::size_t>(chunk.begin), static_cast<std::size_t>(chunk.count));
    const at::Tensor y =
        BARTIZAN_TRY(model::to_tensor(BARTIZAN_TRY(NdArray::from<std::int64_t>({chunk.count}, labels))));
    at::cross_entropy_loss(BARTIZAN_TRY(bench.classifier->logits(x)), y).backward();
    benchmark::DoNotOptimize(x.grad().data_ptr<float>());
    return {};
}

void gradient_step(benchmark::State& state, const std::string& name) {
    const Bench& bench = bench_of(name, images_for(name), kImages);
    for (auto _ : state) {
        const auto done = model::for_each_chunk(kImages, kChunk, RunContext(),
                                                [&](const model::Chunk& chunk) { return gradient_of(bench, chunk); });
        if (!done.ok()) state.SkipWithError(done.error().line().c_str());
    }
    state.SetItemsProcessed(state.iterations() * kImages);
}

void attack(benchmark::State& state, const catalog::AttackSpec& spec, catalog::Norm norm, double eps) {
    const Bench& bench = bench_of("cnn-small", {1, 28, 28}, kAttacked);
    const attacks::ThreatModel threat{.norm = norm, .eps = eps};
    const auto attack = need(attacks::make_attack(spec.name, threat, {}));
    double robust = 0;
    for (auto _ : state) {
        RunContext ctx;
        robust = need(attacks::run(*bench.classifier, *attack, threat, bench.batch, ctx)).robust_accuracy();
    }
    state.SetItemsProcessed(state.iterations() * kAttacked);
    state.counters["robust_accuracy"] = robust;
}

void add_all() {
    const auto add = [](const std::string& name, auto function) {
        benchmark::RegisterBenchmark(name.c_str(), function)->Unit(benchmark::kMillisecond)->UseRealTime();
    };
    for (const auto& architecture : training::architectures()) {
        const std::string name(architecture.name);
        add("forward/" + name, [name](benchmark::State& state) { forward(state, name); });
        add("gradient_step/" + name, [name](benchmark::State& state) { gradient_step(state, name); });
    }
    for (const catalog::AttackSpec& spec : catalog::attacks())
        for (const catalog::Norm norm : spec.norms) {
            // Radii that leave about half of the images right, so that late and early exits both count.
            const double eps = norm == catalog::Norm::linf ? 0.004 : norm == catalog::Norm::l2 ? 0.06 : 1.0;
            add(fmt::format("attack/{}/{}", spec.name, to_string(norm)),
                [&spec, norm, eps](benchmark::State& state) { attack(state, spec, norm, eps); });
        }
}

}  // namespace

int main(int argc, char** argv) {
    add_all();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
}
