// links: quality core
/// Confident learning on 60,000 items of 10 classes with one label in ten flipped. The bar is 10 ms.
#include <vector>

#include <benchmark/benchmark.h>

#include "core/random.h"
#include "quality/label_errors.h"

namespace {

using namespace bartizan;

constexpr std::int64_t kItems = 60'000, kClasses = 10;

void label_errors(benchmark::State& state) {
    std::vector<float> probabilities;
    std::vector<std::int64_t> labels;
    Random random(1, 0);
    for (std::int64_t i = 0; i < kItems; ++i) {
        const auto truth = static_cast<std::int64_t>(random.below(kClasses));
        float sum = 0;
        std::vector<float> row(kClasses);
        for (std::int64_t k = 0; k < kClasses; ++k)
            sum += row[static_cast<std::size_t>(k)] = random.uniform() + (k == truth ? 6 : 0);
        for (const float p : row) probabilities.push_back(p / sum);
        labels.push_back(random.uniform() < 0.1F ? static_cast<std::int64_t>(random.below(kClasses)) : truth);
    }
    for (auto _ : state)
        benchmark::DoNotOptimize(quality::find_label_errors(probabilities, labels, kClasses).value().items.size());
}
BENCHMARK(label_errors)->Unit(benchmark::kMillisecond);

}  // namespace
