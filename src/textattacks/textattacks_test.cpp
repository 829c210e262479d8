#include <algorithm>
#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/attacks.h"
#include "core/json.h"
#include "http/server.h"
#include "text/normaliser.h"
#include "text/unicode.h"
#include "textattacks/attack.h"
#include "textattacks/http_oracle.h"
#include "textattacks/perturb.h"
#include "textattacks/words.h"

namespace bartizan::textattacks {
namespace {

Params params_of(std::string_view attack, const std::map<std::string, std::string>& given = {}) {
    return Params::make((*catalog::find_attack(attack))->params, given).value();
}

/// Two classes told by whole words: "good" speaks for 1, "bad" for 0, as a model with a vocabulary of words would.
class Sentiment final : public Oracle {
public:
    Result<std::vector<Answer>> ask(std::span<const std::string> texts) override {
        std::vector<Answer> answers;
        for (const std::string& text : texts) {
            ++asked;
            double score = -0.5;
            for (const std::string& word : Words::of(text).words)
                score += word == "good" || word == "fine" ? 1 : word == "bad" ? -1 : 0.01;
            answers.push_back({.scores = {-score, score}, .label = score > 0 ? 1 : 0});
        }
        return answers;
    }
    std::int64_t asked = 0;
};

std::vector<Row> some_rows() {
    return {{.id = 0, .text = "a good and fine film", .label = 1},
            {.id = 1, .text = "it was good", .label = 1},
            {.id = 2, .text = "a bad one", .label = 1},  // read wrongly: not attacked
            {.id = 3, .text = "fine and good work good", .label = 1}};
}

// Each of the four is shown as the text that it was made from: what the normaliser gives back.
TEST(Perturb, IsUndoneByTheNormaliser) {
    for (const Kind kind : {Kind::invisible, Kind::look_alike, Kind::reorder, Kind::deletion})
        for (std::size_t position = 0; position < 10; ++position)
            for (const double choice : {0.0, 0.4, 0.99}) {
                const std::u32string text = U"paypal now";
                std::int64_t applied = 0;
                const std::u32string changed = perturb(text, std::vector<Perturbation>{{kind, position, choice}}, applied);
                if (applied == 0) continue;
                EXPECT_NE(changed, text);
                EXPECT_EQ(*text::normalise(text::encode_utf8(changed)), "paypal now")
                    << text::made_visible(text::encode_utf8(changed));
            }
}

TEST(Perturb, ChangesACharacterOnce) {
    std::int64_t applied = 0;
    const std::vector<Perturbation> twice = {{Kind::look_alike, 0, 0.0}, {Kind::look_alike, 0, 0.5}, {Kind::reorder, 0, 0}};
    EXPECT_EQ(perturb(U"ab", twice, applied).size(), 2U);
    EXPECT_EQ(applied, 1);
    EXPECT_EQ(perturb(U"", twice, applied), U"");
    EXPECT_EQ(perturb(U"modem", std::vector<Perturbation>{{Kind::ascii, 4, 0}}, applied), U"modern");
}

// Lin & Och's smoothing by hand: candidate "the cat sat", reference "the cat sat down": all grams match.
TEST(Bleu, IsThePublishedFormula) {
    EXPECT_DOUBLE_EQ(sentence_bleu("the cat sat on the mat", "the cat sat on the mat"), 1);
    EXPECT_NEAR(sentence_bleu("the cat sat down", "the cat sat"), std::exp(1 - 4.0 / 3), 1e-12);
    // Clipping, from the paper's example: seven times "the" against two: 2/7, no bigram of six.
    EXPECT_NEAR(sentence_bleu("the cat is on the mat", "the the the the the the the"),
                std::pow(2.0 / 7 * (1.0 / 7) * (1.0 / 6) * (1.0 / 5), 0.25), 1e-12);
    EXPECT_EQ(sentence_bleu("a b", "c d"), 0);
    EXPECT_EQ(sentence_bleu("", ""), 1);
    EXPECT_EQ(sentence_bleu("a", ""), 0);
}

TEST(Goals, SayWhenTheAttackerHasWon) {
    const Answer clean{.label = -1, .output = "i love you very much"};
    EXPECT_FALSE(label_flip()->judge(clean, clean).success);
    EXPECT_TRUE(label_flip()->judge(clean, {.output = "other"}).success);
    EXPECT_GT(label_flip()->judge(clean, {.output = clean.output, .confidence = 0.5}).gain,
              label_flip()->judge(clean, {.output = clean.output, .confidence = 0.9}).gain);
    EXPECT_TRUE(bleu_drop(0.2)->judge(clean, {.output = "quite another thing"}).success);
    EXPECT_FALSE(bleu_drop(0.2)->judge(clean, clean).success);
    EXPECT_TRUE(word_appears("HATE")->judge(clean, {.output = "I hate it"}).success);
    EXPECT_GT(word_appears("hate")->judge(clean, {.output = "hat"}).gain, word_appears("hate")->judge(clean, {.output = "x"}).gain);
}

TEST(Imperceptible, FoolsAReaderOfWordsAndSpendsWhatItSays) {
    Sentiment oracle;
    RunContext ctx({.seed = 1});
    const auto attack = make_text_attack("text-imperceptible", params_of("text-imperceptible"), nullptr).value();
    const TextRun result = run(oracle, *label_flip(), *attack, some_rows(), ctx).value();
    ASSERT_EQ(result.rows.size(), 4U);
    EXPECT_EQ(result.right(), 3);
    EXPECT_EQ(result.fooled(), 3);
    EXPECT_LE(result.edits_most(), 5);
    std::int64_t queries = 4;
    for (const Row& row : result.rows) {
        queries += row.attempt.queries;
        if (!row.attempt.success) continue;
        Sentiment fresh;
        EXPECT_EQ((*fresh.ask(std::vector<std::string>{row.attempt.text}))[0].label, 0) << row.attempt.text;
        EXPECT_EQ(*text::normalise(row.attempt.text), row.text) << text::made_visible(row.attempt.text);
    }
    EXPECT_EQ(oracle.asked, queries);
    Sentiment again;
    EXPECT_EQ(run(again, *label_flip(), *attack, some_rows(), ctx)->rows[0].attempt.text, result.rows[0].attempt.text);
}

TEST(Imperceptible, CannotFoolANormalisedReaderUnlessItAdapts) {
    Sentiment behind;
    NormalisingOracle oracle(behind, {});
    RunContext ctx;
    const auto plain = make_text_attack("text-imperceptible", params_of("text-imperceptible"), nullptr).value();
    EXPECT_EQ(run(oracle, *label_flip(), *plain, some_rows(), ctx)->fooled(), 0);
    const auto adaptive =
        make_text_attack("text-imperceptible", params_of("text-imperceptible", {{"ascii", "1"}, {"marks", "1"}}), nullptr)
            .value();
    EXPECT_GT(run(oracle, *label_flip(), *adaptive, some_rows(), ctx)->fooled(), 0);
}

TEST(Swap, MisspellsTheWordThatMatters) {
    Sentiment oracle;
    RunContext ctx;
    const auto attack = make_text_attack("text-swap", params_of("text-swap"), nullptr).value();
    const TextRun result = run(oracle, *label_flip(), *attack, some_rows(), ctx).value();
    EXPECT_TRUE(result.rows[1].attempt.success);
    EXPECT_EQ(result.rows[1].attempt.edits, 1);
    EXPECT_TRUE(result.rows[1].attempt.text.starts_with("it was ")) << "stop words stay: " << result.rows[1].attempt.text;
}

TEST(Swap, TakesNearWordsWhereThereAreEmbeddings) {
    const Embeddings embeddings =
        Embeddings::parse("4 2\ngood 1 0\nnice 0.9 0.1\nfine 0.95 0.05\nbad -1 0\ncar 0 1\n").value();
    EXPECT_EQ(embeddings.nearest("good", 2, 0.7)[0].word, "fine");
    EXPECT_EQ(embeddings.nearest("good", 9, 0.7).size(), 2U);
    EXPECT_TRUE(embeddings.nearest("unheard", 2, 0).empty());
    Sentiment oracle;
    RunContext ctx;
    const auto attack = make_text_attack("text-swap", params_of("text-swap"), &embeddings).value();
    const TextRun result = run(oracle, *label_flip(), *attack, some_rows(), ctx).value();
    EXPECT_EQ(result.rows[1].attempt.text, "it was nice");
    EXPECT_NEAR(Embeddings::parse("a 1e-39 0\nb 2e-39 0\n").value().nearest("a", 1, 0)[0].similarity, 1, 1e-6);
    for (const char* bad : {"", "a\n", "a 1 2\nb 1\n", "a x\n", "a nan 1\n"}) EXPECT_FALSE(Embeddings::parse(bad).ok()) << bad;
}

TEST(Universal, FindsAWordThatTurnsAllTexts) {
    Sentiment oracle;
    RunContext ctx({.seed = 2});
    std::vector<Row> rows;
    for (std::int64_t i = 0; i < 20; ++i) rows.push_back({.id = i, .text = "a good day", .label = 1});
    const std::vector<std::string> words = {"sun", "bad", "tree", "sky"};
    const TextRun result = run_universal(oracle, *label_flip(), params_of("text-universal"), rows, words, nullptr, ctx).value();
    EXPECT_NE(result.trigger.find("bad"), std::string::npos);
    EXPECT_EQ(result.rows.size(), 10U) << "judged on the second half alone";
    EXPECT_EQ(result.fooled(), 10);
    EXPECT_EQ(run_universal(oracle, *label_flip(), params_of("text-universal"), rows, {}, nullptr, ctx).error().code(),
              Errc::invalid_input);
}

TEST(Run, StopsWhenCancelled) {
    CancelToken cancel;
    cancel.cancel();
    RunContext ctx({.cancel = &cancel});
    Sentiment oracle;
    const auto attack = make_text_attack("text-swap", params_of("text-swap"), nullptr).value();
    EXPECT_EQ(run(oracle, *label_flip(), *attack, some_rows(), ctx).error().code(), Errc::cancelled);
}

/// A service on a free port that says "spam" of what has the word in it, and is busy now and then.
class Service final : public http::Handler {
public:
    http::Admission admit(http::Call&) override { return {.body_bytes = 1 << 16}; }
    void handle(http::CallPointer call) override {
        ++requests;
        if (busy > 0) {
            --busy;
            return call->reply({.status = 503, .body = "{}"});
        }
        const Json request = parse_json(call->body()).value();
        const auto text = request["inputs"][0].get<std::string>();
        call->reply({.body = Json{{"result", {{"label", text.find("spam") != std::string::npos ? "spam" : "ham"},
                                             {"score", 0.8}}}}
                                 .dump()});
    }
    http::Reply refuse(int status, std::string_view, std::string_view) override { return {.status = status}; }
    std::atomic<int> requests = 0, busy = 0;
};

TEST(HttpOracle, AsksAServiceAndTriesAgain) {
    Service service;
    http::Loops loops(1);
    const auto server = http::Server::start({}, service, loops).value();
    HttpOptions options{.url = server->address() + "/classify",
                        .request = R"({"inputs": ["$TEXT"], "n": 1})",
                        .answer_path = "/result/label",
                        .confidence_path = "/result/score",
                        .wait = std::chrono::milliseconds(1),
                        .budget = 40};
    HttpOracle oracle = HttpOracle::make(options).value();
    service.busy = 2;
    const auto answers = oracle.ask(std::vector<std::string>{"this is spam", "\"quoted\" hello"}).value();
    EXPECT_EQ(answers[0].output, "spam");
    EXPECT_EQ(answers[1].output, "ham");
    EXPECT_DOUBLE_EQ(answers[0].confidence, 0.8);
    EXPECT_EQ(oracle.requests(), 4);
    service.busy = 100;
    EXPECT_EQ(oracle.ask(std::vector<std::string>{"x"}).error().code(), Errc::unavailable);
    service.busy = 0;
    RunContext ctx;
    const auto attack =
        make_text_attack("text-imperceptible", params_of("text-imperceptible", {{"population", "8"}, {"generations", "2"}}), nullptr)
            .value();
    const TextRun result = run(oracle, *label_flip(), *attack, {{.id = 0, .text = "spam spam"}}, ctx).value();
    EXPECT_EQ(result.right(), 1);
    while (oracle.requests() < 40) (void)oracle.ask(std::vector<std::string>{"x"}).ok();
    EXPECT_EQ(oracle.ask(std::vector<std::string>{"x"}).error().code(), Errc::exhausted);
    options.answer_path = "/result/nothing";
    EXPECT_EQ(HttpOracle::make(options)->ask(std::vector<std::string>{"x"}).error().code(), Errc::invalid_input);
    server->drain(std::chrono::milliseconds(500));
}

TEST(HttpOracle, RefusesSettingsThatCannotWork) {
    EXPECT_FALSE(HttpOracle::make({.url = "ftp://x"}).ok());
    EXPECT_FALSE(HttpOracle::make({.url = "http://x", .request = R"({"text": "TEXT"})"}).ok());
    EXPECT_FALSE(HttpOracle::make({.url = "http://x", .request = "{"}).ok());
    EXPECT_FALSE(HttpOracle::make({.url = "http://x", .answer_path = "label"}).ok());
    HttpOracle nobody = HttpOracle::make({.url = "http://127.0.0.1:1/", .retries = 0}).value();
    EXPECT_EQ(nobody.ask(std::vector<std::string>{"x"}).error().code(), Errc::unavailable);
}

}  // namespace
}  // namespace bartizan::textattacks
