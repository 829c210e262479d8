#include "bartizan/result.h"

#include <memory>

#include <gtest/gtest.h>

namespace bartizan {
namespace {

Result<int> half(int value) {
    if (value % 2 != 0) return invalid_input("odd", "give an even number");
    return value / 2;
}

Result<int> quarter(int value) {
    const int once = BARTIZAN_TRY(half(value));
    return BARTIZAN_TRY_WITHIN(half(once), "second half");
}

TEST(Result, PropagatesTheValue) { EXPECT_EQ(quarter(12).value(), 3); }

TEST(Result, PropagatesTheErrorWithItsPlace) {
    const auto result = quarter(6);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code(), Errc::invalid_input);
    EXPECT_EQ(result.error().line(), "second half: odd; give an even number");
}

TEST(Result, NamesOuterPlacesFirst) {
    const Error error = invalid_input("bad").within("node 'a'").within("model 'm.onnx'");
    EXPECT_EQ(error.line(), "model 'm.onnx': node 'a': bad");
}

TEST(Result, EscapesControlCharactersFromOutside) {
    EXPECT_EQ(invalid_input("a\nb\x1b[2J").line(), "a\\x0ab\\x1b[2J");
}

TEST(Result, HoldsMoveOnlyValuesAndDerivedPointers) {
    struct Base { virtual ~Base() = default; };
    struct Derived : Base {};
    const auto make = []() -> Result<std::unique_ptr<Base>> { return std::make_unique<Derived>(); };
    EXPECT_NE(make().value(), nullptr);
}

TEST(Result, MapsEveryCodeToOneExitStatusAndOneHttpStatus) {
    for (int i = 0; i <= static_cast<int>(Errc::internal); ++i) {
        const auto code = static_cast<Errc>(i);
        EXPECT_TRUE(exit_status(code) == 2 || exit_status(code) == 3) << to_string(code);
        EXPECT_GE(http_status(code), 400) << to_string(code);
        EXPECT_LT(http_status(code), 600) << to_string(code);
    }
    EXPECT_EQ(exit_status(Errc::invalid_input), 2);
    EXPECT_EQ(exit_status(Errc::internal), 3);
    EXPECT_EQ(http_status(Errc::denied), 403);
}

}  // namespace
}  // namespace bartizan
