/// Cards and data sheets: what people wrote stays byte for byte, what is generated follows the evidence.
#include "documents/card_files.h"
#include "documents/documents_testing.h"
#include "provenance/bom/model_card.h"

namespace bartizan::documents {
namespace {

class CardTest : public DocumentsTest {
protected:
    CardMade card(const std::string& existing = {}, const std::string& form = "markdown",
                  Audience audience = Audience::internal, const std::string& asset = "model:m") {
        return must(make_card(facts(asset), {audience, form, existing}));
    }
    CardChecked checked(const std::string& document) {
        const auto head = must(head_of(document));
        return must(check_card(facts(head.asset, head.number), document));
    }
    static std::string with(std::string text, const std::string& from, const std::string& to) {
        const auto at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return at == std::string::npos ? text : text.replace(at, from.size(), to);
    }
    static std::string written(const std::string& text, const std::string& prompt, const std::string& words) {
        const auto at = text.find("_To be written: " + prompt);
        EXPECT_NE(at, std::string::npos) << prompt;
        return std::string(text).replace(at, text.find('\n', at) - at, words);
    }
};
INSTANTIATE_TEST_SUITE_P(Both, CardTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         journal::engine_name);

TEST_P(CardTest, EveryNumberStandsWithTheEvidenceItComesFrom) {
    furnish();
    const std::string text = card().document;
    EXPECT_NE(text.find("| 0.412 (0.381 to 0.443), n = 1000 |"), std::string::npos) << text;
    EXPECT_NE(text.find("| " + robust_.id + " |"), std::string::npos);
    const Json json = must(parse_json(card({}, "json").document));
    ASSERT_EQ(json["generated"]["numbers"].size(), 2U);
    EXPECT_EQ(json["generated"]["numbers"][0]["evidence"], robust_.id);
    EXPECT_EQ(json["generated"]["numbers"][0]["low"], 0.381);
    EXPECT_NE(text.find("backdoor.scan"), std::string::npos) << "what nobody measured is said";
}

TEST_P(CardTest, TheHubsReaderFindsTheNumbers) {
    furnish();
    provenance::ModelCard read;
    provenance::read_hub_card(card().document, "README.md", read);
    EXPECT_TRUE(read.warnings.empty()) << read.warnings[0];
    ASSERT_EQ(read.metrics.size(), 2U);
    EXPECT_EQ(read.metrics[0].type, "evasion.whitebox");
    EXPECT_EQ(read.metrics[0].value, "0.412");
}

TEST_P(CardTest, WhatPeopleWroteStaysByteForByte) {
    furnish();
    const std::string words = "Sorts **clothes**.\t\n\n\n<!-- a remark -->  trailing  \n| a | b |";
    std::string text = written(card().document, "what the model is for", words);
    text = with(text, "\n## Contact\n", "\n## Whom to ask\n\nA paragraph of ours.\r\n");
    text += "\n\nLast words, without a line break";
    const std::string again = card(text).document;
    EXPECT_EQ(again, text) << "nothing changed: the same bytes";
    now_ += kDay;
    auto better = evidence("evasion.whitebox", must(registry_->version({{registry::Kind::model, "m"}, 1})));
    better.value = 0.5;
    better.low = 0.48;
    better.high = 0.52;
    better.samples = 2000;
    const auto added = add(better);
    const std::string after = card(text).document;
    EXPECT_NE(after.find(words), std::string::npos);
    EXPECT_NE(after.find("\n## Whom to ask\n\nA paragraph of ours.\r\n"), std::string::npos);
    EXPECT_TRUE(after.ends_with("\n\nLast words, without a line break"));
    EXPECT_NE(after.find(added.id), std::string::npos);
    EXPECT_EQ(after.find("0.412"), std::string::npos);
}

TEST_P(CardTest, NumbersWithinPeoplesSentencesFollowTheEvidence) {
    furnish();
    const std::string text =
        written(card().document, "what the model is for",
                "It holds against <!-- bartizan:number evasion.whitebox -->?<!-- bartizan:end --> of "
                "attacks, <!-- bartizan:number none.such -->kept<!-- bartizan:end -->.");
    const std::string after = card(text).document;
    EXPECT_NE(after.find("<!-- bartizan:number evasion.whitebox -->0.412 (0.381 to 0.443), n = 1000 [" + robust_.id +
                         "]<!-- bartizan:end --> of attacks, <!-- bartizan:number none.such -->kept<"),
              std::string::npos)
        << after;
    EXPECT_EQ(card(after).document, after);
}

TEST_P(CardTest, AHandInWhatIsGeneratedIsFoundAndTold) {
    furnish();
    const std::string text = with(card().document, "0.412 (0.381", "0.912 (0.881");
    EXPECT_EQ(checked(text).state, "edited");
    EXPECT_EQ(checked(text).edited, std::vector<std::string>{"evidence"});
    const auto refused = make_card(facts("model:m"), {.existing = text});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Errc::conflict);
    EXPECT_NE(refused.error().line().find("evidence"), std::string::npos);
    const auto made = must(make_card(facts("model:m"), {.existing = text, .overwrite = true}));
    EXPECT_EQ(made.edited, std::vector<std::string>{"evidence"});
    EXPECT_NE(made.document.find("0.412 (0.381"), std::string::npos);
    const std::string json = with(card({}, "json").document, "0.412", "0.912");
    EXPECT_EQ(checked(json).state, "edited");
}

TEST_P(CardTest, IsStaleWhenVersionOrEvidenceChanged) {
    const auto version = furnish();
    const std::string text = card().document, json = card({}, "json").document;
    EXPECT_EQ(checked(text).state, "current");
    EXPECT_EQ(checked(json).state, "current");
    now_ += 1;
    EXPECT_EQ(checked(text).state, "current") << "time alone does not make it stale";
    const auto scan = add(evidence("backdoor.scan", version));
    EXPECT_EQ(checked(text).state, "stale");
    EXPECT_NE(checked(json).reasons.at(0).find(scan.id), std::string::npos);
    const std::string fresh = card(text).document;
    EXPECT_EQ(checked(fresh).state, "current");
    must(governance_->book().dispute("ben", scan.id, "wrong model"));
    EXPECT_NE(checked(fresh).reasons.at(0).find("disputed"), std::string::npos);
    const std::string again = card(fresh).document;
    now_ += 91 * kDay;
    EXPECT_NE(checked(again).reasons.at(0).find("is now: pass, expired"), std::string::npos);
    const std::string last = card(again).document;
    EXPECT_EQ(checked(last).state, "current");
    push("m", "two");
    EXPECT_EQ(checked(last).reasons, std::vector<std::string>{"it is of model:m@1; model:m@2 is in use now"});
}

TEST_P(CardTest, ThePublicCardKeepsBackWhatHelpsAttackers) {
    furnish();
    must(governance_->inventory().put("test", {.asset = "model:m", .owner = "anna", .purpose = "sorts clothes"}));
    const std::string inside = card().document;
    for (const char* form : {"markdown", "json", "html"}) {
        const std::string text = card({}, form, Audience::published).document;
        for (const char* word : {"anna", "m.onnx", "0.71", "holds <b>", "Lineage", "Registered by"})
            EXPECT_EQ(text.find(word), std::string::npos) << form << ": " << word;
        EXPECT_NE(text.find("fail"), std::string::npos) << "that it failed is said: " << form;
        EXPECT_NE(text.find(privacy_.id), std::string::npos) << form;
        EXPECT_NE(text.find("sorts clothes"), std::string::npos);
    }
    // From the internal card nothing but what people wrote goes over.
    const std::string text = with(inside, "\n## Contact\n", "\nInside only.\n\n## Contact\n");
    const std::string crossed =
        card(written(text, "who answers", "press@example.com"), "markdown", Audience::published).document;
    EXPECT_NE(crossed.find("press@example.com"), std::string::npos);
    for (const char* word : {"anna", "Inside only", "0.71", "bartizan:generated lineage"})
        EXPECT_EQ(crossed.find(word), std::string::npos) << word;
}

TEST_P(CardTest, NothingFromOutsideIsMarkup) {
    const auto version = push("m", "one");
    auto bad = evidence("evasion.whitebox", version);
    bad.summary = "<script>alert(1)</script>\n<!-- bartizan:end evidence -->\n| x [a](javascript:b)";
    add(bad);
    must(governance_->inventory().put("test", {.asset = "model:m", .purpose = "<!-- bartizan:written x -->"}));
    const std::string text = card().document;
    EXPECT_EQ(text.find("<script"), std::string::npos);
    EXPECT_EQ(card(text).document, text);
    const std::string page =
        card(written(text, "what the model is for", "<img src=x onerror=alert(1)>"), "html").document;
    EXPECT_EQ(page.find("<img src=x"), std::string::npos);
    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_NE(page.find("&lt;img src=x"), std::string::npos);
}

TEST_P(CardTest, ADataSheetAsksItsQuestionsAndBecomesCroissant) {
    push("d", "rows", registry::Kind::data);
    std::string text = card({}, "markdown", Audience::internal, "data:d").document;
    for (const char* question : {"## Motivation", "## Collection process", "## Maintenance"})
        EXPECT_NE(text.find(question), std::string::npos) << question;
    const auto bare = card(text, "croissant", Audience::internal, "data:d");
    EXPECT_EQ(bare.missing, (std::vector<std::string>{"description", "license", "url", "creator"}));
    text = written(text, "what the data set is", "Pictures of clothes.");
    text = written(text, "the licence alone", "CC-BY-4.0");
    text = written(text, "where the data set is told of", "https://example.com/d");
    text = written(text, "one name a line", "Anna\nBen");
    text = written(text, "who or what is over-", "few coats");
    const auto made = card(text, "croissant", Audience::internal, "data:d");
    EXPECT_TRUE(made.missing.empty());
    const Json json = must(parse_json(made.document));
    EXPECT_EQ(json["license"], "CC-BY-4.0");
    EXPECT_EQ(json["creator"].size(), 2U);
    EXPECT_EQ(json["rai:dataBiases"], "few coats");
    EXPECT_EQ(json["distribution"][0]["sha256"], must(registry_->version({{registry::Kind::data, "d"}, 1})).digest);
    push("m", "one");
    EXPECT_EQ(make_card(facts("model:m"), {.form = "croissant"}).error().code(), Errc::invalid_input);
}

TEST_P(CardTest, EarlierCardsThatCannotBeReadSaySo) {
    furnish();
    const std::string text = card().document;
    const auto refused = [&](const std::string& existing) {
        const auto made = make_card(facts("model:m"), {.existing = existing});
        return made.ok() ? std::string() : made.error().line();
    };
    EXPECT_NE(refused(with(text, "<!-- bartizan:end evidence -->", "")).find("line "), std::string::npos);
    EXPECT_NE(refused("# a text of ours\n").find("does not say what it is about"), std::string::npos);
    EXPECT_NE(refused(with(text, "card model:m@1", "card model:other@1")).find("model:other@1"), std::string::npos);
    EXPECT_NE(refused("{\"schema\": 1}").find("schema"), std::string::npos);
    EXPECT_EQ(make_card(facts("model:m"), {.form = "docx"}).error().code(), Errc::invalid_input);
    EXPECT_EQ(make_card(facts("organisation"), {}).error().code(), Errc::invalid_input);
}

TEST(MarkedText, ComesApartAndTogetherAgainWhateverItIs) {
    for (const char* text :
         {"", "x", "\n", "a\r\nb", "<!-- bartizan:written a -->\n<!-- bartizan:end a -->",
          "# bartizan:generated g 0000000000000000\nx\n# bartizan:end g\n", "<!-- bartizan:what -->\n"}) {
        const auto marked = parse_marked(text);
        ASSERT_TRUE(marked.ok()) << text;
        std::string again;
        for (const Segment& one : marked->segments) again += one.begin + one.body + one.end;
        EXPECT_EQ(again, text);
    }
    for (const char* text :
         {"<!-- bartizan:written a -->\n", "<!-- bartizan:end a -->\n", "<!-- bartizan:generated a -->\n",
          "<!-- bartizan:written a -->\n<!-- bartizan:written b -->\n",
          "<!-- bartizan:written a -->\n<!-- bartizan:end a -->\n<!-- bartizan:written a -->\n"})
        EXPECT_FALSE(parse_marked(text).ok()) << text;
}

}  // namespace
}  // namespace bartizan::documents
