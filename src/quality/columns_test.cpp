#include "quality/columns.h"

#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quality/scratch_testing.h"

namespace bartizan::quality {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Columns : public Scratch {};

TEST_F(Columns, ThatLackValuesAreNamedWithTheirRows) {
    const auto issues = column_issues(subject("a,b,c\n1,,x\n2,NA,y\n,nan,z\n"));
    EXPECT_THAT(find(issues, "missing_values")->indices, ElementsAre(2));
    EXPECT_THAT(find(issues, "missing_values")->title, HasSubstr("'a' lacks 1 of 3"));
    EXPECT_THAT(find(issues, "empty_column")->title, HasSubstr("'b'"));
}

TEST_F(Columns, OfOneValueAreConstantWhetherNumberOrWord) {
    const auto issues = column_issues(subject("a,b,c\n1,x,1\n1,x,2\n1,x,3\n"));
    ASSERT_NE(find(issues, "constant_column"), nullptr);
    EXPECT_EQ(find(issues, "constant_column")->detail, "a, b");
}

TEST_F(Columns, WithWordsAmongNumbersAreMixed) {
    std::string csv = "a\n";
    for (int i = 0; i < 20; ++i) csv += i == 7 ? "unknown\n" : fmt::format("{}\n", i * i);
    const auto issues = column_issues(subject(csv));
    const Issue* mixed = find(issues, "mixed_types");
    ASSERT_NE(mixed, nullptr);
    EXPECT_THAT(mixed->indices, ElementsAre(7));
    EXPECT_THAT(mixed->title, HasSubstr("1 words among 19 numbers"));
}

TEST_F(Columns, WithASlipOfTheDecimalPointAreOutOfRange) {
    std::string csv = "height\n";
    for (int i = 0; i < 100; ++i) csv += i == 41 ? "17800\n" : fmt::format("{}\n", 160 + i * 7 % 40);
    const auto issues = column_issues(subject(csv));
    const Issue* range = find(issues, "out_of_range");
    ASSERT_NE(range, nullptr);
    EXPECT_THAT(range->indices, ElementsAre(41));
    EXPECT_TRUE(range->suspect);
}

TEST_F(Columns, WithALongTailAreNotOutOfRange) {
    std::string csv = "income\n";
    for (int i = 0; i < 500; ++i) csv += fmt::format("{}\n", std::exp(i / 40.0));
    EXPECT_EQ(find(column_issues(subject(csv)), "out_of_range"), nullptr);
}

TEST_F(Columns, ThatCountTheRowsAreIdentifiers) {
    std::string csv = "id,value\n";
    for (int i = 0; i < 60; ++i) csv += fmt::format("{},{}\n", 1000 + i, i % 7);
    EXPECT_EQ(find(column_issues(subject(csv)), "identifier_column")->detail, "id");
}

TEST_F(Columns, WithoutAFaultGiveNoIssue) { EXPECT_THAT(column_issues(subject("a,b\n1,x\n2,y\n3,x\n")), IsEmpty()); }

TEST(Arrays, WithNanInfinityBlanksAndStrayValuesAreTold) {
    Subject pictures{.info = {.kind = data::Kind::image, .item_shape = {2, 2}}};
    pictures.values.width = 4;
    for (int i = 0; i < 1000; ++i) {
        const float v = static_cast<float>(i) / 1000;
        for (const float value : {v, 0.5F, v / 2, 1.0F}) pictures.values.values.push_back(value);
        pictures.ids.push_back(i);
    }
    auto& x = pictures.values.values;
    x[4 * 3] = NAN;
    x[4 * 5 + 1] = INFINITY;
    x[4 * 8 + 2] = -0.25F;
    for (int i = 0; i < 4; ++i) x[std::size_t(4 * 11 + i)] = 0.5F;
    std::map<std::string_view, std::vector<std::int64_t>> found;
    for (const Issue& issue : array_issues(pictures)) found[issue.kind] = issue.indices;
    EXPECT_THAT(found["missing_values"], ElementsAre(3));
    EXPECT_THAT(found["infinite_values"], ElementsAre(5));
    EXPECT_THAT(found["out_of_range"], ElementsAre(5, 8));
    EXPECT_THAT(found["blank_item"], ElementsAre(11));
}

}  // namespace
}  // namespace bartizan::quality
