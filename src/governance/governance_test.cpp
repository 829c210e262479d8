/// States from evidence, on both databases.
#include "governance/governance_testing.h"

namespace bartizan::governance {
namespace {

constexpr const char* kSigned = "mitre-atlas@5.6.0:AML.M0013";  // must: CAP-SIGN, CAP-GATE
constexpr const char* kRobust = "mitre-atlas@5.6.0:AML.M0003";  // must: CAP-EVASION
constexpr const char* kPolicy = "iso-iec-42001@2023:A.2.2";     // no test bears on it

INSTANTIATE_TEST_SUITE_P(Both, GovernanceTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         journal::engine_name);

TEST_P(GovernanceTest, WhatNobodyTestedIsUnknown) {
    push("m", "one");
    EXPECT_EQ(row(kRobust).worst, State::unknown);
    EXPECT_EQ(row(kPolicy).worst, State::unknown);
    for (const MatrixRow& one : must(governance_->matrix({})).rows)
        EXPECT_EQ(one.worst, State::unknown) << governance_->framework().requirements()[one.requirement].id;
}

TEST_P(GovernanceTest, EveryCheckOfACapabilityMustPass) {
    const auto version = push("m", "one");
    add(evidence("evasion.whitebox", version));
    EXPECT_EQ(row(kRobust).worst, State::unknown);
    add(evidence("evasion.blackbox", version));
    EXPECT_EQ(row(kRobust).worst, State::met);
    now_ += 1;
    add(evidence("evasion.blackbox", version, Verdict::fail));
    EXPECT_EQ(row(kRobust).worst, State::failing);
    now_ += 1;
    add(evidence("evasion.blackbox", version));  // tested again
    EXPECT_EQ(row(kRobust).worst, State::met);
}

TEST_P(GovernanceTest, EvidenceExpiresAtItsSecond) {
    const auto version = push("m", "one");
    for (const char* check : {"evasion.whitebox", "evasion.blackbox"}) add(evidence(check, version));
    now_ = kStart + 90 * kDay - 1;
    EXPECT_EQ(row(kRobust).worst, State::met);
    now_ += 1;
    EXPECT_EQ(row(kRobust).worst, State::stale);
}

TEST_P(GovernanceTest, WhatFailedDoesNotExpireIntoSomethingBetter) {
    const auto version = push("m", "one");
    add(evidence("evasion.whitebox", version, Verdict::fail));
    now_ += 1000 * kDay;
    EXPECT_EQ(row(kRobust).worst, State::failing);
}

TEST_P(GovernanceTest, ANewVersionStartsWithNothing) {
    const auto first = push("m", "one");
    for (const char* check : {"evasion.whitebox", "evasion.blackbox"}) add(evidence(check, first));
    EXPECT_EQ(row(kRobust).worst, State::met);
    push("m", "two");
    EXPECT_EQ(row(kRobust).worst, State::unknown);
    ASSERT_TRUE(
        registry_->promote("test", first.id, "production", {.scan = false, .signature = false, .audit_score = {}}, "")
            .ok());
    EXPECT_EQ(row(kRobust).worst, State::met);  // asked of what is in production
    push("n", "one");                           // the same bytes under another name have the same evidence
    EXPECT_EQ(row(kRobust, "model:n").worst, State::met);
}

TEST_P(GovernanceTest, DocumentsAttestAndNeverMeet) {
    push("m", "one");
    Evidence document{.check = "requirement:" + std::string(kPolicy),
                      .subject = "organisation",
                      .method = Method::examine,
                      .verdict = Verdict::pass};
    document.collected = now_;
    add(document);
    EXPECT_EQ(row(kPolicy).worst, State::attested);
    document.method = Method::test;
    EXPECT_FALSE(governance_->book().add("test", {document}).ok());
    document.method = Method::examine;
    document.check = "requirement:" + std::string(kPolicy) + "x";
    EXPECT_FALSE(governance_->book().add("test", {document}).ok());
}

TEST_P(GovernanceTest, DisputedEvidenceStaysAndShowsNothing) {
    const auto version = push("m", "one");
    add(evidence("evasion.whitebox", version));
    const Evidence one = add(evidence("evasion.blackbox", version));
    ASSERT_TRUE(governance_->book().dispute("anna", one.id, "wrong data").ok());
    EXPECT_EQ(row(kRobust).worst, State::unknown);
    EXPECT_EQ(governance_->book().dispute("anna", one.id, "again").error().code(), Errc::conflict);
    EXPECT_EQ(must(governance_->book().find(one.id)).disputed, "wrong data");
    EXPECT_EQ(last_event().kind, "evidence.dispute");
}

TEST_P(GovernanceTest, WaiversAreCountedApartAndEnd) {
    push("m", "one");
    Waiver waiver{
        .requirement = kRobust, .subject = "model:m", .owner = "owen", .reason = "a trial", .expires = now_ + kDay};
    EXPECT_EQ(governance_->waivers().grant("owen", waiver).error().code(), Errc::denied);
    const Waiver granted = must(governance_->waivers().grant("anna", waiver));
    EXPECT_EQ(row(kRobust).waived, 1U);
    EXPECT_EQ(row(kRobust).in[static_cast<std::size_t>(State::unknown)], 0U);
    now_ += kDay;
    EXPECT_EQ(row(kRobust).waived, 0U);
    EXPECT_EQ(row(kRobust).worst, State::unknown);
    waiver.expires = now_ + 2 * Waivers::kLongest;
    EXPECT_FALSE(governance_->waivers().grant("anna", waiver).ok());
    waiver.expires = now_ + kDay;
    waiver.requirement = "none@1:x";
    EXPECT_FALSE(governance_->waivers().grant("anna", waiver).ok());
    EXPECT_TRUE(governance_->waivers().end("anna", granted.id).ok());
    EXPECT_EQ(governance_->waivers().end("anna", granted.id).error().code(), Errc::not_found);
}

TEST_P(GovernanceTest, EvidenceIsInTheLedgerAndThereAfterARestart) {
    const auto version = push("m", "one");
    const Evidence one = add(evidence("evasion.whitebox", version, Verdict::fail));
    const auto event = last_event();
    EXPECT_EQ(event.kind, "evidence.record");
    EXPECT_EQ(event.details["evidence"][0]["id"], one.id);
    EXPECT_EQ(event.details["evidence"][0]["digest"], version.digest);
    const std::size_t before = entries().size();
    add(evidence("evasion.whitebox", version, Verdict::fail));  // the same once more
    EXPECT_EQ(entries().size(), before);
    reopen_governance();
    EXPECT_EQ(row(kRobust).worst, State::failing);
    const auto found = must(governance_->book().list({.subject = "model:m"}));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(to_json(found[0]), to_json(one));
    EXPECT_TRUE(must(governance_->book().list({.subject = "model:m@2"})).empty());
}

TEST_P(GovernanceTest, AnotherProcessSeesWhatWasAdded) {
    const auto version = push("m", "one");
    auto other = must(Governance::open(*journal_, [this] { return now_; }));
    for (const char* check : {"evasion.whitebox", "evasion.blackbox"}) add(evidence(check, version));
    const Matrix matrix = must(other->matrix({.scheme = "mitre-atlas", .asset = "model:m", .state = "met"}));
    EXPECT_FALSE(matrix.rows.empty());
}

TEST_P(GovernanceTest, ThresholdsDecideNotTheSender) {
    const auto version = push("m", "one");
    Evidence drill = evidence("drill.rollback", version);
    drill.value = 59;
    EXPECT_EQ(add(drill).verdict, Verdict::pass);
    drill.value = 61;
    EXPECT_EQ(add(drill).verdict, Verdict::fail);
    drill.value = 59;
    drill.low = 50, drill.high = 61;  // the pessimistic end counts
    EXPECT_EQ(add(drill).verdict, Verdict::inconclusive);
    drill.value.reset();
    drill.low.reset();
    EXPECT_EQ(add(drill).verdict, Verdict::inconclusive);
}

TEST_P(GovernanceTest, RefusesWhatIsNoEvidence) {
    const auto version = push("m", "one");
    const auto refused = [&](auto change) {
        Evidence one = evidence("evasion.whitebox", version);
        change(one);
        return governance_->book().add("test", {one}).error().line();
    };
    EXPECT_NE(refused([](Evidence& e) { e.check = "evasion.witebox"; }).find("no check"), std::string::npos);
    EXPECT_NE(refused([](Evidence& e) { e.digest = "abc"; }).find("SHA-256"), std::string::npos);
    EXPECT_NE(refused([](Evidence& e) { e.subject = "organisation"; }).find("not a check of"), std::string::npos);
    EXPECT_NE(refused([](Evidence& e) { e.subject = "thing"; }).find("no subject"), std::string::npos);
    EXPECT_NE(refused([](Evidence& e) { e.collected += 86'400; }).find("future"), std::string::npos);
    EXPECT_NE(refused([](Evidence& e) { e.value = 1.0 / 0.0; }).find("finite"), std::string::npos);
    EXPECT_NE(refused([](Evidence& e) { e.expires = e.collected; }).find("expires"), std::string::npos);
    // One bad piece: none is recorded.
    Evidence good = evidence("evasion.whitebox", version), bad = good;
    bad.digest.clear();
    EXPECT_FALSE(governance_->book().add("test", {good, bad}).ok());
    EXPECT_EQ(governance_->book().count(), 0);
}

/// Property: taking away evidence that did not fail, or letting time pass, never improves any state.
TEST_P(GovernanceTest, LessEvidenceNeverLooksBetter) {
    const Framework& framework = governance_->framework();
    const Subject subject{"model:m", "model:m@1", std::string(64, 'a'), SubjectKind::model, "image"};
    std::uint64_t random = 7;
    const auto next = [&](std::uint64_t below) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        return (random >> 33) % below;
    };
    for (int round = 0; round < 300; ++round) {
        std::vector<Newest> all;
        for (std::uint32_t check = 0; check < framework.checks().size(); ++check)
            if (next(3) > 0)
                all.push_back({.check = check,
                               .verdict = static_cast<Verdict>(next(4)),
                               .method = static_cast<Method>(next(3)),
                               .disputed = next(8) == 0,
                               .collected = kStart,
                               .expires = kStart + static_cast<std::int64_t>(next(200)),
                               .number = 1});
        const auto before = capability_states(framework, subject, all, kStart + 100);
        const auto later = capability_states(framework, subject, all, kStart + 150);
        std::vector<Newest> fewer;
        for (const Newest& one : all)
            if (one.verdict == Verdict::fail || next(4) > 0) fewer.push_back(one);
        const auto less = capability_states(framework, subject, fewer, kStart + 100);
        for (const Requirement& one : framework.requirements()) {
            const CapabilitySet needed = one.must & before.asked;
            if (needed == 0) continue;
            EXPECT_LE(worst(later, needed), worst(before, needed)) << one.id;
            EXPECT_LE(worst(less, needed), worst(before, needed)) << one.id;
        }
    }
}

TEST_P(GovernanceTest, AControlOpensTheEvidenceBehindIt) {
    const auto version = push("m", "one");
    const Evidence one = add(evidence("evasion.whitebox", version, Verdict::fail));
    const Json shown = must(governance_->control(kRobust, "", 10));
    ASSERT_EQ(shown["subjects"].size(), 1U);
    EXPECT_EQ(shown["subjects"][0]["state"], "failing");
    bool found = false;
    for (const Json& check : shown["subjects"][0]["checks"])
        if (check["check"] == "evasion.whitebox") found = check["evidence"]["id"] == one.id && check["role"] == "must";
    EXPECT_TRUE(found) << shown;
    EXPECT_EQ(governance_->control("none", "", 10).error().code(), Errc::not_found);
}

TEST_P(GovernanceTest, TheInventoryKeepsWhatPeopleSay) {
    const auto data = push("d", "rows", registry::Kind::data);
    push("m", "one", registry::Kind::model, {{"trained_on", data.id}});
    const Json told = {{"owner", "owen"}, {"modality", "image"}, {"criticality", 4}};
    ASSERT_TRUE(governance_->inventory().put("anna", must(read_profile(told, "model:m"))).ok());
    EXPECT_EQ(must(governance_->inventory().profile("model:m")).owner, "owen");
    EXPECT_EQ(governance_->inventory().put("anna", {.asset = "model:none"}).error().code(), Errc::not_found);
    EXPECT_FALSE(read_profile({{"modality", "smell"}}, "model:m").ok());
    EXPECT_FALSE(read_profile({{"criticality", 6}}, "model:m").ok());
    const Json lineage = must(governance_->inventory().lineage());
    ASSERT_EQ(lineage.size(), 1U);
    EXPECT_EQ(lineage[0]["from"], "data:d@1");
    const auto subjects = must(governance_->inventory().subjects());
    ASSERT_EQ(subjects->size(), 3U);
    EXPECT_EQ(subjects->at(1).modality, "image");
}

}  // namespace
}  // namespace bartizan::governance
