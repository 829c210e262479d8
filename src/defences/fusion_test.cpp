/// Votes are calibrated on trusted items, and count in pairs; STRIP and neighbours in closed form.
#include "defences/fusion.h"

#include <algorithm>
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
    Vote vote{"v", std::vector<double>(items, 0), {}, 0.5, 0.01, {}, 100};
    for (const std::size_t row : rows) vote.scores[row] = 1;
    return vote;
}
Votes both(const Vote& a, const Vote& b) {
    Votes out;
    out.votes = {a, b};
    out.rate = 0.01;
    return out;
}

TEST(Fusion, OneVoteIsNoneTwoAreASuspect) {
    std::vector<std::int64_t> labels;
    for (std::int64_t i = 0; i < 200; ++i) labels.push_back(i % 2);
    ScanResult scan;
    scan.verdict = PoisonVerdict::clean;
    scan.suspects = {7};
    scan.classes = {{0, 100, 1, 0, false}, {1, 100, 9, 20, true}};
    const PoisonCheck check = fuse(scan, both(votes_for(200, {1, 2, 9}), votes_for(200, {2, 3, 9})), labels);
    EXPECT_EQ(check.verdict, PoisonVerdict::suspicious);
    EXPECT_EQ(check.suspects, (std::vector<std::int64_t>{7, 9})) << "SCAn's, and two votes in a suspicious class";
    EXPECT_EQ(check.doubtful, (std::vector<std::int64_t>{2})) << "two votes in a class that is not";
    EXPECT_EQ(check.classes[1].rows, check.suspects);
    EXPECT_TRUE(check.classes[0].rows.empty());
}

TEST(Fusion, AClassIsSuspiciousByScanOrByManyVotes) {
    const std::vector<std::int64_t> labels(100, 4);
    Vote many = votes_for(100, {});
    for (std::size_t i = 0; i < 30; ++i) many.scores[i] = 1;
    const Votes votes = both(many, many);
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

TEST(CalibrateTogether, PairsOfVotesFallOnTheRateThatWasAskedFor) {
    // Two detectors that agree on nothing by habit: each may be wrong far more often than the pair.
    std::vector<double> up = ramp(1000), shuffled;
    for (const std::int64_t value : permutation(1000, 3)) shuffled.push_back(static_cast<double>(value));
    const Votes votes = calibrate_together({{"a", {2000}, up}, {"b", {2000}, shuffled}}, 0.01).value();
    EXPECT_LE(votes.clean_rate, 0.01);
    EXPECT_GT(votes.level, 0.05) << "1 % each would make pairs as rare as 1 in 10,000";
    EXPECT_EQ(std::count(votes.clean_suspects.begin(), votes.clean_suspects.end(), 1), std::lround(votes.clean_rate * 1000));
    EXPECT_EQ(votes.votes[1].calibrated_on, 1000);
}

TEST(CalibrateTogether, DetectorsThatAlwaysAgreeGetTheRateItself) {
    const Votes votes = calibrate_together({{"a", {1}, ramp(1000)}, {"b", {1}, ramp(1000)}}, 0.01).value();
    EXPECT_DOUBLE_EQ(votes.level, 0.01);
    EXPECT_DOUBLE_EQ(votes.clean_rate, 0.01);
}

TEST(CalibrateTogether, OneDetectorAloneConvictsNobodyAndNoneIsNoVote) {
    const Votes alone = calibrate_together({{"a", std::vector<double>(50, 900), ramp(200)}}, 0.01).value();
    EXPECT_DOUBLE_EQ(alone.votes[0].clean_rate, 0.01);
    EXPECT_EQ(alone.clean_rate, 0);
    const PoisonCheck check = fuse({}, alone, std::vector<std::int64_t>(50, 3));
    EXPECT_EQ(check.verdict, PoisonVerdict::inconclusive);
    EXPECT_TRUE(check.suspects.empty() && check.doubtful.empty());
    EXPECT_TRUE(calibrate_together({}, 0.01).value().votes.empty());
    EXPECT_FALSE(calibrate_together({{"a", {1}, ramp(50)}}, 0.01).ok()) << "50 items show no rate of 1 %";
}

TEST(Fusion, AClassThatIsHardToTellHasAShareOfItsOwn) {
    const std::vector<std::int64_t> labels(1000, 4);
    Vote many = votes_for(1000, {});
    for (std::size_t i = 0; i < 120; ++i) many.scores[i] = 1;
    Votes votes = both(many, many);
    EXPECT_TRUE(fuse({}, votes, labels).classes[0].by_votes);
    const std::vector<std::int64_t> trusted(100, 4);
    for (Vote& vote : votes.votes) vote.clean = ramp(100);
    votes.clean_suspects.assign(100, 0);
    votes.clean_suspects[5] = 1;
    EXPECT_TRUE(fuse({}, votes, labels, trusted).classes[0].by_votes);
    std::fill_n(votes.clean_suspects.begin(), 8, 1);
    EXPECT_FALSE(fuse({}, votes, labels, trusted).classes[0].by_votes) << "8 of 100 trusted ones look so too";
}

TEST(Fusion, InASuspiciousClassTheRateOfTheWholeSetIsSpent) {
    // Class 0: 200 of 400 items are loud to two of three detectors, a quarter of them below the thresholds; the third
    // hears nothing. Class 1: 1,600 quiet items.
    std::vector<std::int64_t> labels(2000, 1), trusted(200, 0);
    std::fill_n(labels.begin(), 400, 0);
    std::vector<double> usual, scores;
    for (std::int64_t i = 0; i < 200; ++i) usual.push_back(static_cast<double>(i) / 100);  // 0 to 2
    for (std::size_t i = 0; i < 2000; ++i) scores.push_back(i < 200 ? (i % 4 == 0 ? 1.95 : 5) : usual[(i * 7) % 190]);
    const std::vector<double> deaf(2000, -9), deaf_usual = ramp(200);
    const Votes votes = calibrate_together({{"a", scores, usual}, {"b", scores, usual}, {"deaf", deaf, deaf_usual}}, 0.01).value();
    const PoisonCheck check = fuse({}, votes, labels, trusted);
    ASSERT_TRUE(check.classes[0].by_votes);
    EXPECT_FALSE(check.classes[1].by_votes);
    std::int64_t found = 0;
    for (const std::int64_t row : check.suspects) found += row < 200 ? 1 : 0;
    EXPECT_EQ(found, 200) << "also those that are only a little loud";
    EXPECT_LE(std::ssize(check.suspects) - found, 20) << "1 % of 2,000";
}

/// `n` items of labels 0 and 1 on a line, a thousand apart.
at::Tensor line(std::int64_t n) {
    at::Tensor x = at::empty({n, 1}, at::kFloat);
    for (std::int64_t i = 0; i < n; ++i) x.data_ptr<float>()[i] = static_cast<float>(i < n / 2 ? i : 1000 + i);
    return x;
}

std::vector<std::int64_t> halves(std::int64_t n) {
    std::vector<std::int64_t> y;
    for (std::int64_t i = 0; i < n; ++i) y.push_back(i < n / 2 ? 0 : 1);
    return y;
}

TEST(Neighbours, ContrastIsTheRatioOfDistances) {
    const at::Tensor clean = line(80);
    const std::vector<std::int64_t> y = halves(80);
    at::Tensor x = at::empty({2, 1}, at::kFloat);
    x.data_ptr<float>()[0] = 10.5F;
    x.data_ptr<float>()[1] = 10.5F;
    const auto found = label_contrast(x, std::vector<std::int64_t>{0, 1}, clean, y, 1).value();
    // Nearest of label 0: 0.5 away; of label 1, which begins at 1040: 1029.5 away.
    EXPECT_NEAR(found[0], std::log(0.5 / 1029.5), 1e-3);
    EXPECT_NEAR(found[1], -found[0], 1e-9) << "the other label turns it round";
}

TEST(Neighbours, AnItemIsNoNeighbourOfItself) {
    const at::Tensor clean = line(80);
    const std::vector<std::int64_t> y = halves(80);
    const auto found = label_contrast(clean, y, clean, y, 1).value();
    EXPECT_NEAR(found[10], std::log(1.0 / 1030.0), 1e-3) << "one away, not none";
}

TEST(Neighbours, RefusesTooFewTrustedItemsOrLabels) {
    const at::Tensor few = line(30), clean = line(80);
    const auto error = label_contrast(few, halves(30), few, halves(30));
    ASSERT_FALSE(error.ok());
    EXPECT_NE(error.error().line().find("15 trusted items"), std::string::npos) << error.error().line();
    const std::vector<std::int64_t> alone(80, 0);
    EXPECT_FALSE(label_contrast(clean, alone, clean, alone).ok());
    EXPECT_FALSE(label_contrast(clean, std::vector<std::int64_t>(80, 7), clean, halves(80)).ok());
}

}  // namespace
}  // namespace bartizan::defences
