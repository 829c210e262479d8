#include "data/groups.h"

#include "data/scratch_testing.h"

namespace bartizan::data {
namespace {

class Groups : public Scratch {
protected:
    struct Opened {
        std::unique_ptr<Dataset> set;
        Batch batch;
    };
    /// Five rows; age and height as columns; sex as an array of words beside x.
    Opened table() const {
        const NdArray x =
            *NdArray::from<float>({5, 2}, std::vector<float>{20, 1.6F, 30, 1.7F, 45, 1.8F, 60, 1.9F, 24.5F, 1.5F});
        const NdArray y = *NdArray::from<std::int64_t>({5}, std::vector<std::int64_t>{0, 1, 0, 1, 0});
        const NdArray member = *NdArray::from<std::int64_t>({5}, std::vector<std::int64_t>{1, 0, 1, 0, 1});
        EXPECT_TRUE(formats::write_npz(path("t.npz"), {{"x", x}, {"y", y}, {"member", member}}).ok());
        Opened out{*open(path("t.npz")), {}};
        out.batch = *read_all(*out.set);
        return out;
    }
    static Info with_columns(const Info& info) {
        Info out = info;
        out.column_names = {"age", "height"};
        return out;
    }
};

TEST_F(Groups, AreReadFromAnArrayBesideX) {
    const Opened opened = table();
    const auto groups = read_grouping(opened.set->info(), opened.batch, "member");
    ASSERT_TRUE(groups.ok()) << groups.error().line();
    EXPECT_EQ(groups->groups, (std::vector<std::string>{"0", "1"}));
    EXPECT_EQ(groups->of_item, (std::vector<std::int32_t>{1, 0, 1, 0, 1}));
}

TEST_F(Groups, FollowTheItemsOfASample) {
    Opened opened = table();
    opened.batch.ids = {3, 0};
    EXPECT_EQ(read_grouping(opened.set->info(), opened.batch, "member")->of_item, (std::vector<std::int32_t>{0, 1}));
    opened.batch.ids = {9};
    EXPECT_FALSE(read_grouping(opened.set->info(), opened.batch, "member").ok());
}

TEST_F(Groups, AColumnIsCutWhereTheUserSays) {
    const Opened opened = table();
    const Info info = with_columns(opened.set->info());
    const auto groups = read_grouping(info, opened.batch, "age:25,45");
    ASSERT_TRUE(groups.ok()) << groups.error().line();
    EXPECT_EQ(groups->groups, (std::vector<std::string>{"under 25", "25 to 45", "45 and over"}));
    EXPECT_EQ(groups->of_item, (std::vector<std::int32_t>{0, 1, 2, 2, 0}));
    EXPECT_EQ(read_grouping(info, opened.batch, "height")->groups.size(), 5U);
}

TEST_F(Groups, ComeFromAFileOfTheirOwn) {
    const Opened opened = table();
    const auto file = write("g.csv", "id,sex\n1,f\n2,m\n3,m\n4,\n5,f\n");
    const auto groups = read_grouping(opened.set->info(), opened.batch, "sex", file);
    ASSERT_TRUE(groups.ok()) << groups.error().line();
    EXPECT_EQ(groups->groups, (std::vector<std::string>{"f", "m"}));
    EXPECT_EQ(groups->of_item, (std::vector<std::int32_t>{0, 1, 1, -1, 0}));
}

TEST_F(Groups, IntersectionsHoldThoseThatExist) {
    const Grouping a{"a", {"x", "y"}, {0, 1, 0, -1}}, b{"b", {"p", "q"}, {0, 1, 0, 1}};
    const Grouping both = intersection(a, b);
    EXPECT_EQ(both.name, "a x b");
    EXPECT_EQ(both.groups, (std::vector<std::string>{"x, p", "y, q"}));
    EXPECT_EQ(both.of_item, (std::vector<std::int32_t>{0, 1, 0, -1}));
}

TEST_F(Groups, WhatIsNotThereIsNamed) {
    const Opened opened = table();
    const auto none = read_grouping(opened.set->info(), opened.batch, "race");
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().code(), Errc::not_found);
    EXPECT_NE(none.error().line().find("member"), std::string::npos) << none.error().line();
    const auto file = write("g.csv", "sex\nf\nm\n");
    EXPECT_NE(read_grouping(opened.set->info(), opened.batch, "race", file).error().line().find("sex"),
              std::string::npos);
    EXPECT_FALSE(read_grouping(opened.set->info(), opened.batch, "sex", file).ok()) << "too short";
    EXPECT_FALSE(read_grouping(opened.set->info(), opened.batch, "sex:1", file).ok()) << "words are not cut";
    EXPECT_FALSE(read_grouping(opened.set->info(), opened.batch, "member:x").ok());
    EXPECT_FALSE(read_grouping(opened.set->info(), opened.batch, "member:5,3").ok());
}

TEST_F(Groups, TooManyValuesAreNoGroups) {
    std::vector<float> x(100);
    std::vector<std::int64_t> y(100, 0);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
    y[1] = 1;
    const auto set = *open(write_xy<float, std::int64_t>({100, 1}, x, y));
    Info info = set->info();
    info.column_names = {"age"};
    const auto groups = read_grouping(info, *read_all(*set), "age");
    ASSERT_FALSE(groups.ok());
    EXPECT_NE(groups.error().line().find("age:25,45"), std::string::npos) << groups.error().line();
}

}  // namespace
}  // namespace bartizan::data
