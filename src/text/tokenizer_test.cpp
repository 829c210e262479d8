#include "text/tokenizer.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"
#include "core/random.h"
#include "text/pieces.h"
#include "text/steps.h"
#include "text/unicode.h"

namespace bartizan::text {
namespace {

using testing::ElementsAre;

const std::filesystem::path kFixtures = std::filesystem::path(BARTIZAN_SOURCE_DIR) / "tests/fixtures/text";

std::string content_of(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

std::vector<std::int64_t> ids_of(const Tokenizer& tokenizer, std::string_view text, bool special = true) {
    const auto ids = tokenizer.encode(text, special);
    EXPECT_TRUE(ids.ok());
    return ids.ok() ? *ids : std::vector<std::int64_t>{};
}

std::vector<std::string> tokens(const Tokenizer& tokenizer, std::string_view text, bool special = false) {
    std::vector<std::string> out;
    for (const std::int64_t id : ids_of(tokenizer, text, special)) out.push_back(tokenizer.token(id));
    return out;
}

// The vocabulary and the sentence of BERT's own test (google-research/bert, tokenization_test.py).
constexpr std::string_view kBertPieces = "[UNK]\n[CLS]\n[SEP]\nwant\n##want\n##ed\nwa\nun\nrunn\n##ing\n,\n";

TEST(Tokenizer, CutsTheSentenceOfBertsTest) {
    const Tokenizer tokenizer = Tokenizer::from_vocabulary(kBertPieces).value();
    EXPECT_THAT(ids_of(tokenizer, "UNwant\u00E9d,running", false), ElementsAre(7, 4, 5, 10, 8, 9));
    EXPECT_THAT(tokens(tokenizer, "unwanted running"), ElementsAre("un", "##want", "##ed", "runn", "##ing"));
    EXPECT_THAT(tokens(tokenizer, "unwantedX running"), ElementsAre("[UNK]", "runn", "##ing"));
    EXPECT_THAT(tokens(tokenizer, "want", true), ElementsAre("[CLS]", "want", "[SEP]"));
    EXPECT_TRUE(ids_of(tokenizer, "", false).empty());
    EXPECT_EQ(tokenizer.decode(ids_of(tokenizer, "unwanted, running")), "unwanted, running");
}

std::u32string joined(const std::vector<Part>& parts) {
    std::u32string out;
    for (const Part& part : parts) out += part.codes + U"|";
    return out;
}

// Examples of BERT's test (test_basic_tokenizer_*, test_chinese) and of the documentation of Hugging Face tokenizers.
TEST(Steps, ArePublishedExamples) {
    const auto bert = [](const std::u32string& text) {
        return joined(bert_words()({{bert_normalizer({})(text), true}}));
    };
    EXPECT_EQ(bert(U" \tHeLLo!how  \n Are yoU?  "), U"hello|!|how|are|you|?|");
    EXPECT_EQ(bert(U"H\u00E9llo"), U"hello|");
    EXPECT_EQ(bert(U"ah\u535A\u63A8zz"), U"ah|\u535A|\u63A8|zz|");
    EXPECT_EQ(bert(U"zero\u200bwidth"), U"zerowidth|") << "format characters are cleaned away";
    EXPECT_EQ(joined(word_or_not()({{U"Hello there!", true}})), U"Hello|there|!|");
    EXPECT_EQ(joined(at_whitespace()({{U"Hello there!", true}})), U"Hello|there!|");
    EXPECT_EQ(joined(isolate_punctuation()({{U"Hello?", true}})), U"Hello|?|");
    EXPECT_EQ(joined(digits(true)({{U"Call 911!", true}})), U"Call |9|1|1|!|");
    EXPECT_EQ(joined(digits(false)({{U"Call 911!", true}})), U"Call |911|!|");
    EXPECT_EQ(joined(metaspace(0x2581, Prefix::always, true)({{U"Hello there", true}})), U"\u2581Hello|\u2581there|");
    EXPECT_EQ(joined(metaspace(0x2581, Prefix::first, true)({{U"a b", false}})), U"a|\u2581b|");
    EXPECT_EQ(joined(byte_characters(false)({{U" \u00e9\n", true}})), U"\u0120\u00c3\u00a9\u010a|") << "GPT-2's letters";
}

// What the published patterns give, worked out by hand from the regular expressions.
TEST(Steps, CutByPublishedPatterns) {
    const auto cut = [](Pattern pattern, std::u32string text) { return joined(by_pattern(pattern)({{text, true}})); };
    EXPECT_EQ(cut(Pattern::gpt2, U"Hello world's  end 42x!!\n\n a"), U"Hello| world|'s| | end| 42|x|!!|\n\n| a|");
    EXPECT_EQ(cut(Pattern::gpt2, U"I'M we'll  "), U"I|'|M| we|'ll|  |");
    EXPECT_EQ(cut(Pattern::cl100k, U"I'M 12345 !\n\nx(y"), U"I|'M| |123|45| !\n\n|x|(y|");
    EXPECT_EQ(cut(Pattern::qwen2, U"a 12"), U"a| |1|2|");
    EXPECT_EQ(cut(Pattern::cl100k, U"a  \n  b"), U"a|  \n| | b|");
}

TEST(ByteBpe, ReadsBackWhatItLearnt) {
    const std::vector<std::string> texts = {"low low low low low", "lower lower newest newest newest newest newest newest",
                                            "widest widest widest"};
    const std::string json = train_byte_bpe(texts, 270, false).value();
    const Tokenizer tokenizer = Tokenizer::from_json(json).value();
    EXPECT_EQ(tokenizer.kind(), "BPE");
    EXPECT_EQ(tokenizer.padding(), 0);
    // The counts of Sennrich et al. 2016: "es" and "est" come first, each 9 times.
    EXPECT_EQ(tokenizer.token(258), "es");
    EXPECT_EQ(tokenizer.token(259), "est");
    EXPECT_EQ(train_byte_bpe(texts, 270, false).value(), json);
    for (const std::string text : {"lowest newer", "  a\n\tb ", "na\u00efve \U0001f600 \u65e5", "low\u200blow", "<pad"})
        EXPECT_EQ(tokenizer.decode(ids_of(tokenizer, text)), text);
}

TEST(ByteBpe, DecodesEveryTextThatItEncodes) {
    const Tokenizer tokenizer =
        Tokenizer::from_json(train_byte_bpe(std::vector<std::string>{"the theme of their thesis"}, 268, false).value())
            .value();
    for (std::uint64_t row = 0; row < 500; ++row) {
        Random random(1, row);
        std::u32string codes;
        for (std::uint64_t i = random.below(40); i > 0; --i) {
            const auto code = static_cast<char32_t>(random.below(2) == 0 ? 32 + random.below(96) : random.below(0x110000));
            if (code < 0xd800 || code > 0xdfff) codes.push_back(code);
        }
        const std::string text = encode_utf8(codes);
        EXPECT_EQ(tokenizer.decode(ids_of(tokenizer, text)), text);
    }
}

// The queue against the definition: at each step, the pair of the lowest rank, leftmost first.
TEST(Bpe, AgreesWithTheDefinition) {
    auto vocabulary = std::make_shared<Vocabulary>();
    std::vector<std::pair<std::string, std::string>> merges;
    std::vector<std::string> pieces = {"a", "b", "c"};
    Random random(2, 0);
    while (pieces.size() < 40) {
        const std::string left = pieces[random.below(pieces.size())], right = pieces[random.below(pieces.size())];
        if (std::ranges::find(pieces, left + right) != pieces.end() || left.size() + right.size() > 6) continue;
        merges.emplace_back(left, right);
        pieces.push_back(left + right);
    }
    for (std::size_t i = 0; i < pieces.size(); ++i)
        ASSERT_TRUE(vocabulary->add(pieces[i], static_cast<std::int64_t>(i)).ok());
    const auto model = make_bpe(vocabulary, merges, {}).value();
    for (int row = 0; row < 300; ++row) {
        std::string word;
        for (std::uint64_t i = 1 + random.below(30); i > 0; --i) word += static_cast<char>('a' + random.below(3));
        std::vector<std::string> symbols;
        for (const char c : word) symbols.emplace_back(1, c);
        for (bool changed = true; changed;) {
            changed = false;
            for (const auto& [left, right] : merges) {
                for (std::size_t i = 0; i + 1 < symbols.size() && !changed; ++i)
                    if (symbols[i] == left && symbols[i + 1] == right) {
                        symbols[i] += right;
                        symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(i) + 1);
                        changed = true;
                    }
                if (changed) break;
            }
        }
        std::vector<std::int64_t> ids;
        model->encode(word, ids);
        std::vector<std::string> found;
        for (const std::int64_t id : ids) found.push_back(vocabulary->piece(id));
        EXPECT_EQ(found, symbols) << word;
    }
}

/// The best score of all ways to cut `word`.
double best_score(const Vocabulary& vocabulary, const std::vector<double>& scores, std::string_view word, double unknown) {
    if (word.empty()) return 0;
    double best = -1e300;
    bool single = false;
    for (std::size_t length = 1; length <= word.size(); ++length)
        if (const auto id = vocabulary.id(word.substr(0, length)); id && *id != 0) {
            single = single || length == 1;
            best = std::max(best, scores[static_cast<std::size_t>(*id)] +
                                      best_score(vocabulary, scores, word.substr(length), unknown));
        }
    return single ? best : std::max(best, unknown + best_score(vocabulary, scores, word.substr(1), unknown));
}

TEST(Unigram, FindsTheBestOfAllSegmentations) {
    auto vocabulary = std::make_shared<Vocabulary>();
    std::vector<double> scores = {0};
    ASSERT_TRUE(vocabulary->add("<unk>", 0).ok());
    Random random(3, 0);
    const auto add = [&](const std::string& piece) {
        if (vocabulary->id(piece)) return;
        ASSERT_TRUE(vocabulary->add(piece, std::ssize(scores)).ok());
        scores.push_back(-8 * random.uniform53());
    };
    add("a");
    add("b");
    for (int i = 0; i < 25; ++i) {
        std::string piece;
        for (std::uint64_t n = 1 + random.below(4); n > 0; --n) piece += static_cast<char>('a' + random.below(3));
        if (piece != "c") add(piece);
    }
    const double unknown = std::ranges::min(scores) - 10;
    const auto model = make_unigram(vocabulary, scores, {.unknown = 0});
    for (int row = 0; row < 200; ++row) {
        std::string word;
        for (std::uint64_t n = 1 + random.below(11); n > 0; --n) word += static_cast<char>('a' + random.below(3));
        std::vector<std::int64_t> ids;
        model->encode(word, ids);
        double score = 0;
        std::size_t covered = 0;
        for (const std::int64_t id : ids)
            if (id != 0) {
                score += scores[static_cast<std::size_t>(id)];
                covered += vocabulary->piece(id).size();
            }
        score += unknown * static_cast<double>(word.size() - covered);
        EXPECT_NEAR(score, best_score(*vocabulary, scores, word, unknown), 1e-9) << word;
    }
}

class SentencePiece : public testing::TestWithParam<std::string> {};

// The reference library's own answers; tests/fixtures/text/make.py made them.
TEST_P(SentencePiece, AgreesWithTheReferenceLibrary) {
    const Json all = parse_json(content_of(kFixtures / "sentencepiece.json")).value();
    const Tokenizer tokenizer = Tokenizer::open(kFixtures / (GetParam() + ".model")).value();
    for (const Json& row : all[GetParam()]) {
        const auto text = row["text"].get<std::string>();
        EXPECT_EQ(ids_of(tokenizer, text), row["ids"].get<std::vector<std::int64_t>>()) << text;
    }
}
INSTANTIATE_TEST_SUITE_P(All, SentencePiece, testing::Values("unigram", "unigram_bytes", "bpe", "bpe_bytes"));

std::string small_json(const std::string& changes = "") {
    Json json = Json::parse(R"({"model":{"type":"WordLevel","vocab":{"[UNK]":0,"a":1,"b":2,"[CLS]":3,"x":5},
        "unk_token":"[UNK]"},"pre_tokenizer":{"type":"Whitespace"},"added_tokens":[{"id":3,"content":"[CLS]",
        "special":true},{"id":6,"content":"<m>","lstrip":true,"special":true}],"post_processor":{"type":
        "TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
        "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[3],"tokens":["[CLS]"]}}}})");
    if (!changes.empty()) json.merge_patch(Json::parse(changes));
    return json.dump();
}

TEST(TokenizerJson, TakesTemplatesAndAddedTokens) {
    const Tokenizer tokenizer = Tokenizer::from_json(small_json()).value();
    EXPECT_EQ(tokenizer.size(), 7) << "ids have a gap at 4";
    EXPECT_THAT(ids_of(tokenizer, "a b <m>c"), ElementsAre(3, 1, 2, 6, 0));
    EXPECT_THAT(ids_of(tokenizer, "[CLS]a", false), ElementsAre(3, 1));
}

TEST(TokenizerJson, RefusesByNameWhatItCannotDo) {
    const std::pair<const char*, const char*> cases[] = {
        {R"({"model":{"type":"Rumour"}})", "Rumour"},
        {R"({"normalizer":{"type":"Nmt2"}})", "Nmt2"},
        {R"({"pre_tokenizer":{"type":"UnicodeScripts"}})", "UnicodeScripts"},
        {R"({"pre_tokenizer":{"type":"Split","pattern":{"Regex":"[abc]+"},"behavior":"Isolated"}})", "[abc]+"},
        {R"({"post_processor":{"type":"Sorting"}})", "Sorting"},
        {R"({"decoder":{"type":"CTC"}})", "CTC"},
        {R"({"normalizer":{"type":"Replace","pattern":{"Regex":"x*"},"content":""}})", "x*"},
    };
    for (const auto& [change, name] : cases) {
        const auto made = Tokenizer::from_json(small_json(change));
        ASSERT_FALSE(made.ok()) << change;
        EXPECT_EQ(made.error().code(), Errc::unsupported) << change;
        EXPECT_NE(made.error().line().find(name), std::string::npos) << made.error().line();
    }
}

TEST(TokenizerJson, RefusesWhatIsBroken) {
    for (const char* change :
         {R"({"model":{"vocab":{"a":-1}}})", R"({"model":{"vocab":{"a":99999999999}}})", R"({"model":{"vocab":{"a":2}}})",
          R"({"model":{"vocab":{"a":1.5}}})", R"({"model":{"vocab":7}})", R"({"model":{"unk_token":"[NO]"}})",
          R"({"model":{"type":"BPE","merges":["a b"]}})", R"({"model":{"type":"BPE","merges":["ab"]}})",
          R"({"model":{"type":"Unigram"}})", R"({"added_tokens":[{"id":1,"content":""}]})",
          R"({"added_tokens":[{"id":1,"content":"z"}]})", R"({"post_processor":{"type":"BertProcessing"}})"})
        EXPECT_FALSE(Tokenizer::from_json(small_json(change)).ok()) << change;
    EXPECT_FALSE(Tokenizer::from_json("{}").ok());
    EXPECT_FALSE(Tokenizer::from_json(std::string(5000, '[')).ok());
    const std::string deep = R"({"model":)" + std::string(100, '[') + std::string(100, ']') + "}";
    EXPECT_NE(Tokenizer::from_json(deep).error().line().find("nested"), std::string::npos);
}

TEST(TokenizerFiles, SurviveEveryTruncationAndFlippedByte) {
    const std::string model = content_of(kFixtures / "unigram.model");
    for (std::size_t length = 0; length < model.size(); length += 37)
        (void)Tokenizer::from_sentencepiece(std::string_view(model).substr(0, length)).ok();
    for (std::uint64_t row = 0; row < 300; ++row) {
        Random random(4, row);
        std::string broken = model;
        for (int i = 0; i < 8; ++i) broken[random.below(broken.size())] = static_cast<char>(random.bits32() & 0xffU);
        const auto made = Tokenizer::from_sentencepiece(broken);
        if (made.ok()) (void)made->encode("the film \u00c4 \u200b is").ok();
    }
    const std::string json = small_json();
    for (std::size_t length = 0; length < json.size(); ++length)
        EXPECT_FALSE(Tokenizer::from_json(std::string_view(json).substr(0, length)).ok());
}

TEST(Tokenizer, RefusesTextThatIsNotUtf8) {
    const Tokenizer tokenizer = Tokenizer::from_vocabulary(kBertPieces).value();
    EXPECT_EQ(tokenizer.encode("wa\xff").error().code(), Errc::invalid_input);
    EXPECT_EQ(Tokenizer::from_vocabulary("a\nb\n").error().code(), Errc::invalid_input);
    EXPECT_EQ(Tokenizer::open("/nowhere/tokenizer.json").error().code(), Errc::not_found);
}

}  // namespace
}  // namespace bartizan::text
