/// What a caller sees of the scores, against values worked out by hand and the sources' formulas.
#include "policy/output_policy.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::policy {
namespace {

std::vector<double> applied(std::string_view policy, std::vector<double> p, std::string_view input = "x",
                            std::uint8_t key = 0) {
    Key secret{};
    secret[0] = std::byte{key};
    OutputPolicy::parse(policy).value().with_key(secret).apply(p, std::as_bytes(std::span(input)));
    return p;
}

double l1(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
    return sum;
}

TEST(OutputPolicy, ShowsWhatEachStepSays) {
    const std::vector<double> p{0.62, 0.237, 0.1, 0.043};
    EXPECT_EQ(applied("none", p), p);
    EXPECT_EQ(applied("labels", p), (std::vector<double>{1, 0, 0, 0}));
    EXPECT_LT(l1(applied("top-k:2", p), {0.62, 0.237, 0.0715, 0.0715}), 1e-12);
    EXPECT_LT(l1(applied("round:1", p), {0.6, 0.2, 0.1, 0.0}), 1e-12);
    EXPECT_LT(l1(applied("temperature:1", p), p), 1e-12);
    // p^(1/2) normalised, by hand.
    EXPECT_LT(l1(applied("temperature:2", {0.64, 0.36}), {0.8 / 1.4, 0.6 / 1.4}), 1e-12);
    EXPECT_LT(l1(applied("top-k:1+round:1", p), {0.6, 0.1, 0.1, 0.1}), 1e-12);
}

TEST(OutputPolicy, RoundingNeverHidesTheFirstClassInATie) {
    const std::vector<double> shown = applied("round:1", {0.34, 0.31, 0.35});
    EXPECT_EQ(std::ranges::max_element(shown) - shown.begin(), 2);
    EXPECT_GT(shown[2], shown[0]);
    const std::vector<double> flat = applied("round:0", {0.2, 0.25, 0.3, 0.25});
    EXPECT_EQ(std::ranges::max_element(flat) - flat.begin(), 2);
}

TEST(OutputPolicy, ReverseSigmoidIsTheFormulaOfItsPaper) {
    // Lee et al. 2018 at beta 1, gamma 0.2, worked out apart: y - (s(0.2 logit y) - 1/2), then scaled.
    const double a = 0.99 - (1 / (1 + std::exp(-0.2 * std::log(0.99 / 0.01))) - 0.5);
    const double b = 0.01 - (1 / (1 + std::exp(-0.2 * std::log(0.01 / 0.99))) - 0.5);
    EXPECT_LT(l1(applied("reverse-sigmoid:1,0.2", {0.99, 0.01}), {a / (a + b), b / (a + b)}), 1e-12);
}

TEST(OutputPolicy, NoiseIsKeyedByTheInputSoThatRepeatsDoNotAverageOut) {
    const std::vector<double> p{0.5, 0.3, 0.2};
    std::vector<double> repeated(3, 0), varied(3, 0);
    constexpr int kTimes = 2000;
    for (int i = 0; i < kTimes; ++i) {
        const auto same = applied("noise:0.1", p, "the same input", 7);
        const auto other = applied("noise:0.1", p, std::to_string(i), 7);
        for (std::size_t k = 0; k < 3; ++k) repeated[k] += same[k] / kTimes, varied[k] += other[k] / kTimes;
    }
    EXPECT_GT(l1(repeated, p), 0.02);  // asking again teaches nothing
    EXPECT_LT(l1(varied, p), 0.02);    // the noise itself has no bias to speak of
    EXPECT_NE(applied("noise:0.1", p, "a", 1), applied("noise:0.1", p, "a", 2)) << "another key, another noise";
}

TEST(OutputPolicy, WhateverIsAskedTheAnswerStaysAnAnswer) {
    for (const char* text : {"labels", "top-k:3", "round:2", "temperature:0.1", "temperature:50", "noise:2",
                             "reverse-sigmoid:10,0.01", "noise:0.1+round:1+labels"})
        for (std::uint64_t row = 0; row < 50; ++row) {
            std::vector<double> p(7);
            Random random(3, row);
            double sum = 0;
            for (double& value : p) sum += value = std::pow(random.uniform53(), 9);
            for (double& value : p) value /= sum;
            const auto label = std::ranges::max_element(p) - p.begin();
            const auto shown = applied(text, p);
            for (const double value : shown) EXPECT_TRUE(value >= 0 && value <= 1) << text;
            const bool bends = std::string_view(text).find("noise") == 0 || text[2] == 'v';
            EXPECT_TRUE(bends || std::ranges::max_element(shown) - shown.begin() == label) << text;
        }
    EXPECT_LT(l1(applied("temperature:2", {0, 0, 0}), {1. / 3, 1. / 3, 1. / 3}), 1e-12);
}

TEST(OutputPolicy, ReadsWhatItWritesAndRefusesTheRest) {
    for (const char* text : {"none", "labels", "top-k:3", "round:2", "temperature:1.5", "noise:0.05",
                             "reverse-sigmoid:1,0.2", "top-k:3+round:2"})
        EXPECT_EQ(OutputPolicy::parse(text).value().text(), text);
    for (const char* text : {"", "label", "round", "round:", "round:1.5", "round:99", "top-k:0", "labels:1", "noise:-1",
                             "noise:nan", "reverse-sigmoid:1", "round:1+", "+round:1", "temperature:0"})
        EXPECT_FALSE(OutputPolicy::parse(text).ok()) << text;
    EXPECT_FALSE(OutputPolicy::parse(std::string(10'000, '+')).ok());
    EXPECT_NE(OutputPolicy::parse("digits:2").error().line().find("round:DIGITS"), std::string::npos);
}

}  // namespace
}  // namespace bartizan::policy
