#include "formats/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/fixtures_testing.h"

namespace bartizan::formats {
namespace {

using testing::HasSubstr;

template <class T>
void expect_counts(const std::string& name) {
    const std::string content = fixture(name);
    const auto array = parse_idx(as_bytes(content), nullptr);
    ASSERT_TRUE(array.ok()) << name << ": " << array.error().line();
    ASSERT_EQ(array->dtype(), dtype_of<T>()) << name;
    EXPECT_EQ(array->shape(), (Shape{2, 3, 4}));
    for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(array->values<T>()[i], static_cast<T>(i)) << name;
}

TEST(Idx, ReadsEveryElementType) {
    expect_counts<std::uint8_t>("count_u1.idx");
    expect_counts<std::int8_t>("count_i1.idx");
    expect_counts<std::int16_t>("count_i2.idx");
    expect_counts<std::int32_t>("count_i4.idx");
    expect_counts<float>("count_f4.idx");
    expect_counts<double>("count_f8.idx");
}

TEST(Idx, SaysHowManyBytesAreMissing) {
    const auto cut = parse_idx(as_bytes(fixture("count_i4.idx").substr(0, 100)), nullptr);
    ASSERT_FALSE(cut.ok());
    EXPECT_THAT(cut.error().line(), HasSubstr("needs 96 bytes, found 84"));
}

TEST(Idx, RefusesHeadersThatMakeNoSense) {
    using namespace std::string_literals;
    EXPECT_FALSE(parse_idx(as_bytes("\x00\x01\x08\x01"s), nullptr).ok());
    EXPECT_FALSE(parse_idx(as_bytes("\x00\x00\x07\x01\x00\x00\x00\x00"s), nullptr).ok());
    EXPECT_FALSE(parse_idx(as_bytes("\x00\x00\x08\x00"s), nullptr).ok());
    EXPECT_FALSE(parse_idx(as_bytes("\x00\x00\x08\xff"s), nullptr).ok());
    // 2^32 - 1 by 2^32 - 1 by 2^32 - 1 doubles.
    EXPECT_FALSE(parse_idx(as_bytes("\x00\x00\x0e\x03"s + std::string(12, '\xff')), nullptr).ok());
}

TEST(Idx, RefusesCutFilesAndSurvivesDamagedOnes) {
    const Accepts accepts = [](Bytes bytes) { return parse_idx(bytes, nullptr).ok(); };
    for (const char* name : {"count_u1.idx", "count_f8.idx"}) {
        expect_refuses_every_beginning(fixture(name), accepts);
        expect_survives_damage(fixture(name), accepts);
    }
}

}  // namespace
}  // namespace bartizan::formats
