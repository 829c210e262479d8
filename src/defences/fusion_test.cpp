/// Votes are calibrated on trusted items, and count in pairs; STRIP and neighbours in closed form.
#include "defences/fusion.h"

#include <cmath>
#include <limits>

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "defences/neighbours.h"
#include "defences/strip.h"

namespace bartizan::defences {
namespace {

std::vector<double> ramp(int n) {
    std::vector<double> out;
    for (int i = 0; i < n; ++i) out.push_back(i);
    return out;
}

TEST(CalibratedVote, OneInAHundredTrustedItemsIsAboveItsThreshold) {
    const Vote vote = calibrated_vote("strip", {5, 300}, ramp(200), 0.01).value();
    EXPECT_EQ(vote.threshold, 197);
    EXPECT_DOUBLE_EQ(vote.clean_rate, 0.01);
    EXPECT_EQ(vote.calibrated_on, 200);
    EXPECT_LT(vote.clean_interval.low, 0.01);
    EXPECT_GT(vote.clean_interval.high, 0.01);
}

TEST(CalibratedVote, TiesNeverRaiseTheRate) {
    std::vector<double> clean(100, 0.5);
    clean[3] = 0;
    EXPECT_EQ(calibrated_vote("neighbours", {1}, clean, 0.01).value().clean_rate, 0);
}

TEST(CalibratedVote, RefusesTooFewTrustedItemsAndScoresThatAreNone) {
    EXPECT_FALSE(calibrated_vote("strip", {1}, ramp(99), 0.01).ok());
    EXPECT_FALSE(calibrated_vote("strip", {std::nan("")}, ramp(200), 0.01).ok());
    EXPECT_FALSE(calibrated_vote("strip", {1}, {}, 0.01).ok());
}

Vote votes_for(std::size_t items, std::initializer_list<std::size_t> rows) {
    Vote vote{"v", std::vector<double>(items, 0), 0.5, 0.01, {}, 100};
    for (const std::size_t row : rows) vote.scores[row] = 1;
    return vote;
}

TEST(Fusion, OneVoteIsNoneTwoAreASuspect) {
    std::vector<std::int64_t> labels;
    for (std::int64_t i = 0; i < 200; ++i) labels.push_back(i % 2);
    ScanResult scan;
    scan.verdict = PoisonVerdict::clean;
    scan.suspects = {7};
    const Vote votes[] = {votes_for(200, {1, 2}), votes_for(200, {2, 3})};
    const PoisonCheck check = fuse(scan, votes, labels);
    EXPECT_EQ(check.suspects, (std::vector<std::int64_t>{2, 7}));
    EXPECT_EQ(check.verdict, PoisonVerdict::clean) << "one item in a hundred is what chance gives";
    EXPECT_EQ(check.classes[0].suspects, 1);
    EXPECT_EQ(check.classes[1].suspects, 1);
}

TEST(Fusion, AClassIsSuspiciousByScanOrByManyVotes) {
    const std::vector<std::int64_t> labels(100, 4);
    Vote many = votes_for(100, {});
    for (std::size_t i = 0; i < 30; ++i) many.scores[i] = 1;
    const Vote votes[] = {many, many};
    ScanResult quiet;
    EXPECT_EQ(fuse(quiet, {}, labels).verdict, PoisonVerdict::inconclusive) << "never a silent pass";
    const PoisonCheck by_votes = fuse(quiet, votes, labels);
    EXPECT_EQ(by_votes.verdict, PoisonVerdict::suspicious);
    EXPECT_TRUE(by_votes.classes[0].by_votes);
    ScanResult flagged;
    flagged.classes = {{4, 100, 1, 9, true}};
    EXPECT_TRUE(fuse(flagged, {}, labels).classes[0].by_scan);
    EXPECT_EQ(fuse(flagged, {}, labels).verdict, PoisonVerdict::suspicious);
}

NdArray items(std::int64_t n, float value) {
    const std::vector<float> values(static_cast<std::size_t>(n * 4), value);
    return NdArray::from<float>({n, 4}, std::span<const float>(values)).value();
}

/// Two logits: certain of class 0 where the first pixel is above one half, else undecided.
Result<NdArray> half_certain(const NdArray& x) {
    std::vector<float> logits;
    for (std::int64_t i = 0; i < x.shape()[0]; ++i) {
        logits.push_back(x.values<float>()[static_cast<std::size_t>(i * 4)] > 0.5F ? 100.0F : 0.0F);
        logits.push_back(0);
    }
    return NdArray::from<float>({x.shape()[0], 2}, std::span<const float>(logits));
}

TEST(Strip, EntropyIsTakenOverTheClasses) {
    const NdArray bright = items(3, 1), dark = items(300, 0.2F);
    const auto stubborn = strip_entropies(bright, dark, half_certain, {.blends = 7}).value();
    ASSERT_EQ(stubborn.size(), 3U);
    for (const double bits : stubborn) EXPECT_NEAR(bits, 0, 1e-9) << "(1 + 0.2) / 2 keeps its answer";
    const auto confused = strip_entropies(dark, dark, half_certain).value();
    for (const double bits : confused)
        EXPECT_NEAR(bits, 1, 1e-9) << "one bit: undecided between two";
}

TEST(Strip, RefusesShapesThatDoNotFit) {
    const NdArray other = NdArray::zeros(DType::f32, {3, 5}).value();
    EXPECT_FALSE(strip_entropies(items(3, 1), other, half_certain).ok());
    EXPECT_FALSE(strip_entropies(items(3, 1), items(3, 1), half_certain, {.blends = 0}).ok());
    const Forward broken = [](const NdArray&) -> Result<NdArray> { return invalid_input("broken"); };
    EXPECT_FALSE(strip_entropies(items(3, 1), items(3, 1), broken).ok());
}

at::Tensor line(std::int64_t n) {
    at::Tensor x = at::empty({n, 1}, at::kFloat);
    for (std::int64_t i = 0; i < n; ++i) x.data_ptr<float>()[i] = static_cast<float>(i < n / 2 ? i : 1000 + i);
    return x;
}

TEST(Neighbours, DisagreeWhereTheLabelIsTheOtherGroups) {
    const at::Tensor clean = line(20);
    std::vector<std::int64_t> y;
    for (std::int64_t i = 0; i < 20; ++i) y.push_back(i < 10 ? 0 : 1);
    const auto same = neighbour_disagreement(clean, y, clean, y, 5).value();
    for (const double share : same) EXPECT_EQ(share, 0);
    std::vector<std::int64_t> wrong = y;
    wrong[4] = 1;
    const auto shares = neighbour_disagreement(line(20), wrong, clean, y, 5).value();
    EXPECT_EQ(shares[4], 1);
    EXPECT_EQ(shares[5], 0);
}

TEST(Neighbours, AnItemIsNoNeighbourOfItself) {
    const at::Tensor clean = line(4);
    const std::vector<std::int64_t> y = {0, 1, 2, 3};
    const auto alone = neighbour_disagreement(clean, y, clean, y, 1).value();
    for (const double share : alone) EXPECT_EQ(share, 1);
    EXPECT_FALSE(neighbour_disagreement(clean, y, clean, y, 4).ok());
}

}  // namespace
}  // namespace bartizan::defences
