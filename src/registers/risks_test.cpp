#include "registers/risks.h"

#include "core/random.h"
#include "registers/harms.h"
#include "registers/registers_testing.h"

namespace bartizan::registers {
namespace {

using governance::Verdict;

class RisksTest : public RegistersTest {
protected:
    void SetUp() override {
        RegistersTest::SetUp();
        if (!registers_) return;
        version_ = push("m", "bytes");
    }
    Risks& risks() { return registers_->risks(); }
    void tell_all() {
        describe("model:m", {{"owner", "owen"},
                             {"criticality", 3},
                             {"exposure", "partner"},
                             {"modality", "image"},
                             {"sector", "general"},
                             {"data_classes", {"internal"}},
                             {"risk_class", "limited"}});
    }
    RiskView derived(const std::string& threat) {
        for (const RiskView& one : must(risks().derive("test", "model:m")))
            if (one.risk.threat == threat) return one;
        ADD_FAILURE() << "not derived: " << threat;
        return {};
    }
    RiskView again(const RiskView& one) { return must(risks().find(one.risk.id)); }

    registry::Version version_;
};

TEST_P(RisksTest, OfAnAssetThatNobodyDescribedAreTheWorst) {
    const auto all = must(risks().derive("test", "model:m"));
    ASSERT_GT(all.size(), 15U);
    for (const RiskView& one : all) {
        EXPECT_EQ(one.scored.impact, 5) << one.risk.threat;
        EXPECT_EQ(one.scored.effect, 0);
        EXPECT_EQ(one.scored.chance.exposure, 1);
        EXPECT_EQ(one.scored.chance.value, 1);
        EXPECT_DOUBLE_EQ(one.scored.residual(), one.scored.inherent());
        for (const Harm& harm : one.scored.harms) EXPECT_NE(harm.reason.find("nobody told"), std::string::npos);
    }
    EXPECT_DOUBLE_EQ(all[0].scored.inherent(), 25);  // realized, answers suffice
    // Text is asked until somebody says that it takes pictures.
    EXPECT_TRUE(std::ranges::any_of(all, [](const RiskView& one) { return one.risk.threat == "AML.T0051"; }));
    tell_all();
    const auto fewer = must(risks().list());
    EXPECT_EQ(fewer.size(), all.size());
    EXPECT_FALSE(fewer.back().scored.applies);
    EXPECT_EQ(fewer.back().state(now_), "does not apply");
}

TEST_P(RisksTest, ScoresAreMadeFromInventoryAndEvidence) {
    tell_all();
    const RiskView first = derived("AML.T0015");  // realized; answers suffice
    // L = 1 + 4 * (0.75 + 1 + 0.6) / 3 = 4.13333; I = 3 (criticality 3, risk class limited 3)
    EXPECT_NEAR(first.scored.likelihood, 4.133333333333333, 1e-12);
    EXPECT_EQ(first.scored.impact, 3);
    EXPECT_NEAR(first.scored.inherent(), 12.4, 1e-12);
    EXPECT_EQ(first.risk.band, "high");
    EXPECT_EQ(first.risk.owner, "owen");
    // Robust accuracy 0.8 [0.75, 0.84]: e = 0.75; L' = 1 + 3.13333 * 0.25 = 1.78333; score 5.35.
    const auto one = measured("evasion.blackbox", version_, 0.8, 0.75, 0.84);
    RiskView now = again(first);
    EXPECT_NEAR(now.scored.residual(), 5.35, 1e-9);
    EXPECT_EQ(now.scored.band(), Band::moderate);
    EXPECT_NEAR(now.scored.inherent(), 12.4, 1e-12);
    // The change of band names the evidence, once.
    const auto told = must(risks().settle("service"));
    const auto mine = std::ranges::find(told, first.risk.id, [](const RiskView& view) { return view.risk.id; });
    ASSERT_NE(mine, told.end());
    EXPECT_EQ(mine->risk.changes.back()["evidence"], one.id);
    EXPECT_EQ(mine->risk.changes.back()["from"], "high");
    EXPECT_EQ(mine->risk.changes.back()["to"], "moderate");
    EXPECT_TRUE(must(risks().settle("service")).empty());
    EXPECT_EQ(last_event().kind, "risk.band");
    // It expires: nothing is shown any more, and the event names what expired.
    now_ += 91 * kDay;
    now = again(first);
    EXPECT_DOUBLE_EQ(now.scored.residual(), now.scored.inherent());
    EXPECT_NEAR(now.scored.if_fresh(), 5.35, 1e-9);
    must(risks().settle("service"));
    now = again(first);
    EXPECT_EQ(now.risk.changes.back()["evidence"], one.id);
    EXPECT_EQ(now.risk.changes.back()["because"], "evasion.blackbox is stale");
    EXPECT_EQ(now.risk.band, "high");
}

TEST_P(RisksTest, EvidenceThatFailedOrIsDisputedOrOfOtherBytesShowsNothing) {
    tell_all();
    const RiskView first = derived("AML.T0018.002");
    const auto scan = add(evidence("artefact.scan", version_));
    EXPECT_DOUBLE_EQ(again(first).scored.effect, 0.8);
    must(governance_->book().dispute("test", scan.id, "wrong file"));
    EXPECT_DOUBLE_EQ(again(first).scored.effect, 0);
    ++now_;
    add(evidence("artefact.scan", version_));
    EXPECT_DOUBLE_EQ(again(first).scored.effect, 0.8);
    ++now_;
    add(evidence("artefact.scan", version_, Verdict::fail));
    EXPECT_DOUBLE_EQ(again(first).scored.effect, 0);
    EXPECT_DOUBLE_EQ(again(first).scored.effect_if_fresh, 0);
    ++now_;
    add(evidence("artefact.scan", version_, Verdict::inconclusive));
    EXPECT_DOUBLE_EQ(again(first).scored.effect, 0);
    ++now_;
    add(evidence("artefact.scan", version_));
    push("m", "other bytes");
    EXPECT_DOUBLE_EQ(again(first).scored.effect, 0);
}

TEST_P(RisksTest, PeopleWriteWordsAndNoNumbers) {
    tell_all();
    const RiskView first = derived("AML.T0024.002");  // money, confidentiality
    EXPECT_EQ(first.scored.impact, 3);
    const auto words =
        must(read_risk_words({{"owner", "rita"},
                              {"treatment", "mitigate"},
                              {"harms", {{{"axis", "money"}, {"harm", "severe"}, {"reason", "it is the product"}}}}}));
    const RiskView set = must(risks().set("test", first.risk.id, words));
    EXPECT_EQ(set.risk.owner, "rita");
    EXPECT_EQ(set.scored.impact, 5);
    EXPECT_EQ(set.state(now_), "treated");
    for (const char* number : {"score", "band", "likelihood", "impact", "residual", "inherent"}) {
        const auto refused = read_risk_words({{number, 1}});
        ASSERT_FALSE(refused.ok());
        EXPECT_NE(refused.error().line().find("nobody writes it"), std::string::npos);
    }
    EXPECT_FALSE(read_risk_words({{"harms", {{{"axis", "money"}, {"harm", "minor"}}}}}).ok());  // without a reason
    EXPECT_FALSE(read_risk_words({{"harms", {{{"axis", "glory"}, {"harm", "minor"}, {"reason", "x"}}}}}).ok());
    EXPECT_FALSE(read_risk_words({{"harms", {{{"axis", "money"}, {"harm", "3"}, {"reason", "x"}}}}}).ok());
    EXPECT_FALSE(read_risk_words({{"treatment", "ignore"}}).ok());
    EXPECT_FALSE(risks().set("test", "R-999", words).ok());
    // Deriving again changes nothing that was written.
    EXPECT_EQ(derived("AML.T0024.002").risk.owner, "rita");
    EXPECT_EQ(derived("AML.T0024.002").risk.id, first.risk.id);
}

TEST_P(RisksTest, IndependentControlsCountTogetherOnceSomebodySaysWhy) {
    tell_all();
    const RiskView first = derived("AML.T0018.002");
    add(evidence("artefact.scan", version_));
    add(evidence("artefact.signature", version_));
    EXPECT_DOUBLE_EQ(again(first).scored.effect, 0.9);
    must(risks().set("test", first.risk.id, {.independent = "a scanner and a key have nothing in common"}));
    EXPECT_NEAR(again(first).scored.effect, 1 - 0.2 * 0.1, 1e-12);
}

TEST_P(RisksTest, AcceptanceNeedsAnotherPersonAndEnds) {
    tell_all();
    const RiskView first = derived("AML.T0015");
    EXPECT_EQ(risks().accept("owen", first.risk.id, "fine", now_ + kDay).error().code(), Errc::denied);
    EXPECT_FALSE(risks().accept("rita", first.risk.id, "", now_ + kDay).ok());
    EXPECT_FALSE(risks().accept("rita", first.risk.id, "fine", now_).ok());
    EXPECT_FALSE(risks().accept("rita", first.risk.id, "fine", now_ + 367 * kDay).ok());
    describe("model:m", {{"criticality", 3}});
    EXPECT_EQ(risks().accept("rita", first.risk.id, "fine", now_ + kDay).error().code(), Errc::conflict);
    must(risks().set("test", first.risk.id, {.owner = "rita"}));
    EXPECT_EQ(risks().accept("rita", first.risk.id, "fine", now_ + kDay).error().code(), Errc::denied);
    must(risks().set("test", first.risk.id, {.owner = ""}));
    tell_all();
    const RiskView accepted =
        must(risks().accept("rita", first.risk.id, "the pilot has twelve users", now_ + 30 * kDay));
    EXPECT_EQ(accepted.state(now_), "accepted");
    EXPECT_EQ(accepted.risk.acceptance.by, "rita");
    EXPECT_EQ(accepted.state(now_ + 30 * kDay), "acceptance expired");
    EXPECT_EQ(last_event().kind, "risk.accept");
    // What was accepted as high is not accepted as critical.
    describe("model:m", {{"owner", "owen"}, {"criticality", 5}, {"exposure", "public"}, {"modality", "image"}});
    EXPECT_EQ(again(first).state(now_), "outgrown");
}

TEST_P(RisksTest, OtherProcessesSeeTheSame) {
    tell_all();
    const RiskView first = derived("AML.T0015");
    auto other_governance = must(governance::Governance::open(*journal_, [this] { return now_; }));
    auto other = must(Registers::open(*journal_, *other_governance, [this] { return now_; }));
    measured("evasion.blackbox", version_, 0.9, 0.9, 0.9);
    const RiskView there = must(other->risks().find(first.risk.id));
    EXPECT_DOUBLE_EQ(there.scored.residual(), again(first).scored.residual());
    must(other->risks().settle("service"));
    EXPECT_TRUE(must(risks().settle("service")).empty());
}

/// Evidence that passed never raises a residual; time and its loss never lower one.
TEST_P(RisksTest, MissingEvidenceNeverLowersARisk) {
    tell_all();
    must(risks().derive("test", "model:m"));
    Random random(7, 0);
    const auto scores = [&] {
        std::map<std::string, double> out;
        for (const RiskView& one : must(risks().list())) out[one.risk.id] = one.scored.residual();
        return out;
    };
    std::vector<governance::Evidence> given;
    auto before = scores();
    for (int round = 0; round < 40; ++round) {
        ++now_;
        const auto& effects = risks().threats().effects();
        const CheckEffect& effect = effects[random.below(effects.size())];
        const auto* check = governance_->framework().check(effect.check);
        const auto& capability = governance_->framework().capabilities()[check->capability];
        if (std::ranges::any_of(given, [&](const auto& one) { return one.check == effect.check; })) continue;
        if (check->at_least || check->at_most) continue;
        const double value = random.uniform53();
        const double low = effect.effect.function == Function::share ? value / 2 : value;
        if (capability.subjects[0])
            given.push_back(measured(effect.check, version_, value, low, value));
        else if (capability.subjects[2])
            given.push_back(of_organisation(effect.check));
        const auto after = scores();
        for (const auto& [id, score] : after) EXPECT_LE(score, before[id] + 1e-12) << effect.check;
        before = after;
    }
    ASSERT_GT(given.size(), 10U);
    for (const auto& one : given) {  // taken away again, one by one
        must(governance_->book().dispute("test", one.id, "a test"));
        const auto after = scores();
        for (const auto& [id, score] : after) EXPECT_GE(score, before[id] - 1e-12) << one.check;
        before = after;
    }
    for (const RiskView& one : must(risks().list())) EXPECT_DOUBLE_EQ(one.scored.residual(), one.scored.inherent());
}

TEST_P(RisksTest, ServicesAndVendorsHaveRisksToo) {
    describe("vendor:acme", {{"owner", "owen"}});
    const auto all = must(risks().derive("test", "vendor:acme"));
    ASSERT_FALSE(all.empty());
    EXPECT_TRUE(std::ranges::all_of(all, [](const RiskView& one) { return one.scored.applies; }));
    of_organisation("vendor.assessment");
    const RiskView one = must(risks().find(all[0].risk.id));
    EXPECT_DOUBLE_EQ(one.scored.effect, 0.5);
    EXPECT_FALSE(risks().derive("test", "model:none").ok());
    EXPECT_FALSE(risks().derive("test", "organisation").ok());
}

INSTANTIATE_TEST_SUITE_P(Engines, RisksTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         journal::engine_name);

TEST(Threats, AreRefusedWhenTheyDoNotFit) {
    const auto framework = governance::Framework::make();
    ASSERT_TRUE(framework.ok());
    const std::string effects = R"("effects":[{"check":"artefact.scan","function":"passed","most":0.5,"why":"w"}])";
    const auto read = [&](const std::string& threat) {
        const auto done = Threats::read(
            R"({"schema":"bartizan.threats/1",)" + effects + R"(,"threats":[)" + threat + "]}", *framework);
        return done.ok() ? std::string("read") : done.error().line();
    };
    const std::string good =
        R"({"id":"T1","title":"t","maturity":"realized","knowledge":"answers","subjects":["model"],)"
        R"("harms":["safety"],"checks":["artefact.scan"]})";
    EXPECT_EQ(read(good), "read");
    EXPECT_NE(read(good + "," + good).find("threats[1].id: it stands there twice"), std::string::npos);
    std::string other = good;
    other.replace(other.find("artefact.scan"), 13, "artefact.none");
    EXPECT_NE(read(other).find("threats[0].checks: 'artefact.none'"), std::string::npos) << read(other);
    other = good;
    other.replace(other.find("safety"), 6, "honour");
    EXPECT_NE(read(other).find("threats[0].harms"), std::string::npos);
    EXPECT_FALSE(Threats::read("{}", *framework).ok());
}

}  // namespace
}  // namespace bartizan::registers
