// links: monitor core
/// What watching costs a query: the fingerprint of a picture and its place among the earlier ones, the mean of a
/// client, the counts of a window. The bars: 5 us for the monitor of theft, 100,000 events a second for each detector
/// with memory.
#include <vector>

#include <benchmark/benchmark.h>

#include "core/random.h"
#include "monitor/client_table.h"
#include "monitor/drift.h"
#include "monitor/embedding.h"
#include "monitor/members.h"
#include "monitor/outlier.h"
#include "monitor/similarity.h"
#include "monitor/theft.h"
#include "monitor/volume.h"

namespace {

using namespace bartizan;
using namespace bartizan::monitor;

std::vector<float> uniform(std::size_t length, std::uint64_t seed) {
    std::vector<float> out(length);
    Random(seed, 0).fill_uniform(out, 0, 1);
    return out;
}

void fingerprint(benchmark::State& state) {
    const auto length = static_cast<std::size_t>(state.range(0));
    const Fingerprinter print(7, length);
    const std::vector<float> row = uniform(length, 1);
    for (auto _ : state) benchmark::DoNotOptimize(print(row).count);
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(fingerprint)->Arg(784)->Arg(3 * 32 * 32)->Arg(3 * 224 * 224);

/// A full memory of 8,192 queries: each one pushes another out.
void history(benchmark::State& state) {
    const Fingerprinter print(7, 784);
    std::vector<Fingerprint> queries;
    for (std::uint64_t i = 0; i < 20'000; ++i) queries.push_back(print(uniform(784, i)));
    SimilarityHistory seen;
    std::size_t at = 0;
    for (; at < 8192; ++at) seen.see(at % 8, queries[at]);
    for (auto _ : state) {
        benchmark::DoNotOptimize(seen.see(at % 8, queries[at % queries.size()]).chain);
        ++at;
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(history);

void theft(benchmark::State& state) {
    constexpr std::size_t kWidth = 30;
    std::vector<std::int64_t> classes;
    for (std::int64_t i = 0; i < 1000; ++i) classes.push_back(i % 10);
    const auto usual = TheftReference::fit(uniform(1000 * kWidth, 1), kWidth, classes, {.clients = 50}).value();
    TheftState client;
    const std::vector<float> query = uniform(kWidth, 2);
    for (auto _ : state) benchmark::DoNotOptimize(usual.see(client, query, 3).has_value());
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(theft);

void drift(benchmark::State& state) {
    constexpr std::size_t kWidth = 30;
    std::vector<std::string> names;
    for (std::size_t j = 0; j < kWidth; ++j) names.push_back(std::to_string(j));
    const auto usual = DriftReference::fit(uniform(1000 * kWidth, 1), names, {}).value();
    DriftWindow window(usual);
    const std::vector<float> query = uniform(kWidth, 2);
    for (auto _ : state) benchmark::DoNotOptimize(window.see(query).has_value());
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(drift);

/// Last features of so many dimensions, ten classes.
void outliers(benchmark::State& state) {
    const auto width = static_cast<std::size_t>(state.range(0));
    const auto usual =
        OutlierReference::fit(uniform(1000 * width, 1), width, uniform(1000 * 10, 2), 10, {.seed = 1}).value();
    const std::vector<float> features = uniform(width, 3), output = uniform(10, 4);
    for (auto _ : state) benchmark::DoNotOptimize(usual.flags(usual.score(features, output)));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(outliers)->Arg(64)->Arg(512)->Arg(2048);

void members(benchmark::State& state) {
    const auto length = static_cast<std::size_t>(state.range(0) * state.range(0));
    const auto made =
        MemberSet::make(uniform(3000 * length, 1), uniform(300 * length, 2), {1, state.range(0), state.range(0)}, 7)
            .value();
    const std::vector<float> row = uniform(length, 3);
    for (auto _ : state) benchmark::DoNotOptimize(made.has(row));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(members)->Arg(28)->Arg(64);

/// A full table: each newcomer pushes another out.
void clients(benchmark::State& state) {
    ClientTable<TheftState> table(20'000, 1);
    std::vector<std::string> names;
    for (int i = 0; i < 40'000; ++i) names.push_back("client" + std::to_string(i) + "\nmodel:fashion@1");
    std::size_t at = 0;
    for (auto _ : state) benchmark::DoNotOptimize(table.see(names[at++ % names.size()]).queries);
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(clients);

void embedding(benchmark::State& state) {
    const Embedding of({1, 28, 28}, 1);
    const std::vector<float> row = uniform(784, 1);
    std::vector<float> out;
    for (auto _ : state) {
        out.clear();
        of.append(row, out);
        benchmark::DoNotOptimize(out.data());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(embedding);

void volume(benchmark::State& state) {
    ClientVolume client;
    std::int64_t now = 1'700'000'000;
    for (auto _ : state) benchmark::DoNotOptimize(client.see(now += 1, 1, {}).has_value());
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(volume);

}  // namespace
