#include "quality/drift.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "quality/representation.h"
#include "quality/scratch_testing.h"

namespace bartizan::quality {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(KolmogorovSmirnov, IsTheLargestGapOfTheTwoStairs) {
    EXPECT_DOUBLE_EQ(ks_distance({1, 2, 3, 4}, {1, 2, 3, 4}), 0);
    EXPECT_DOUBLE_EQ(ks_distance({1, 2}, {3, 4}), 1);
    EXPECT_DOUBLE_EQ(ks_distance({1, 2, 3, 4}, {3, 4, 5, 6}), 0.5);
    EXPECT_DOUBLE_EQ(ks_distance({1, NAN, 2}, {}), 0);
}

class Drift : public Scratch {
protected:
    std::string table(double shift, std::uint64_t stream) const {
        Random random(9, stream);
        std::string csv = "a,b,kind,y\n";
        for (int i = 0; i < 800; ++i)
            csv += fmt::format("{:.4f},{:.4f},{},{}\n", random.normal() + shift, random.normal(),
                               random.uniform() < 0.5 ? "red" : "blue", i % 2 == 0 ? "yes" : "no");
        return csv;
    }
};

TEST_F(Drift, IsNotSeenBetweenTwoDrawsOfOneSource) {
    EXPECT_THAT(drift_issues(subject(table(0, 1), "y"), subject(table(0, 1), "y")), IsEmpty());
    EXPECT_EQ(find(drift_issues(subject(table(0, 2), "y"), subject(table(0, 1), "y")), "distribution_drift"), nullptr);
}

TEST_F(Drift, OfOneColumnIsFoundAndNamed) {
    const auto issues = drift_issues(subject(table(0.5, 2), "y"), subject(table(0, 1), "y"));
    const Issue* drift = find(issues, "distribution_drift");
    ASSERT_NE(drift, nullptr);
    EXPECT_THAT(drift->title, HasSubstr("'a'"));
    const Issue* range = find(drift_issues(subject(table(9, 2), "y"), subject(table(0, 1), "y")), "range_drift");
    ASSERT_NE(range, nullptr);
}

TEST_F(Drift, OfTheFormIsFound) {
    const Subject before = subject("a,b,y\n1,x,0\n2,y,1\n", "y");
    const auto title = [&](std::string_view csv) {
        const auto issues = drift_issues(subject(csv, "y"), before);
        return issues.empty() ? std::string() : issues.front().title;
    };
    EXPECT_THAT(title("a,y\n1,0\n2,1\n"), HasSubstr("1 columns are gone"));
    EXPECT_THAT(title("a,b,c,y\n1,x,1,0\n2,y,2,1\n"), HasSubstr("1 columns are new"));
    EXPECT_THAT(title("b,a,y\nx,1,0\ny,2,1\n"), HasSubstr("another order"));
    EXPECT_THAT(title("a,b,y\nu,x,0\nv,y,1\n"), HasSubstr("'a' holds words now"));
    EXPECT_THAT(title("a,b,y\n1,x,0\n2,y,2\n"), HasSubstr("1 classes are new"));
    EXPECT_THAT(title("a,b,y\n1,x,0\n2,z,1\n"), HasSubstr("'b' has 1 words"));
    EXPECT_EQ(title("a,b,y\n2,x,0\n1,y,1\n"), "");
}

class Representation : public Scratch {};

TEST_F(Representation, CountsGroupsAndComparesTheirLabels) {
    Subject people;
    data::Grouping sex{.name = "sex", .groups = {"female", "male", "other"}};
    for (int i = 0; i < 1'000; ++i) {
        const int group = i % 50 == 0 ? 2 : i % 2;
        sex.of_item.push_back(i == 999 ? -1 : group);
        people.ids.push_back(i);
        people.labels.push_back(group == 1 ? (i % 10 < 7 ? 1 : 0) : (i % 10 < 3 ? 1 : 0));
    }
    people.classes = 2;
    const auto issues = representation_issues(people, sex);
    EXPECT_THAT(find(issues, "group_shares")->detail, HasSubstr("male: 499 (49.9 %)"));
    EXPECT_THAT(find(issues, "group_shares")->detail, HasSubstr("unknown: 1"));
    EXPECT_THAT(find(issues, "underrepresented_group")->detail, HasSubstr("other (20)"));
    ASSERT_NE(find(issues, "label_gap"), nullptr);
    EXPECT_THAT(find(issues, "label_gap")->title, HasSubstr("'male'"));
}

}  // namespace
}  // namespace bartizan::quality
