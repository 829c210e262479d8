#include "quality/representation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bartizan::quality {
namespace {

using testing::HasSubstr;

/// So many items of each group, of which `positive` have label 1.
struct Part {
    std::int64_t items, positive;
};

Subject people(const std::vector<Part>& parts, data::Grouping& grouping) {
    Subject subject{.classes = 2};
    grouping.name = "sex";
    for (std::size_t g = 0; g < parts.size(); ++g) {
        grouping.groups.push_back(std::string(1, static_cast<char>('a' + g)));
        for (std::int64_t i = 0; i < parts[g].items; ++i) {
            grouping.of_item.push_back(static_cast<std::int32_t>(g));
            subject.labels.push_back(i < parts[g].positive ? 1 : 0);
            subject.ids.push_back(std::ssize(subject.ids));
        }
    }
    return subject;
}

const Issue* find(const std::vector<Issue>& issues, std::string_view kind) {
    for (const Issue& issue : issues)
        if (issue.kind == kind) return &issue;
    return nullptr;
}

TEST(GroupsOfPeople, CountsGroupsAndThoseWithoutOne) {
    data::Grouping grouping;
    const Subject subject = people({{60, 30}, {40, 20}}, grouping);
    grouping.of_item[0] = -1;
    const auto issues = representation_issues(subject, grouping);
    EXPECT_EQ(find(issues, "group_shares")->detail, "a: 59 (59.6 %), b: 40 (40.4 %), unknown: 1");
    EXPECT_EQ(find(issues, "underrepresented_group"), nullptr);
    EXPECT_EQ(find(issues, "label_gap"), nullptr);
}

TEST(GroupsOfPeople, NamesGroupsThatAreHardlyThere) {
    data::Grouping grouping;
    const auto few = representation_issues(people({{500, 250}, {29, 14}}, grouping), grouping);
    EXPECT_EQ(find(few, "underrepresented_group")->detail, "b (29)");
    data::Grouping other;
    const auto share = representation_issues(people({{5'000, 250}, {400, 20}}, other), other);
    EXPECT_EQ(find(share, "underrepresented_group")->detail, "b (400)") << "400 are many, but 7 % where half is even";
    data::Grouping even;
    EXPECT_EQ(find(representation_issues(people({{5'000, 250}, {600, 30}}, even), even), "underrepresented_group"),
              nullptr);
}

TEST(GroupsOfPeople, TellsOfLabelsWhoseIntervalsLieApart) {
    data::Grouping grouping;
    const auto issues = representation_issues(people({{400, 280}, {400, 120}}, grouping), grouping);
    const Issue* gap = find(issues, "label_gap");
    ASSERT_NE(gap, nullptr);
    EXPECT_THAT(gap->title, HasSubstr("70.0 % of 'a', 30.0 % of 'b'"));
    // Wilson, 95 %: 280 of 400 begins at 0.65341, 120 of 400 ends at 0.34659.
    EXPECT_NEAR(gap->score, 0.65341 - 0.34659, 1e-4);
    data::Grouping small;
    EXPECT_EQ(find(representation_issues(people({{35, 20}, {35, 15}}, small), small), "label_gap"), nullptr)
        << "so few may differ by chance";
}

}  // namespace
}  // namespace bartizan::quality
