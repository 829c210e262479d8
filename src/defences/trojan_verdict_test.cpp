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
    EXPECT_LT(judged.score, 1.2);
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
    EXPECT_NEAR(judged.score, 2.5, 0.3);
    EXPECT_EQ(judge(easy(2, 1.7), kClean).value().verdict, Verdict::suspect);
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
    EXPECT_EQ(judge(one, {}).value().verdict, Verdict::suspect);
    ClassStatistics idle = both;
    idle.successes[2] = 0.1;  // a small trigger that does not work is no evidence
    EXPECT_EQ(judge(idle, {}).value().verdict, Verdict::suspect);
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
