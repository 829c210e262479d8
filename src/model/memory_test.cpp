#include "model/memory.h"

#include <cstdlib>

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include "model/model_testing.h"

namespace bartizan::model {
namespace {

constexpr std::uint64_t kLimit = 64 << 20;

/// A graph whose one node asks for 4 * 2^24 bytes.
graph::GraphBuilder greedy() {
    graph::GraphBuilder builder("greedy");
    const std::string x = builder.input("x", DType::f32, {1});
    const std::string shape = builder.initializer<std::int64_t>("shape", {2}, {1 << 12, 1 << 13});
    builder.output(builder.node("ReduceSum", {builder.node("Exp", {builder.node("Expand", {x, shape})})}), DType::f32,
                   {1, 1});
    return builder;
}

/// What must hold once a limit is in place: it cannot be taken back, so this runs in a process of its own.
int check_limit() {
    if (!install_memory_limit(kLimit).ok()) return 1;
    if (install_memory_limit(2 * kLimit).error().code() != Errc::conflict) return 2;
    const std::uint64_t before = live_tensor_bytes();
    {
        const auto model = testing::model_of(greedy());
        const auto outputs = testing::run_one(*model, testing::tensor({1}, {1}));
        if (outputs.ok() || outputs.error().code() != Errc::exhausted) return 3;
        if (outputs.error().line().find("Expand") == std::string::npos &&
            outputs.error().line().find("Exp") == std::string::npos)
            return 4;
        const at::Tensor small = testing::random_tensor({1 << 20}, 1);
        if (live_tensor_bytes() < before + (4 << 20)) return 5;
    }
    if (live_tensor_bytes() != before) return 6;
    return peak_tensor_bytes() <= kLimit ? 0 : 7;
}

TEST(MemoryDeathTest, AModelThatAsksForTooMuchIsRefusedAndTheRestGoesOn) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(std::_Exit(check_limit()), ::testing::ExitedWithCode(0), "");
}

TEST(Memory, ALimitOfNothingIsRefused) { EXPECT_EQ(install_memory_limit(0).error().code(), Errc::invalid_input); }

TEST(Memory, TheDefaultLimitIsBelowTheMachinesMemory) {
    EXPECT_GT(default_memory_limit(), std::uint64_t{64} << 20);
    EXPECT_LT(default_memory_limit(), std::uint64_t{1} << 50);
}

}  // namespace
}  // namespace bartizan::model
