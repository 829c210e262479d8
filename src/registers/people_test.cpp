#include "registers/people.h"

#include "registers/registers_testing.h"

namespace bartizan::registers {
namespace {

using governance::Verdict;

class PeopleTest : public RegistersTest {
protected:
    People& people() { return registers_->people(); }
    governance::State state_of(const std::string& check) {
        const auto all = must(governance_->book().list({.subject = "organisation", .check = check, .limit = 1}));
        if (all.empty()) return governance::State::unknown;
        const governance::Newest newest{.verdict = all[0].verdict,
                                        .method = all[0].method,
                                        .disputed = all[0].disputed.has_value(),
                                        .collected = all[0].collected,
                                        .expires = all[0].expires};
        return governance::state_of(&newest, now_);
    }
};

TEST_P(PeopleTest, OnePersonAnswersForAnActivity) {
    must(people().assign("test", "anna", "incident", "A"));
    must(people().assign("test", "ben", "incident", "R"));
    EXPECT_EQ(people().assign("test", "ben", "incident", "A").error().code(), Errc::conflict);
    must(people().assign("test", "anna", "incident", "C"));
    must(people().assign("test", "ben", "incident", "A"));
    EXPECT_FALSE(people().assign("test", "ben", "dancing", "A").ok());
    EXPECT_FALSE(people().assign("test", "ben", "incident", "X").ok());
    EXPECT_FALSE(people().assign("test", "a b", "incident", "R").ok());
    const Json shown = must(people().shown());
    for (const Json& row : shown["raci"]) EXPECT_EQ(row["gaps"].empty(), row["activity"] == "incident") << row;
    must(people().assign("test", "ben", "incident", "-"));
    EXPECT_EQ(must(people().list())[1].roles.size(), 0U);
}

TEST_P(PeopleTest, TrainingIsNeededByRoleAndExpires) {
    EXPECT_FALSE(must(people().standing()));  // nobody has a role: nothing is shown
    must(people().assign("test", "anna", "incident", "A"));
    must(people().assign("test", "carl", "incident", "I"));  // is told; needs nothing
    EXPECT_EQ(must(people().needs()).size(), 2U);
    EXPECT_EQ(must(people().standing())->verdict, Verdict::fail);
    must(people().train("test", "anna", "ai-security-basics", 70, now_, 0));
    must(people().train("test", "anna", "incident-response", 79, now_, 0));  // 80 passes
    EXPECT_EQ(must(people().standing())->verdict, Verdict::fail);
    must(people().train("test", "anna", "incident-response", 80, now_, 100));
    EXPECT_EQ(must(people().standing())->verdict, Verdict::pass);
    EXPECT_EQ(must(people().standing())->expires, now_ + 100 * kDay);
    now_ += 100 * kDay;
    EXPECT_EQ(must(people().standing())->verdict, Verdict::fail);
    EXPECT_FALSE(people().train("test", "anna", "juggling", 80, now_, 0).ok());
    EXPECT_FALSE(people().train("test", "anna", "incident-response", 101, now_, 0).ok());
    EXPECT_FALSE(people().train("test", "anna", "incident-response", 90, now_ + 1, 0).ok());
    EXPECT_FALSE(people().train("test", "anna", "incident-response", 90, now_, 366).ok());
}

TEST_P(PeopleTest, SignaturesAreEvidenceUntilTheyExpire) {
    EXPECT_EQ(people().sign("anna", "risk-register", "", "", 30).error().code(), Errc::conflict);  // it is empty
    push("m", "bytes");
    must(registers_->risks().derive("test", "model:m"));
    EXPECT_NE(people().sign("anna", "risk-register", "", "", 30).error().line().find("has no owner"),
              std::string::npos);
    EXPECT_NE(people().sign("anna", "inventory", "", "", 30).error().line().find("model:m has no owner"),
              std::string::npos);
    describe("model:m", {{"owner", "owen"}});
    must(people().sign("anna", "inventory", "", "", 30));
    const Json signed_now = must(people().sign("anna", "risk-register", "", "", 30));
    EXPECT_EQ(signed_now["by"], "anna");
    EXPECT_EQ(state_of("risk.review"), governance::State::attested);  // a signature attests, it is no test
    now_ += 30 * kDay;
    EXPECT_EQ(state_of("risk.review"), governance::State::stale);
    // A policy attests its requirement.
    const std::string digest(64, 'a');
    const Json policy = must(people().sign("anna", "ai-policy", "2", digest, 365));
    EXPECT_EQ(must(governance_->book().find(policy["evidence"])).report_digest, digest);
    EXPECT_EQ(row("iso-iec-42001@2023:A.2.2").worst, governance::State::attested);
    EXPECT_FALSE(people().sign("anna", "love-letter", "", "", 30).ok());
    EXPECT_FALSE(people().sign("anna", "ai-policy", "", "abc", 30).ok());
    EXPECT_FALSE(people().sign("anna", "ai-policy", "", "", 367).ok());
}

TEST_P(PeopleTest, RegistersTellWhatTheyShowAsEvidence) {
    must(people().assign("test", "anna", "risk", "A"));
    must(registers_->settle("service"));
    EXPECT_EQ(state_of("training.records"), governance::State::failing);
    EXPECT_EQ(state_of("budget.share"), governance::State::unknown);
    must(people().train("test", "anna", "ai-security-basics", 90, now_, 0));
    ++now_;
    must(registers_->settle("service"));
    EXPECT_EQ(state_of("training.records"), governance::State::attested);
    const auto told = must(governance_->book().list({.check = "training.records"})).size();
    must(registers_->settle("service"));
    EXPECT_EQ(must(governance_->book().list({.check = "training.records"})).size(), told);  // not said twice
    now_ += 4 * kDay;                                                                       // renewed at half its time
    must(registers_->settle("service"));
    EXPECT_EQ(must(governance_->book().list({.check = "training.records"})).size(), told + 1);
    now_ += 7 * kDay;  // nobody looks any more
    EXPECT_EQ(state_of("training.records"), governance::State::stale);
}

TEST_P(PeopleTest, EverythingWithADateStandsInTheCalendar) {
    push("m", "bytes");
    must(people().assign("test", "anna", "risk", "A"));
    must(people().train("test", "anna", "ai-security-basics", 90, now_, 0));
    const std::string calendar = must(registers_->calendar());
    for (const char* text : {"UID:schedule-model:m-audit@bartizan", "UID:training-anna-ai-security-basics@bartizan"})
        EXPECT_NE(calendar.find(text), std::string::npos) << calendar;
}

INSTANTIATE_TEST_SUITE_P(Engines, PeopleTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         journal::engine_name);

}  // namespace
}  // namespace bartizan::registers
