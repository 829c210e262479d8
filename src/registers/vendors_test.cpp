#include "registers/vendors.h"

#include "registers/registers_testing.h"

namespace bartizan::registers {
namespace {

using governance::Verdict;

class VendorsTest : public RegistersTest {
protected:
    Vendors& vendors() { return registers_->vendors(); }
    /// Every question answered well, with a document each.
    Json good() {
        Json answers = Json::array();
        for (const Question& one : vendors().questions()) {
            Json row = {{"question", one.number}};
            if (one.kind == "word")
                row["answer"] = one.good;
            else if (one.kind == "date")
                row["value"] = "2026-12-01";  // kStart is 2027-01-15
            else
                row["value"] = one.at_least.value_or(one.at_most.value_or(0));
            row["proof"] = {{"level", "documented"}, {"document", "contract, section 4"}};
            answers.push_back(std::move(row));
        }
        return {{"schema", "bartizan.vendor-answers/1"}, {"answered_by", "sales@acme.example"}, {"answers", answers}};
    }
    static Json& at(Json& questionnaire, std::size_t number) { return questionnaire["answers"][number - 1]; }
    VendorView answered(const Json& questionnaire) {
        must(vendors().put("test", "acme", {{"owner", "owen"}, {"criticality", 4}}));
        return must(vendors().answer("test", "acme", questionnaire));
    }
    std::string refused(const Json& questionnaire) {
        const auto done = vendors().answer("test", "acme", questionnaire);
        return done.ok() ? "taken" : done.error().line();
    }
};

TEST_P(VendorsTest, TwentyQuestionsShipWithTheirKnockOuts) {
    ASSERT_EQ(vendors().questions().size(), 20U);
    std::vector<std::int64_t> knock_outs;
    for (const Question& one : vendors().questions())
        if (one.knock_out) knock_outs.push_back(one.number);
    EXPECT_EQ(knock_outs, (std::vector<std::int64_t>{1, 2, 5, 13}));
    // A blank one is refused for whoever did not sign it, and scores nothing.
    Json blank = blank_questionnaire(vendors().questions());
    blank["answered_by"] = "x";
    const VendorView view = answered(blank);
    EXPECT_EQ(view.score(), 0);
    EXPECT_EQ(view.verdict(), "reject");
}

TEST_P(VendorsTest, ProofsCountClaimedNothingDocumentedHalfTestedWhole) {
    Json all = good();
    EXPECT_DOUBLE_EQ(answered(all).score(), 0.5);
    EXPECT_EQ(answered(all).verdict(), "conditions");  // documents alone do not reach 0.6
    for (Json& one : all["answers"]) one["proof"] = {{"level", "claimed"}};
    EXPECT_DOUBLE_EQ(answered(all).score(), 0);
    EXPECT_EQ(answered(all).verdict(), "conditions");
    // A test of the check that the question is about, which passed and holds.
    const auto version = push("m", "bytes");
    const auto test = add(evidence("evasion.blackbox", version));
    const auto other = add(evidence("artefact.scan", version));
    all = good();
    at(all, 7)["proof"] = {{"level", "tested"}, {"evidence", test.id}};
    EXPECT_NEAR(answered(all).score(), 0.5 + 0.5 * 3 / 42, 1e-12);
    at(all, 7)["proof"]["evidence"] = other.id;
    EXPECT_EQ(answered(all).judged[6].proof, 0);
    EXPECT_NE(answered(all).judged[6].why.find("something else"), std::string::npos);
    at(all, 7)["proof"] = {{"level", "tested"}, {"evidence", "ev-0000000000000000"}, {"document", "report.pdf"}};
    EXPECT_EQ(answered(all).judged[6].proof, 0.5);  // the document is left
    at(all, 7)["proof"]["evidence"] = test.id;
    EXPECT_EQ(answered(all).judged[6].proof, 1);
    now_ += 91 * kDay;
    EXPECT_EQ(must(vendors().find("acme")).judged[6].proof, 0.5);
}

TEST_P(VendorsTest, WhatIsBlankIsTheWorst) {
    Json all = good();
    const double before = answered(all).score();
    for (std::size_t number = 1; number <= 20; ++number) {
        Json less = good();
        less["answers"].erase(number - 1);
        EXPECT_LT(answered(less).score(), before) << number;
        Json bad = good();
        if (at(bad, number).contains("answer"))
            at(bad, number)["answer"] = at(bad, number)["answer"] == "yes" ? "no" : "yes";
        else if (number == 14)
            at(bad, number)["value"] = "2020-01-01";
        else
            at(bad, number)["value"] = number == 16 ? 1 : 9999;
        EXPECT_DOUBLE_EQ(answered(bad).score(), answered(less).score()) << number;
        EXPECT_EQ(answered(bad).verdict() == "reject", answered(less).verdict() == "reject") << number;
    }
}

TEST_P(VendorsTest, KnockOutsRejectUnlessSomebodySignsAnException) {
    Json all = good();
    at(all, 5)["answer"] = "yes";  // they train on what we send
    EXPECT_EQ(answered(all).verdict(), "reject");
    EXPECT_EQ(vendors().except("owen", "acme", 5, "x", now_ + kDay).error().code(), Errc::denied);
    EXPECT_FALSE(vendors().except("rita", "acme", 7, "x", now_ + kDay).ok());  // no knock-out
    EXPECT_EQ(must(vendors().except("rita", "acme", 5, "public texts alone", now_ + kDay)).verdict(), "conditions");
    now_ += kDay;
    EXPECT_EQ(must(vendors().find("acme")).verdict(), "reject");
    at(all, 5)["answer"] = "no";
    at(all, 13)["value"] = 25;  // too late for our own clocks
    EXPECT_EQ(answered(all).verdict(), "reject");
    at(all, 13)["value"] = 24;
    EXPECT_EQ(answered(all).verdict(), "conditions");
}

TEST_P(VendorsTest, EvidenceContradictsAnswers) {
    const auto version = push("m", "bytes");
    describe("model:m", {{"vendor", "acme"}});
    VendorView view = answered(good());
    EXPECT_EQ(view.supplied, std::vector<std::string>{"model:m@1"});
    // Signing was claimed, and what came is not signed; the same for the bill of materials.
    EXPECT_NE(view.judged[0].contradiction.find("came without it: no evidence of artefact.signature"),
              std::string::npos);
    EXPECT_NE(view.judged[2].contradiction.find("artefact.bom"), std::string::npos);
    EXPECT_EQ(view.verdict(), "reject");
    add(evidence("artefact.signature", version));
    add(evidence("artefact.bom", version));
    view = must(vendors().find("acme"));
    EXPECT_EQ(view.judged[0].contradiction, "");
    EXPECT_EQ(view.verdict(), "conditions");
    // "No code in it", and the scan found some.
    add(evidence("artefact.scan", version, Verdict::fail));
    view = must(vendors().find("acme"));
    EXPECT_EQ(view.judged[1].contradiction, "model:m@1 failed artefact.scan");
    EXPECT_EQ(view.verdict(), "reject");
    EXPECT_EQ(must(vendors().standing())->verdict, Verdict::fail);
    // Who does not claim it is not contradicted; he has failed the question anyway.
    Json all = good();
    at(all, 2)["answer"] = "no";
    EXPECT_EQ(answered(all).judged[1].contradiction, "");
    EXPECT_EQ(answered(all).verdict(), "reject");
}

TEST_P(VendorsTest, AnswersExpire) {
    EXPECT_EQ(answered(good()).verdict(), "conditions");
    EXPECT_EQ(must(vendors().standing())->verdict, Verdict::pass);
    now_ += 365 * kDay - 1;
    Json sooner = good();
    EXPECT_EQ(must(vendors().find("acme")).verdict(), "conditions");
    now_ += 1;
    EXPECT_EQ(must(vendors().find("acme")).verdict(), "expired");
    EXPECT_EQ(must(vendors().standing())->verdict, Verdict::fail);
    sooner["expires"] = now_ + 10;
    EXPECT_EQ(answered(sooner).expires, now_ + 10);
    sooner["expires"] = now_;
    EXPECT_NE(refused(sooner).find("expires: is past"), std::string::npos);
}

TEST_P(VendorsTest, MalformedQuestionnairesAreRefusedWithTheirPlace) {
    must(vendors().put("test", "acme", {{"owner", "owen"}}));
    Json all = good();
    at(all, 4)["answer"] = "perhaps";
    EXPECT_NE(refused(all).find("answers[3].answer: expected yes, partly or no"), std::string::npos) << refused(all);
    all = good();
    at(all, 3)["proof"] = {{"level", "sworn"}};
    EXPECT_NE(refused(all).find("answers[2].proof.level"), std::string::npos) << refused(all);
    at(all, 3)["proof"] = {{"level", "documented"}};
    EXPECT_NE(refused(all).find("answers[2].proof.document"), std::string::npos) << refused(all);
    at(all, 3)["proof"] = {{"level", "tested"}};
    EXPECT_NE(refused(all).find("answers[2].proof.evidence"), std::string::npos) << refused(all);
    all = good();
    at(all, 1)["question"] = 2;
    EXPECT_NE(refused(all).find("answers[1].question: 2 was answered in answers[0] already"), std::string::npos)
        << refused(all);
    at(all, 1)["question"] = 99;
    EXPECT_NE(refused(all).find("answers[0].question: there is no such question"), std::string::npos) << refused(all);
    all = good();
    at(all, 13)["value"] = "soon";
    EXPECT_NE(refused(all).find("answers[12].value"), std::string::npos) << refused(all);
    all = good();
    at(all, 14)["value"] = "2027-02-30x";
    EXPECT_NE(refused(all).find("answers[13].value"), std::string::npos) << refused(all);
    at(all, 14)["value"] = "2030-01-01";
    EXPECT_NE(refused(all).find("lies in the future"), std::string::npos) << refused(all);
    all = good();
    all["price"] = 1;
    EXPECT_NE(refused(all).find("price: there is no such member"), std::string::npos) << refused(all);
    EXPECT_NE(refused({{"schema", "x"}}).find("schema:"), std::string::npos);
    EXPECT_NE(refused(Json::array()).find("expected an object"), std::string::npos);
    EXPECT_FALSE(vendors().answer("test", "nobody", good()).ok());
    EXPECT_FALSE(vendors().put("test", "a/b", Json::object()).ok());
    EXPECT_FALSE(vendors().put("test", "acme", {{"criticality", 6}}).ok());
}

TEST_P(VendorsTest, TheInventoryKnowsVendorsAndTheyKnowIt) {
    push("m", "bytes");
    describe("model:m", {{"vendor", "unasked"}});
    const auto all = must(vendors().list());
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].verdict(), "not answered");
    EXPECT_EQ(must(vendors().standing())->verdict, Verdict::fail);
    must(vendors().put("test", "acme", {{"owner", "owen"}, {"criticality", 4}}));
    EXPECT_EQ(must(governance_->inventory().profile("vendor:acme")).criticality, 4);
    must(vendors().put("test", "acme", {{"contact", "sales"}}));
    EXPECT_EQ(must(vendors().find("acme")).profile["owner"], "owen");
}

INSTANTIATE_TEST_SUITE_P(Engines, VendorsTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         journal::engine_name);

}  // namespace
}  // namespace bartizan::registers
