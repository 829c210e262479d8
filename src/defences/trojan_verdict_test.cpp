#include "defences/trojan_verdict.h"

#include <gtest/gtest.h>

namespace bartizan::defences {
namespace {

/// Ten classes, of which 5 and 8 are easy by nature; `target` is `times` as easy as usual.
ClassStatistics easy(std::size_t target, double times, double wobble = 0) {
    ClassStatistics made;
    for (std::size_t c = 0; c < 10; ++c) {
        const double nature = c == 5 || c == 8 ? 3 : 1, odd = c == target ? times : 1;
        const double noise = 1 + wobble * (c % 2 == 0 ? 1 : -1);
        made.margins.push_back(10 * nature * odd * noise);
        made.sizes.push_back(60 / nature / odd * noise);
        made.successes.push_back(0.97);
    }
    return made;
}

const std::vector<ClassStatistics> kClean = {easy(0, 1, 0.02), easy(0, 1, -0.02), easy(0, 1, 0.05), easy(0, 1, -0.05)};

TEST(TrojanVerdict, ForgivesWhatIsEasyByNatureWhereThereAreReferences) {
    const Judgement judged = judge(easy(0, 1), kClean).value();
    EXPECT_EQ(judged.verdict, Verdict::clean);
    EXPECT_LT(judged.score, 0.5);
    EXPECT_TRUE(judged.calibrated);
    EXPECT_EQ(judged.references_flagged, 0);
    ASSERT_TRUE(judged.false_positive_rate.has_value());
    EXPECT_EQ(judged.false_positive_rate->low, 0);
    EXPECT_NEAR(judged.false_positive_rate->high, 0.4899, 1e-3);  // Wilson, 0 of 4
}

TEST(TrojanVerdict, NamesAHardClassThatBecameEasy) {
    const Judgement judged = judge(easy(2, 2.5), kClean).value();
    EXPECT_EQ(judged.verdict, Verdict::trojaned);
    EXPECT_EQ(judged.target, 2);
    EXPECT_GT(judged.score, 1.5);
    EXPECT_NEAR(judged.classes[2].margin_ratio, 2.5, 0.3);
    EXPECT_NEAR(judged.classes[2].size_ratio, 2.5, 0.3);
    EXPECT_EQ(judge(easy(2, 1.6), kClean).value().verdict, Verdict::suspect);
}

TEST(TrojanVerdict, CountsTheReferencesThatItWouldFlag) {
    std::vector<ClassStatistics> references = kClean;
    references.push_back(easy(7, 4));
    EXPECT_EQ(judge(easy(0, 1), references).value().references_flagged, 1);
}

TEST(TrojanVerdict, OneReferenceGivesRatiosAndNoRate) {
    const Judgement judged = judge(easy(2, 3), {easy(0, 1)}).value();
    EXPECT_EQ(judged.verdict, Verdict::trojaned);
    EXPECT_TRUE(judged.calibrated);
    EXPECT_FALSE(judged.false_positive_rate.has_value());
}

TEST(TrojanVerdict, WithoutReferencesTwoStatisticsMustAgree) {
    ClassStatistics both = easy(2, 1, 0.05);
    for (double& margin : both.margins) margin = 10;
    for (std::size_t c = 0; c < 10; ++c) both.sizes[c] = 60 + static_cast<double>(c);
    both.margins[2] = 50;
    ClassStatistics one = both;
    both.sizes[2] = 5;
    const Judgement agreed = judge(both, {}).value();
    EXPECT_EQ(agreed.verdict, Verdict::trojaned);
    EXPECT_EQ(agreed.target, 2);
    EXPECT_FALSE(agreed.calibrated);
    EXPECT_EQ(judge(one, {}).value().verdict, Verdict::clean);  // the published test of margins alone
    ClassStatistics idle = both;
    idle.successes[2] = 0.1;  // a small trigger that does not work is no evidence
    EXPECT_EQ(judge(idle, {}).value().verdict, Verdict::clean);
    // One change for all items that reaches one class as none other is evidence of its own.
    one.universal = {3, 4, 0.2, 4, 3, 5, 4, 3, 4, 5};
    EXPECT_EQ(judge(one, {}).value().verdict, Verdict::trojaned);  // with the margin of the same class
    one.margins[2] = 10;
    EXPECT_EQ(judge(one, {}).value().verdict, Verdict::suspect);
    EXPECT_EQ(judge(one, {}).value().target, 2);
    one.universal[7] = 0.5;  // a second class nearly as easy: some are in clean models of some architectures
    EXPECT_EQ(judge(one, {}).value().verdict, Verdict::clean);
    ClassStatistics bare{.margins = both.margins};
    EXPECT_EQ(judge(bare, {}).value().verdict, Verdict::suspect);  // all there is without data
}

TEST(TrojanVerdict, NamesSourceAndTargetOfAPair) {
    // 10 classes, pair 6 -> 4 falls from 3 to 0.02 nats; all else is as in clean models.
    const auto with_pairs = [](double of_pair, double wobble) {
        ClassStatistics made = easy(0, 1, wobble);
        made.universal.assign(10, 4);
        for (std::size_t i = 0; i < 90; ++i) made.paired.push_back(3 + static_cast<double>(i % 7) + wobble);
        made.paired[6 * 9 + 4] = of_pair;
        return made;
    };
    const std::vector<ClassStatistics> clean = {with_pairs(3, 0.02), with_pairs(3, -0.02), with_pairs(3.1, 0.05),
                                                with_pairs(2.9, -0.05)};
    const Judgement judged = judge(with_pairs(0.02, 0), clean).value();
    EXPECT_EQ(judged.verdict, Verdict::trojaned);
    EXPECT_EQ(judged.target, 4);
    EXPECT_EQ(judged.classes[4].by, Measure::paired_change);
    ASSERT_TRUE(judged.classes[4].source.has_value());
    EXPECT_EQ(*judged.classes[4].source, 6);
    EXPECT_EQ(judge(with_pairs(2.8, 0), clean).value().verdict, Verdict::clean);
}

TEST(TrojanVerdict, RefusesReferencesMeasuredInOtherWays) {
    ClassStatistics model = easy(0, 1);
    model.universal.assign(10, 3);
    const auto refused = judge(model, {easy(0, 1)});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Errc::invalid_input);
    EXPECT_NE(refused.error().line().find("measured in other ways"), std::string::npos);
}

TEST(TrojanVerdict, RefusesReferencesOfAnotherTask) {
    ClassStatistics other = easy(0, 1);
    other.margins.pop_back();
    other.sizes.pop_back();
    other.successes.pop_back();
    const auto refused = judge(easy(0, 1), {other});
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().line().find("9 classes"), std::string::npos);
}

}  // namespace
}  // namespace bartizan::defences
