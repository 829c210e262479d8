#include "formats/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/fixtures_testing.h"

namespace bartizan::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Rows {
    std::vector<std::vector<std::string>> fields;
    std::vector<std::int64_t> lines;
    std::string error;
};

Rows read(std::string_view text, const CsvLimits& limits = {}) {
    Rows rows;
    const auto result = read_csv(
        text,
        [&](const std::vector<std::string>& fields, std::int64_t line) -> Result<void> {
            rows.fields.push_back(fields);
            rows.lines.push_back(line);
            return {};
        },
        limits);
    if (!result.ok()) rows.error = result.error().line();
    return rows;
}

TEST(Csv, ReadsWhatPythonsWriterQuoted) {
    const Rows rows = read(fixture("quoted.csv"));
    EXPECT_EQ(rows.error, "");
    EXPECT_THAT(rows.fields,
                ElementsAre(ElementsAre("height, cm", "the \"best\" score", "name\nof it"),
                            ElementsAre("1.5", "-2", "plain"), ElementsAre("0.003", "4", "two\r\nlines, \"quoted\"")));
    EXPECT_THAT(rows.lines, ElementsAre(1, 3, 4));
}

TEST(Csv, FindsTheDelimiterOutsideQuotes) {
    EXPECT_THAT(read("a;b;c\n1;2,5;3\n").fields, ElementsAre(ElementsAre("a", "b", "c"), ElementsAre("1", "2,5", "3")));
    EXPECT_THAT(read("a\tb\n1\t2\n").fields, ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2")));
    EXPECT_THAT(read("\"x;y;z\",b\n").fields, ElementsAre(ElementsAre("x;y;z", "b")));
    EXPECT_THAT(read("alone\n1\n").fields, ElementsAre(ElementsAre("alone"), ElementsAre("1")));
}

TEST(Csv, TakesEveryLineEnding) {
    for (const char* text : {"a,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\r1,2\r", "a,b\n1,2", "\n\na,b\n\n1,2\n\n"})
        EXPECT_THAT(read(text).fields, ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2"))) << text;
}

TEST(Csv, KeepsEmptyFields) {
    EXPECT_THAT(read("a,,c\n,,\n").fields, ElementsAre(ElementsAre("a", "", "c"), ElementsAre("", "", "")));
    EXPECT_THAT(read("a,b\n1,").fields, ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "")));
    EXPECT_THAT(read("a\n\"\"\n").fields, ElementsAre(ElementsAre("a"), ElementsAre("")));
    EXPECT_THAT(read("").fields, ElementsAre());
}

TEST(Csv, NamesLineAndColumnOfABrokenQuote) {
    EXPECT_THAT(read("a,b\n1,\"open\n").error, HasSubstr("line 2, column 2: a quote is not closed"));
    EXPECT_THAT(read("a,b\n\"x\"y,2\n").error, HasSubstr("line 2, column 1: text behind a closing quote"));
}

TEST(Csv, StopsAtItsLimits) {
    EXPECT_THAT(read("a,b,c,d\n", {.columns = 3}).error, HasSubstr("more than 3 columns"));
    EXPECT_THAT(read("abcdef\n", {.field_bytes = 5}).error, HasSubstr("longer than 5 bytes"));
    EXPECT_THAT(read("\"abcdef\"\n", {.field_bytes = 5}).error, HasSubstr("longer than 5 bytes"));
}

TEST(Csv, SurvivesDamage) {
    expect_survives_damage(fixture("quoted.csv"), [](Bytes bytes) { return read(as_text(bytes)).error.empty(); });
}

}  // namespace
}  // namespace bartizan::formats
