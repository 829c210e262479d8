#include "data/member_pool.h"

#include <gtest/gtest.h>

namespace bartizan::data {
namespace member_pool_test {
namespace {

Batch batch(std::int64_t items, float first, std::int64_t width = 2) {
    Batch out;
    std::vector<float> values;
    for (std::int64_t i = 0; i < items * width; ++i) values.push_back(first + static_cast<float>(i));
    out.x = NdArray::from<float>({items, width}, values).value();
    for (std::int64_t i = 0; i < items; ++i) out.y.push_back(i % 2), out.ids.push_back(i);
    return out;
}

TEST(MemberPool, MembersComeFirst) {
    const auto pool = member_pool(batch(3, 0), batch(2, 100));
    ASSERT_TRUE(pool.ok());
    EXPECT_EQ(pool->member, (std::vector<std::uint8_t>{1, 1, 1, 0, 0}));
    EXPECT_EQ(pool->members, 3U);
    EXPECT_EQ(pool->batch.x.shape(), (Shape{5, 2}));
    EXPECT_EQ(pool->batch.x.values<float>()[6], 100);
    EXPECT_EQ(pool->batch.y, (std::vector<std::int64_t>{0, 1, 0, 0, 1}));
    EXPECT_EQ(pool->batch.ids.back(), 4);
}

TEST(MemberPool, AnItemOnBothSidesIsRefused) {
    const auto pool = member_pool(batch(3, 0), batch(3, 4));
    ASSERT_FALSE(pool.ok());
    EXPECT_NE(pool.error().line().find("1 items are members and non-members, the first is row 0"), std::string::npos);
}

TEST(MemberPool, CopiesAreLeftOut) {
    const auto left = without_copies(batch(3, 0), batch(1, 2));
    ASSERT_TRUE(left.ok());
    EXPECT_EQ(left->ids, (std::vector<std::int64_t>{0, 2}));
    EXPECT_EQ(left->x.values<float>()[2], 4);
    EXPECT_EQ(left->y, (std::vector<std::int64_t>{0, 0}));
}

TEST(MemberPool, OtherShapesAreRefused) {
    EXPECT_NE(member_pool(batch(3, 0), batch(3, 90, 3)).error().line().find("[3, 3]"), std::string::npos);
}

}  // namespace
}  // namespace member_pool_test
}  // namespace bartizan::data
