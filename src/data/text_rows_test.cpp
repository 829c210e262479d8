#include "data/text_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "data/scratch_testing.h"

namespace bartizan::data {
namespace {

using testing::ElementsAre;

class Texts : public testing::Test {
protected:
    Result<TextRows> read(const std::string& name, const std::string& content, const TextOptions& options = {}) {
        const auto path = std::filesystem::path(testing::TempDir()) / ("text_rows_" + name);
        EXPECT_TRUE(write_file_atomically(path, content).ok());
        return read_texts(path, options);
    }
};

TEST_F(Texts, AreReadFromEachFormat) {
    const auto csv = read("a.csv", "id,body,kind\n1,\"hello, \"\"you\"\"\",ham\n2,win now,spam\n",
                          {.text_column = "body", .label_column = "kind"});
    EXPECT_THAT(csv->texts, ElementsAre("hello, \"you\"", "win now"));
    EXPECT_THAT(csv->labels, ElementsAre(0, 1));
    EXPECT_THAT(csv->class_names, ElementsAre("ham", "spam"));
    const auto tsv = read("b", "spam\t\"quotes\" stay\nham\tok\n", {.text_column = "2", .label_column = "1"});
    EXPECT_THAT(tsv->texts, ElementsAre("\"quotes\" stay", "ok"));
    EXPECT_THAT(tsv->labels, ElementsAre(1, 0));
    const auto json = read("c.jsonl", "{\"t\":\"a\\tb\",\"y\":3}\n\n{\"t\":\"c\",\"y\":0}\n", {.text_column = "t", .label_column = "y"});
    EXPECT_THAT(json->texts, ElementsAre("a\tb", "c"));
    EXPECT_THAT(json->labels, ElementsAre(3, 0));
    const auto lines = read("d.txt", "\xef\xbb\xbf" "one\r\ntwo\n");
    EXPECT_THAT(lines->texts, ElementsAre("one", "two"));
    EXPECT_TRUE(lines->labels.empty());
}

TEST_F(Texts, AreLimitedAndSampledWithTheirShares) {
    std::string content;
    for (int i = 0; i < 100; ++i) content += std::to_string(i % 4 == 0) + "\ttext " + std::to_string(i) + "\n";
    const auto rows = read("e.tsv", content, {.text_column = "2", .label_column = "1", .sample = 20, .seed = 3});
    EXPECT_EQ(rows->texts.size(), 20U);
    EXPECT_EQ(std::ranges::count(rows->labels, 1), 5);
    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(rows->texts[i], "text " + std::to_string(rows->ids[i]));
    EXPECT_EQ(read("e.tsv", content, {.text_column = "2", .limit = 7})->texts.size(), 7U);
}

TEST_F(Texts, AreRefusedWithTheLine) {
    const auto refused = [&](const std::string& name, const std::string& content, const TextOptions& options, const char* part) {
        const auto rows = read(name, content, options);
        ASSERT_FALSE(rows.ok()) << part;
        EXPECT_NE(rows.error().line().find(part), std::string::npos) << rows.error().line();
    };
    refused("f.tsv", "a\tb\n \tc\n", {.text_column = "1"}, "line 2: the text is empty");
    refused("g.tsv", "a\tb\nc\n", {.text_column = "2"}, "line 2 has 1 columns");
    refused("h.txt", "ok\n\xff\n", {}, "text 1 is not valid UTF-8");
    refused("i.txt", "", {}, "no texts");
    refused("j.csv", "text,label\nx,1\n", {.text_column = "txet"}, "did you mean 'text'");
    refused("k.jsonl", "{\"t\":[]}\n", {.text_column = "t"}, "line 1");
    EXPECT_EQ(read_texts("/nowhere.txt", {}).error().code(), Errc::not_found);
}

TEST_F(Texts, BecomeADataSetOfTokens) {
    const auto rows = read("l.tsv", "a\t0\nb\t1\n", {.text_column = "1", .label_column = "2"});
    const auto tokens = token_dataset(*rows, {5, 6, 0, 7, 0, 0}, 3).value();
    EXPECT_EQ(tokens->info().item_shape, Shape{3});
    EXPECT_EQ(tokens->info().classes, 2);
    EXPECT_THAT(read_all(*tokens)->x.values<float>(), ElementsAre(5, 6, 0, 7, 0, 0));
}

}  // namespace
}  // namespace bartizan::data
