// Models and inputs that mean harm: every conformance case again, with attributes, shapes, types and index values
// replaced by extremes. The call may succeed or fail; it may not crash, hang or fill the memory.
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <c10/core/ScalarType.h>

#include "model/conformance_testing.h"
#include "model/model.h"

namespace bartizan::model::hostile {
namespace {

constexpr std::int64_t kExtremes[] = {0,
                                      1,
                                      -1,
                                      2,
                                      3,
                                      -2,
                                      7,
                                      255,
                                      65536,
                                      (std::int64_t{1} << 31) - 1,
                                      -(std::int64_t{1} << 31),
                                      std::int64_t{1} << 40,
                                      std::numeric_limits<std::int64_t>::max(),
                                      std::numeric_limits<std::int64_t>::min(),
                                      std::numeric_limits<std::int64_t>::min() + 1};
constexpr float kExtremeReals[] = {0.0F, -1.0F, 1e30F, std::numeric_limits<float>::infinity(),
                                   std::numeric_limits<float>::quiet_NaN()};

/// Chooses what to spoil; the same seed spoils the same things.
class Spoiler {
public:
    explicit Spoiler(std::uint32_t seed) : random_(seed) {}

    bool often() { return random_() % 3 == 0; }
    template <class T, std::size_t n>
    T one_of(const T (&values)[n]) {
        return values[random_() % n];
    }

    void spoil(graph::Node& node) {
        for (auto& [name, value] : node.attributes) {
            if (auto* integer = std::get_if<std::int64_t>(&value); integer != nullptr && often())
                *integer = one_of(kExtremes);
            if (auto* real = std::get_if<float>(&value); real != nullptr && often()) *real = one_of(kExtremeReals);
            if (auto* integers = std::get_if<std::vector<std::int64_t>>(&value)) {
                for (std::int64_t& integer : *integers)
                    if (often()) integer = one_of(kExtremes);
                if (often()) integers->resize(random_() % 6, 1);
            }
        }
        if (often() && often() && !node.inputs.empty()) node.inputs.resize(random_() % (node.inputs.size() + 1));
    }

    at::Tensor spoil(const at::Tensor& x) {
        at::Tensor spoiled = x.clone();
        if (c10::isIntegralType(x.scalar_type(), false) && x.numel() > 0 && often()) {
            at::Tensor flat = spoiled.reshape({-1});
            const auto place = static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(flat.numel()));
            flat[place] = at::full({}, one_of(kExtremes), at::kLong).to(x.scalar_type());
            spoiled = flat.reshape(x.sizes());
        }
        switch (random_() % 8) {
            case 0:
                return spoiled.reshape({-1});
            case 1:
                return spoiled.unsqueeze(0);
            case 2:
                return at::zeros({0}, x.options());
            case 3:
                return spoiled.to(at::kLong);
            case 4:
                return spoiled.to(at::kDouble);
            case 5:
                return x.dim() > 0 ? spoiled.narrow(0, 0, x.size(0) / 2) : spoiled;
            default:
                return spoiled;
        }
    }

private:
    std::mt19937 random_;
};

TEST(HostileModels, FailCleanlyOrRun) {
    const char* rounds_text = std::getenv("BARTIZAN_HOSTILE_ROUNDS");
    const std::uint32_t rounds = rounds_text == nullptr ? 2 : static_cast<std::uint32_t>(std::atoi(rounds_text));
    int ran = 0;
    int refused = 0;
    for (const conformance::Case& which : conformance::all_cases()) {
        const auto graph = which.load();
        if (!graph.ok() || which.suite == "pytorch-converted") continue;
        const auto sets = conformance::data_sets(which, *graph);
        if (!sets.ok() || sets->empty()) continue;
        for (std::uint32_t round = 0; round < rounds; ++round) {
            Spoiler spoiler(round);
            graph::Graph spoiled = *graph;
            std::vector<at::Tensor> inputs = sets->front().inputs;
            if (round % 2 == 0)
                for (graph::Node& node : spoiled.nodes) spoiler.spoil(node);
            else
                for (at::Tensor& input : inputs) input = spoiler.spoil(input);
            if (std::getenv("BARTIZAN_HOSTILE_TRACE") != nullptr)
                std::fprintf(stderr, "%s round %u\n", which.name.c_str(), round);
            const auto model = from_graph(std::move(spoiled));
            const auto outputs = model.ok() ? (*model)->run(inputs) : Result<std::vector<at::Tensor>>(model.error());
            ran += outputs.ok();
            refused += !outputs.ok();
            if (!outputs.ok())
                EXPECT_NE(outputs.error().code(), Errc::internal) << which.name << outputs.error().line();
        }
    }
    std::printf("hostile: %d ran, %d refused\n", ran, refused);
    EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace bartizan::model::hostile
