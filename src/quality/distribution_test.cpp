#include "quality/distribution.h"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "quality/scratch_testing.h"

namespace bartizan::quality {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Subject labelled(std::vector<std::int64_t> labels, std::int64_t classes) {
    Subject subject;
    subject.ids.resize(labels.size());
    std::iota(subject.ids.begin(), subject.ids.end(), 0);
    subject.labels = std::move(labels);
    subject.classes = classes;
    return subject;
}

std::vector<std::int64_t> shuffled_labels(std::int64_t count, std::int64_t classes) {
    std::vector<std::int64_t> labels = permutation(count, 3);
    for (std::int64_t& label : labels) label %= classes;
    return labels;
}

const Issue* find(const std::vector<Issue>& issues, std::string_view kind) {
    for (const Issue& issue : issues)
        if (issue.kind == kind) return &issue;
    return nullptr;
}

TEST(Labels, OfARareClassAreAnImbalance) {
    std::vector<std::int64_t> labels(1'000, 0);
    for (std::size_t i = 0; i < 500; ++i) labels[i] = 1;
    EXPECT_THAT(label_issues(labelled(labels, 2)), IsEmpty());
    for (std::size_t i = 0; i < 440; ++i) labels[i] = 0;
    EXPECT_EQ(find(label_issues(labelled(labels, 2)), "class_imbalance"), nullptr);  // 6 %, the bar is 5 %
    for (std::size_t i = 440; i < 490; ++i) labels[i] = 0;
    const auto issues = label_issues(labelled(labels, 2));
    ASSERT_NE(find(issues, "class_imbalance"), nullptr);
    EXPECT_THAT(find(issues, "class_imbalance")->title, HasSubstr("1.00 %"));
}

TEST(Labels, ThatAreMissingOrAllTheSameAreTold) {
    EXPECT_THAT(find(label_issues(labelled({0, 1, -1, 1}, 2)), "missing_label")->indices, ElementsAre(2));
    EXPECT_EQ(find(label_issues(labelled({1, 1, 1}, 2)), "single_class")->severity, Severity::high);
}

TEST(Order, SortedLabelsAreFoundAndShuffledOnesAreNot) {
    std::vector<std::int64_t> labels = shuffled_labels(1'000, 4);
    EXPECT_THAT(order_issues(labelled(labels, 4), nullptr, 0), IsEmpty());
    std::ranges::sort(labels);
    const auto issues = order_issues(labelled(labels, 4), nullptr, 0);
    ASSERT_EQ(issues.size(), 1U);
    EXPECT_GT(issues[0].score, 0.9);
}

TEST(Order, NeighboursInSpaceThatAreNeighboursInTheFileAreFound) {
    Matrix walk{{}, 2}, noise{{}, 2};
    Random random(1, 0);
    float x = 0, y = 0;
    for (int i = 0; i < 2'000; ++i) {
        walk.values.insert(walk.values.end(), {x += random.normal(), y += random.normal()});
        noise.values.insert(noise.values.end(), {random.normal(), random.normal()});
    }
    const RunContext run;
    const Subject subject;
    const auto near = *nearest(walk, kNeighbours, run), far = *nearest(noise, kNeighbours, run);
    EXPECT_EQ(order_issues(subject, &near, 0).size(), 1U);
    EXPECT_THAT(order_issues(subject, &far, 0), IsEmpty());
}

TEST(Telling, IsOneForTheLabelItselfAndNothingForNoise) {
    const auto labels = shuffled_labels(2'000, 5);
    std::vector<float> same(labels.begin(), labels.end()), noise;
    Random random(2, 0);
    for (std::size_t i = 0; i < labels.size(); ++i) noise.push_back(random.normal());
    EXPECT_DOUBLE_EQ(telling(same, labels, 5), 1);
    EXPECT_LT(telling(noise, labels, 5), 0.1);
}

/// The baseline is the share of the largest class, not its number divided by the items.
TEST(Telling, GainsNothingOverAlwaysNamingTheLargestClass) {
    std::vector<std::int64_t> labels(2'000, 4);
    for (std::size_t i = 0; i < labels.size(); i += 20) labels[i] = labels[i + 1] = 0;
    std::vector<float> noise;
    Random random(4, 0);
    for (std::size_t i = 0; i < labels.size(); ++i) noise.push_back(random.normal());
    EXPECT_DOUBLE_EQ(telling(noise, labels, 5), 0);
}

TEST(Telling, LabelsThatAlternateAreLearntToo) {
    std::vector<std::int64_t> labels;
    for (std::int64_t i = 0; i < 1'000; ++i) labels.push_back(i % 2);
    EXPECT_DOUBLE_EQ(telling(std::vector<float>(labels.begin(), labels.end()), labels, 2), 1);
}

TEST(Telling, BrightnessThatFollowsTheLabelIsASpuriousCorrelation) {
    Subject subject = labelled(shuffled_labels(600, 3), 3);
    subject.info = {.kind = data::Kind::image, .item_shape = {1, 6, 6}};
    subject.values.width = 36;
    Random random(5, 0);
    for (const std::int64_t label : subject.labels)
        for (int i = 0; i < 36; ++i)
            subject.values.values.push_back(0.3F * static_cast<float>(label) + 0.1F * random.uniform());
    const auto issues = telling_issues(subject);
    ASSERT_NE(find(issues, "spurious_correlation"), nullptr);
    EXPECT_THAT(find(issues, "spurious_correlation")->title, HasSubstr("brightness"));
}

}  // namespace
}  // namespace bartizan::quality
