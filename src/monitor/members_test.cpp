#include "monitor/members.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::monitor {
namespace {

constexpr std::size_t kSide = 28, kItem = kSide * kSide;

/// Smooth pictures: sums of a few waves.
std::vector<float> pictures(std::size_t count, std::uint64_t seed) {
    std::vector<float> out;
    for (std::size_t i = 0; i < count; ++i) {
        Random random(seed, i);
        std::vector<float> wave(24);
        random.fill_uniform(wave, 0, 1);
        for (std::size_t y = 0; y < kSide; ++y)
            for (std::size_t x = 0; x < kSide; ++x) {
                float sum = 0;
                for (std::size_t k = 0; k < 6; ++k)
                    sum +=
                        wave[k * 4] * std::sin(wave[k * 4 + 1] * 0.6F * static_cast<float>(x) +
                                               wave[k * 4 + 2] * 0.6F * static_cast<float>(y) + 6.3F * wave[k * 4 + 3]);
                out.push_back(0.5F + 0.15F * sum);
            }
    }
    return out;
}

std::span<const float> item(const std::vector<float>& rows, std::size_t i) {
    return std::span(rows).subspan(i * kItem, kItem);
}

TEST(Members, RecordsAreFoundAndOthersAreNot) {
    const auto members = pictures(3000, 1), reference = pictures(500, 2), others = pictures(500, 3);
    const auto made = MemberSet::make(members, reference, {1, kSide, kSide}, 7);
    ASSERT_TRUE(made.ok()) << made.error().line();
    EXPECT_EQ(made->size(), 3000U);
    EXPECT_LT(made->bytes(), 3000U * 49);
    std::size_t taken = 0;
    for (std::size_t i = 0; i < 3000; ++i) EXPECT_TRUE(made->has(item(members, i)));
    for (std::size_t i = 0; i < 500; ++i) taken += made->has(item(others, i));
    EXPECT_LE(static_cast<double>(taken), 500 * made->chance() + 5);
}

TEST(Members, SmallChangesDoNotHideARecord) {
    const auto members = pictures(2000, 1), reference = pictures(500, 2);
    const auto made = MemberSet::make(members, reference, {1, kSide, kSide}, 7).value();
    Random random(9, 0);
    std::size_t found = 0;
    for (std::size_t i = 0; i < 200; ++i) {
        std::vector<float> changed(item(members, i).begin(), item(members, i).end());
        for (float& value : changed) value += 0.05F * random.sign();
        found += made.has(changed);
    }
    EXPECT_GE(found, 120U);  // some of several are enough for a count
}

TEST(Members, BrightnessContrastAndMirrorsDoNotHideARecord) {
    const auto members = pictures(2000, 1), reference = pictures(500, 2);
    const auto made = MemberSet::make(members, reference, {1, kSide, kSide}, 7).value();
    for (std::size_t i = 0; i < 100; ++i) {
        std::vector<float> brighter, mirrored;
        for (std::size_t j = 0; j < kItem; ++j) {
            brighter.push_back(0.1F + 0.8F * item(members, i)[j]);
            mirrored.push_back(item(members, i)[j / kSide * kSide + kSide - 1 - j % kSide]);
        }
        EXPECT_TRUE(made.has(brighter)) << i;
        EXPECT_TRUE(made.has(mirrored)) << i;
    }
}

TEST(Members, TablesHaveColumnsOfTheirOwnUnits) {
    const auto rows = [](std::size_t count, std::uint64_t seed) {
        std::vector<float> out;
        Random random(seed, 0);
        for (std::size_t i = 0; i < count * 12; ++i) out.push_back((i % 12 == 0 ? 1e6F : 1) * random.normal());
        return out;
    };
    const auto members = rows(2000, 1), reference = rows(1000, 2);
    const auto made = MemberSet::make(members, reference, {12}, 7);
    ASSERT_TRUE(made.ok()) << made.error().line();
    for (std::size_t i = 0; i < 2000; ++i) EXPECT_TRUE(made->has(std::span(members).subspan(i * 12, 12)));
    EXPECT_LE(made->chance(), 0.05);
}

TEST(Members, AReferenceOfRecordsIsRefused) {
    const auto members = pictures(1000, 1);
    const auto made = MemberSet::make(members, members, {1, kSide, kSide}, 7);
    ASSERT_FALSE(made.ok());
    EXPECT_NE(made.error().line().find("held out"), std::string::npos);
    EXPECT_FALSE(MemberSet::make(members, pictures(100, 2), {1, kSide, kSide}, 7).ok());
    EXPECT_FALSE(MemberSet::make(std::span(members).first(kItem + 1), members, {1, kSide, kSide}, 7).ok());
    EXPECT_FALSE(MemberSet::make({}, members, {1, kSide, kSide}, 7).ok());
}

TEST(CoarseView, IsTheMeanOfBlocks) {
    std::vector<float> row(2 * 10 * 8);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(i);
    const CoarseView view({2, 10, 8});
    ASSERT_EQ(view.length(), 2U * 5 * 4);
    const auto seen = view(row);
    EXPECT_EQ(seen[0], (0 + 1 + 8 + 9) / 4.0F);
    EXPECT_EQ(seen[39], (row[159] + row[158] + row[151] + row[150]) / 4);
    EXPECT_EQ(CoarseView({12}).length(), 12U);
}

}  // namespace
}  // namespace bartizan::monitor
