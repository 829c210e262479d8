// links: defences core
/// SCAn on 10,000 items of 10 classes with 128 features, 5 % of them poison, against 1,000 trusted ones. The bar is 50 ms.
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <benchmark/benchmark.h>

#include "core/random.h"
#include "defences/scan.h"

namespace {

using namespace bartizan;

constexpr std::int64_t kWidth = 128, kClasses = 10;

struct Set {
    at::Tensor x;
    std::vector<std::int64_t> y;
};

Set made(std::int64_t clean, std::int64_t poison, std::uint64_t seed) {
    Set set{at::empty({clean + poison, kWidth}, at::kFloat), {}};
    float* out = set.x.data_ptr<float>();
    for (std::int64_t i = 0; i < clean + poison; ++i) {
        Random(seed, static_cast<std::uint64_t>(i)).fill_normal(std::span(out + i * kWidth, kWidth));
        const std::int64_t from = i < clean ? i % kClasses : 3;
        out[i * kWidth + from] += 6;
        if (i >= clean) out[i * kWidth + kWidth - 1] += 5;
        set.y.push_back(i < clean ? from : 0);
    }
    return set;
}

void scan(benchmark::State& state) {
    const Set suspect = made(9'500, 500, 1), trusted = made(1'000, 0, 2);
    for (auto _ : state)
        benchmark::DoNotOptimize(
            defences::scan_classes(suspect.x, suspect.y, trusted.x, trusted.y, {}).value().suspects.size());
}
BENCHMARK(scan)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

}  // namespace
