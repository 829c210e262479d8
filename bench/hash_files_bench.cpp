// links: provenance
/// Hashing for signatures against plain SHA-256 of memory (what `openssl speed sha256` measures): the bar is 90 % of
/// it per core. Items are bytes; the rate is per CPU-second of the process.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "provenance/hash_files.h"

namespace {

using namespace bartizan;

constexpr std::size_t kFileBytes = std::size_t{128} << 20;
constexpr std::size_t kFiles = 4;
constexpr std::size_t kBlock = 16 * 1024;  // the largest of `openssl speed`

class Files : public benchmark::Fixture {
public:
    void SetUp(benchmark::State& /*state*/) override {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-bench-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        const std::string content(kFileBytes, 'w');
        for (std::size_t i = 0; i < kFiles; ++i) {
            const auto path = folder_ / std::to_string(i);
            std::ofstream(path, std::ios::binary) << content;
            files_.push_back({path.filename().string(), path, kFileBytes});
        }
    }
    void TearDown(benchmark::State& /*state*/) override {
        std::filesystem::remove_all(folder_);
        files_.clear();
    }

protected:
    std::filesystem::path folder_;
    std::vector<provenance::TreeFile> files_;
};

BENCHMARK_DEFINE_F(Files, hashed)(benchmark::State& state) {
    const RunContext context({.threads = static_cast<int>(state.range(0))});
    for (auto _ : state) benchmark::DoNotOptimize(provenance::hash_files(files_, provenance::Links::refuse, context));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kFiles * kFileBytes));
}
BENCHMARK_REGISTER_F(Files, hashed)->Arg(1)->Arg(2)->ArgName("threads")->MeasureProcessCPUTime()->MinTime(2);

void memory(benchmark::State& state) {
    const std::string block(kBlock, 'w');
    for (auto _ : state) {
        crypto::Sha256 digest;
        for (std::size_t at = 0; at < kFileBytes; at += kBlock) digest.update(std::as_bytes(std::span(block)));
        benchmark::DoNotOptimize(digest.finish());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kFileBytes));
}
BENCHMARK(memory)->MeasureProcessCPUTime()->MinTime(2);

}  // namespace
