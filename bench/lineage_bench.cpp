// links: lineage
/// Manifests of ten million items: read and added up, compared with another version, sorted when they are not in order.
/// The counter peak_MiB is the most memory that the process held (VmHWM, reset before each). Files go to the working
/// folder, two for each size: some 4 GB for ten million. Run one: --benchmark_filter=read/10000000
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <benchmark/benchmark.h>

#include "core/file.h"
#include "lineage/diff.h"
#include "lineage/manifest.h"

namespace {

using namespace bartizan;
using namespace bartizan::lineage;

Item item(std::uint64_t number, char content) {
    char id[64];
    std::snprintf(id, sizeof id, "train/%04llu/%010llu.png", static_cast<unsigned long long>(number / 1000 % 10'000),
                  static_cast<unsigned long long>(number));
    return {.id = id,
            .sha256 = std::string(63, content) + (number % 2 == 0 ? '0' : '1'),
            .size = number % 100'000,
            .label = std::to_string(number % 1000),
            .origin = {.source = "partner-7", .licence = "CC-BY-4.0", .tags = {"consent:training"}}};
}

/// Every thousandth item has another content in the second version; `stride` other than 1 mixes the order.
std::string manifest(std::int64_t items, std::uint64_t stride, char every_thousandth) {
    const std::string name = "lineage-bench-" + std::to_string(items) + "-" + std::to_string(stride) + every_thousandth;
    if (std::filesystem::exists(name)) return name;
    const auto count = static_cast<std::uint64_t>(items);
    (void)write_pieces_atomically(name, [&](const AppendBytes& out) -> Result<void> {
        ManifestWriter writer(out);
        for (std::uint64_t i = 0; i < count; ++i) {
            // The folder is the high part of the id, so that rising numbers are rising ids.
            const std::uint64_t number = i * stride % count;
            const Item one = item(number, number % 1000 == 7 ? every_thousandth : 'a');
            BARTIZAN_TRY(writer.add(one, write_item(one)));
        }
        BARTIZAN_TRY(writer.finish());
        return {};
    });
    return name;
}

void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

double peak_mib() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmHWM:") {
            double kib = 0;
            status >> kib;
            return kib / 1024;
        }
    return 0;
}

void finish(benchmark::State& state) {
    state.counters["peak_MiB"] = peak_mib();
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

void read(benchmark::State& state) {
    const std::string name = manifest(state.range(0), 1, 'a');
    reset_peak();
    for (auto _ : state) benchmark::DoNotOptimize(survey(name, IdRule::path).value().facts.root);
    finish(state);
}

void compare_versions(benchmark::State& state) {
    const std::string before = manifest(state.range(0), 1, 'a');
    const std::string after = manifest(state.range(0), 1, 'b');
    reset_peak();
    std::uint64_t changed = 0;
    for (auto _ : state)
        changed = diff({before}, {after}, RunContext(), [](const ItemStep&) -> Result<void> { return {}; })
                      .value()
                      .count(Step::content);
    state.counters["changed"] = static_cast<double>(changed);
    finish(state);
}

void sort_by_id(benchmark::State& state) {
    const std::string name = manifest(state.range(0), 7'368'787, 'a');  // a prime: the lines lie far apart
    reset_peak();
    for (auto _ : state) {
        auto sorted = SortedManifest::open(name, IdRule::path, false, ".").value();
        while (sorted.next().value()) {
        }
    }
    finish(state);
}

BENCHMARK(read)->Arg(100'000)->Arg(10'000'000)->Unit(benchmark::kSecond);
BENCHMARK(compare_versions)->Arg(100'000)->Arg(10'000'000)->Unit(benchmark::kSecond);
BENCHMARK(sort_by_id)->Arg(100'000)->Arg(10'000'000)->Unit(benchmark::kSecond);

}  // namespace
