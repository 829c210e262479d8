#include "registers/budget.h"

#include "registers/registers_testing.h"

namespace bartizan::registers {
namespace {

using governance::Verdict;

TEST(Money, IsWholeSmallestUnits) {
    EXPECT_EQ(*parse_money("1200.50", "EUR"), 120'050);
    EXPECT_EQ(*parse_money("1200.5", "EUR"), 120'050);
    EXPECT_EQ(*parse_money("0.07", "USD"), 7);
    EXPECT_EQ(*parse_money("1200", "JPY"), 1200);
    EXPECT_EQ(*parse_money("1.234", "KWD"), 1234);
    EXPECT_EQ(*parse_money("0", "EUR"), 0);
    for (const char* bad : {"", ".", ".5", "5.", "-5", "+5", "1,000", "1e3", "1.005", "0x1", " 1",
                            "99999999999999999999", "9223372036854775807", "10000000000000.01"})
        EXPECT_FALSE(parse_money(bad, "EUR").ok()) << bad;
    EXPECT_FALSE(parse_money("1.5", "JPY").ok());
    for (const char* code : {"", "E", "EU", "EURO", "eur", "UR ", "XXX", "R A"})
        EXPECT_FALSE(parse_money("1", code).ok()) << code;
    EXPECT_EQ(money_text(120'050, "EUR"), "1200.50 EUR");
    EXPECT_EQ(money_text(7, "EUR"), "0.07 EUR");
    EXPECT_EQ(money_text(1200, "JPY"), "1200 JPY");
    EXPECT_EQ(money_text(1234, "KWD"), "1.234 KWD");
    EXPECT_EQ(*parse_money("10000000000000.00", "EUR"), kMostMoney);
    EXPECT_FALSE(checked_sum(INT64_MAX, 1).ok());
    EXPECT_FALSE(checked_product(INT64_MAX / 50, 100).ok());
}

TEST(Periods, AreHalfOpenInUtc) {
    EXPECT_EQ(period_of("1970")->from, 0);
    EXPECT_EQ(period_of("1970")->to, 365 * kDay);
    EXPECT_EQ(period_of("1970-Q2")->from, 90 * kDay);
    EXPECT_EQ(period_of("1970-H2")->from, 181 * kDay);
    EXPECT_EQ(period_of("1970-12")->to, period_of("1971")->from);
    EXPECT_EQ(period_of("2024-02")->to - period_of("2024-02")->from, 29 * kDay);
    for (const char* bad : {"", "70", "2026-", "2026-Q5", "2026-H3", "2026-13", "2026-00", "2026-1", "2026-Q", "x026"})
        EXPECT_FALSE(period_of(bad).ok()) << bad;
}

TEST(Shares, AreComparedWithoutRounding) {
    EXPECT_EQ((Share{1000, 10'000}.band()), "in");    // 10 % to the unit
    EXPECT_EQ((Share{1000, 9'999}.band()), "below");  // 9.999 %
    EXPECT_EQ((Share{1000, 15'000}.band()), "in");
    EXPECT_EQ((Share{1000, 15'001}.band()), "above");
    EXPECT_EQ((Share{0, 0}.band()), "none");
    EXPECT_FALSE((Share{0, 0}.basis_points()));
    EXPECT_EQ(*(Share{3, 100}.basis_points()), 3333);  // a third of all, rounded down
}

class BudgetTest : public RegistersTest {
protected:
    Budget& budget() { return registers_->budget(); }
    Result<BudgetView> line(const std::string& name, const std::string& planned, const std::string& spent, int security,
                            std::vector<std::string> capabilities = {}, const std::string& currency = "EUR",
                            const std::string& period = "2027") {
        return budget().put("test", BARTIZAN_TRY(read_budget_line({{"project", "shop"},
                                                                   {"period", period},
                                                                   {"name", name},
                                                                   {"category", "testing"},
                                                                   {"currency", currency},
                                                                   {"planned", planned},
                                                                   {"spent", spent},
                                                                   {"security", security},
                                                                   {"capabilities", capabilities}},
                                                                  governance_->framework())));
    }
};

TEST_P(BudgetTest, TheShareIsTheWeightedSumOfWhatWasSpent) {
    must(line("training", "100000", "80000", 0));
    const BudgetView view = must(line("audit", "20000", "20000", 50, {"CAP-EVASION"}));
    // spent: 20000 * 50 % of 100000 = 10 %; planned: 10000 of 120000 = 8.33 %
    EXPECT_EQ(view.spent.all, 10'000'000);
    EXPECT_EQ(*view.spent.basis_points(), 1000);
    EXPECT_EQ(view.state(now_), "in band");
    EXPECT_EQ(*view.planned.basis_points(), 833);
    EXPECT_EQ(view.planned.band(), "below");
    EXPECT_EQ(view.by_category.at("testing").all, 10'000'000);
    EXPECT_EQ(must(budget().standing())->verdict, Verdict::pass);
    // A line that is written again takes the place of the one that was.
    EXPECT_EQ(must(line("audit", "20000", "20000", 49)).state(now_), "below");
    EXPECT_EQ(must(budget().standing())->verdict, Verdict::fail);
    EXPECT_EQ(must(line("audit", "20000", "20000", 100)).state(now_), "above");
    must(budget().remove("test", "shop", "2027", "audit"));
    EXPECT_EQ(must(budget().list())[0].lines.size(), 1U);
    EXPECT_FALSE(budget().remove("test", "shop", "2027", "audit").ok());
}

TEST_P(BudgetTest, BelowTheBandNeedsAWaiverThatEnds) {
    must(line("training", "1000", "1000", 5));
    EXPECT_EQ(budget().waive("rita", "shop", "2027", "rita", "x", now_ + kDay).error().code(), Errc::denied);
    EXPECT_FALSE(budget().waive("rita", "shop", "2027", "owen", "", now_ + kDay).ok());
    EXPECT_FALSE(budget().waive("rita", "shop", "2027", "owen", "x", now_ + 400 * kDay).ok());
    EXPECT_FALSE(budget().waive("rita", "none", "2027", "owen", "x", now_ + kDay).ok());
    const BudgetView waived = must(budget().waive("rita", "shop", "2027", "owen", "a pilot", now_ + kDay));
    EXPECT_EQ(waived.state(now_), "below, waived");
    EXPECT_EQ(must(budget().standing())->verdict, Verdict::pass);
    EXPECT_EQ(must(budget().standing())->expires, now_ + kDay);
    now_ += kDay;
    EXPECT_EQ(must(budget().list())[0].state(now_), "below");
    EXPECT_EQ(must(budget().standing())->verdict, Verdict::fail);
}

TEST_P(BudgetTest, WhatDoesNotFitIsRefused) {
    must(line("a", "1", "1", 10));
    EXPECT_EQ(line("b", "1", "1", 10, {}, "USD").error().code(), Errc::conflict);
    EXPECT_FALSE(line("c", "1", "1", 101).ok());
    EXPECT_FALSE(line("c", "1", "1", 10, {"CAP-NONE"}).ok());
    EXPECT_FALSE(line("c/d", "1", "1", 10).ok());
    EXPECT_FALSE(read_budget_line({{"project", "p"},
                                   {"period", "2027"},
                                   {"name", "n"},
                                   {"currency", "EUR"},
                                   {"security", 1},
                                   {"planned", 12.5}},
                                  governance_->framework())
                     .ok());  // a number has lost its cents already
    // The sum is checked before anything is stored.
    const std::string most = "10000000000000.00";
    Result<BudgetView> last = line("m0", most, most, 100);
    for (int i = 1; last.ok() && i < 200; ++i) last = line("m" + std::to_string(i), most, most, 100);
    ASSERT_FALSE(last.ok());
    EXPECT_EQ(last.error().code(), Errc::exhausted);
    EXPECT_TRUE(budget().list().ok());
}

TEST_P(BudgetTest, MoneyAndEvidenceAreHeldAgainstEachOther) {
    const auto version = push("m", "bytes");
    must(line("audit", "100", "50", 100, {"CAP-EVASION", "CAP-SCAN"}));
    add(evidence("artefact.scan", version));
    add(evidence("artefact.signature", version));
    const auto found = must(budget().mismatch());
    EXPECT_EQ(found.money_without_evidence, std::vector<std::string>{"CAP-EVASION"});
    EXPECT_EQ(found.evidence_without_money, std::vector<std::string>{"CAP-SIGN"});
}

TEST_P(BudgetTest, WorthIsRiskTakenOffPerCost) {
    const auto version = push("m", "bytes");
    must(registers_->risks().derive("test", "model:m"));
    must(line("audit", "1000", "0", 100, {"CAP-EVASION"}));
    must(line("scans", "100", "0", 100, {"CAP-SCAN"}));
    must(line("letters", "10", "0", 100, {"CAP-PIR"}));
    const auto worth = must(budget().worth("shop", "2027", "", 0, ""));
    ASSERT_EQ(worth.size(), 3U);
    EXPECT_EQ(worth.back().capability, "CAP-PIR");  // bears on no threat
    EXPECT_EQ(worth.back().reduction, 0);
    EXPECT_EQ(worth[0].capability, "CAP-SCAN");
    // artefact.scan counts 0.8 at most, for T0018.002 (L = 3.4 + ... weights, realized) and T0010.003.
    const double l1 = likelihood({1, 0.4, 1, 1}), l2 = likelihood({1, 0.7, 1, 1});
    EXPECT_NEAR(worth[0].reduction, 5 * 0.8 * ((l1 - 1) + (l2 - 1)), 1e-9);
    EXPECT_EQ(worth[0].cost, 10'000);
    EXPECT_EQ(worth[0].risks, 2U);
    add(evidence("artefact.scan", version));
    EXPECT_EQ(must(budget().worth("", "", "CAP-SCAN", 100, "EUR"))[0].reduction, 0);  // it is done
    EXPECT_FALSE(budget().worth("", "", "CAP-NONE", 1, "EUR").ok());
}

INSTANTIATE_TEST_SUITE_P(Engines, BudgetTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         journal::engine_name);

}  // namespace
}  // namespace bartizan::registers
