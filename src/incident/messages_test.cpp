#include "incident/messages.h"

#include "incident/curl_delivery.h"
#include "incident/incident_testing.h"

namespace bartizan::incident {
namespace {

TEST(Templates, FillFieldsAndLeaveOutWhatMayBeMissing) {
    const MessageFields fields{{"a", "x"}, {"b", ""}};
    const auto rendered = render("t", "# S {{a}}\n\n{{#a}}has {{a}}\n{{/a}}{{#b}}b is {{b}}\n{{/b}}end\n", fields);
    ASSERT_TRUE(rendered.ok()) << rendered.error().line();
    EXPECT_EQ(rendered->subject, "S x");
    EXPECT_EQ(rendered->text, "# S x\n\nhas x\nend\n");
}

TEST(Templates, AnUnknownOrEmptyFieldIsAnErrorWithItsLine) {
    const MessageFields fields{{"a", "x"}, {"b", ""}};
    for (const auto& [source, told] : std::initializer_list<std::pair<const char*, const char*>>{
             {"# S\n\n{{none}}", "line 3: there is no field 'none'"},
             {"# S\n{{b}}", "line 2: 'b' is not known yet"},
             {"# S\n{{#a}}x", "has no end"},
             {"# S\n{{#b}}{{none}}{{/b}}", "there is no field 'none'"},  // also where it is left out
             {"# S\n{{/a}}", "ends nothing"},
             {"# S\n{{a", "has no }}"},
             {"S\n", "line 1"}}) {
        const auto rendered = render("customers", source, fields);
        ASSERT_FALSE(rendered.ok()) << source;
        EXPECT_NE(rendered.error().line().find(told), std::string::npos) << rendered.error().line();
        EXPECT_NE(rendered.error().line().find("template 'customers'"), std::string::npos);
    }
}

TEST(Templates, NothingFromOutsideBecomesMarkup) {
    const std::string html = html_of("# a <script>\n\n- **b** & \"c\"\n- d\n\ntext\nmore\n");
    EXPECT_EQ(html,
              "<h1>a &lt;script&gt;</h1>\n<ul>\n<li><strong>b</strong> &amp; &quot;c&quot;</li>\n<li>d</li>\n</ul>\n"
              "<p>text<br>\nmore</p>\n");
    Incident incident{.number = 1, .threat = "other", .title = "a\n# b\r\nBcc: x", .severity = "low"};
    EXPECT_EQ(fields_of(incident, {}, Json::array(), "o", "c").at("title"), "a # b  Bcc: x");
}

TEST(Addresses, ThatWouldEndTheirHeaderAreRefused) {
    EXPECT_TRUE(check_mail_address("anna@example.com").ok());
    for (const char* bad : {"", "anna", "@x", "a@", "a@b@c", "a@b\r\nBcc: c@d", "a b@c", "<a@b>"})
        EXPECT_FALSE(check_mail_address(bad).ok()) << bad;
}

class MessageTest : public IncidentTest {
protected:
    void SetUp() override {
        IncidentTest::SetUp();
        if (!journal_) return;
        options_.organisation = "Example";
        options_.contact = "soc@example.com";
        options_.recipients = {{"engineers", "eng@example.com", "", ""},
                               {"engineers", "", "", "https://chat.example.com/hook"},
                               {"customers", "all@example.com", "", ""}};
        make({.messages = options_});
        number_ = must(response_->cases().open("anna", signal("theft"), "")).number;
    }
    MessageOptions options_;
    std::int64_t number_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Both, MessageTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         journal::engine_name);

TEST_P(MessageTest, EveryShippedTemplateCanBeFilledFromAFreshIncident) {
    for (const char* audience : {"engineers", "management", "customers", "regulator", "press"}) {
        const auto made = response_->messages().draft("anna", number_, audience, options_);
        ASSERT_TRUE(made.ok()) << audience << ": " << made.error().line();
        EXPECT_EQ(made->text.find("{{"), std::string::npos);
        if (std::string(audience) == "customers" || std::string(audience) == "press")
            EXPECT_EQ(made->text.find("eve"), std::string::npos) << "names an account to outsiders";
    }
    EXPECT_EQ(response_->messages().draft("anna", number_, "friends", options_).error().code(), Errc::not_found);
    options_.contact.clear();
    EXPECT_FALSE(response_->messages().draft("anna", number_, "press", options_).ok());  // no blank
}

TEST_P(MessageTest, EngineersAreToldAtOnceCustomersAfterASecondPerson) {
    const auto first = must(response_->messages().draft("anna", number_, "engineers", options_));
    EXPECT_EQ(must(response_->messages().send("anna", first.id, options_)).state, "sent");
    ASSERT_EQ(post_.sent.size(), 2U);
    EXPECT_EQ(post_.sent[0].first, "mail eng@example.com");
    EXPECT_NE(post_.sent[1].second.find("\"text\""), std::string::npos);
    EXPECT_EQ(response_->messages().send("anna", first.id, options_).error().code(), Errc::conflict);

    const auto second = must(response_->messages().draft("anna", number_, "customers", options_));
    EXPECT_EQ(response_->messages().send("anna", second.id, options_).error().code(), Errc::denied);
    EXPECT_EQ(response_->messages().approve("anna", second.id).error().code(), Errc::denied);
    EXPECT_EQ(must(response_->messages().approve("ben", second.id)).approved_by, "ben");
    EXPECT_EQ(must(response_->messages().send("anna", second.id, options_)).state, "sent");
    EXPECT_EQ(count("incident.message"), 5U);  // two drafts, one approval, two deliveries
    const auto none = must(response_->messages().draft("anna", number_, "press", options_));
    must(response_->messages().approve("ben", none.id));
    EXPECT_EQ(response_->messages().send("anna", none.id, options_).error().code(), Errc::not_found);
}

TEST_P(MessageTest, TriesAgainWhatMayWorkLaterAndKeepsWhatCameBack) {
    options_.recipients.resize(1);
    const auto first = must(response_->messages().draft("anna", number_, "engineers", options_));
    post_.fail_first = 2;
    const auto sent = must(response_->messages().send("anna", first.id, options_));
    EXPECT_EQ(sent.state, "sent");
    EXPECT_EQ(sent.receipts[0]["tries"], 3);

    const auto second = must(response_->messages().draft("anna", number_, "engineers", options_));
    post_.fail_first = 3;
    EXPECT_EQ(must(response_->messages().send("anna", second.id, options_)).state, "failed");
    EXPECT_EQ(must(response_->messages().send("anna", second.id, options_)).state, "sent");  // once more

    const auto third = must(response_->messages().draft("anna", number_, "engineers", options_));
    post_.fail_first = 1;
    post_.failure = Errc::conflict;  // refused for good: not tried again
    post_.tries = 0;
    EXPECT_EQ(must(response_->messages().send("anna", third.id, options_)).state, "failed");
    EXPECT_EQ(post_.tries, 1);
}

}  // namespace
}  // namespace bartizan::incident
