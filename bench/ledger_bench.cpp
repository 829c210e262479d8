// links: ledger
/// Durable appends: events from `threads` callers, each waiting after `burst` of them, against a ledger in the working
/// folder (so that it lies on a disk, not in memory). The bar is 20,000 entries/s on 2 cores.
#include <filesystem>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "ledger/ledger.h"

namespace {

using namespace bartizan;

std::filesystem::path folder;
std::unique_ptr<ledger::Ledger> shared;

void set_up(const benchmark::State& /*state*/) {
    std::string name = "ledger-bench-XXXXXX";
    folder = ::mkdtemp(name.data());
    shared =
        ledger::Ledger::open(folder, {"bench/log", *crypto::PrivateKey::generate(crypto::KeyType::ed25519)}).value();
}

void tear_down(const benchmark::State& /*state*/) {
    shared.reset();
    std::filesystem::remove_all(folder);
}

void append(benchmark::State& state) {
    const ledger::Event event{"access.allowed",
                              "service:checkout",
                              "model:fashion",
                              {{"request", "4bf92f3577b34da6a3ce929d0e0e4736"}, {"verdict", "allow"}, {"us", 117}}};
    for (auto _ : state) {
        ledger::Ticket last;
        for (std::int64_t i = 0; i < state.range(0); ++i) last = shared->submit(event).value();
        benchmark::DoNotOptimize(shared->wait(last).value());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(append)->Setup(set_up)->Teardown(tear_down)->ArgName("burst")->Arg(1)->Threads(1)->Threads(16)->UseRealTime();
BENCHMARK(append)
    ->Setup(set_up)
    ->Teardown(tear_down)
    ->ArgName("burst")
    ->Arg(1000)
    ->Threads(1)
    ->Threads(2)
    ->UseRealTime();

}  // namespace
