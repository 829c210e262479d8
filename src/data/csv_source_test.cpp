#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "data/scratch_testing.h"

namespace bartizan::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class CsvTables : public Scratch {
protected:
    std::string refusal_of(std::string_view text, const std::string& label = {}) const {
        return refusal(write("t.csv", text), {.label_column = label});
    }
    std::unique_ptr<Dataset> table(std::string_view text, const std::string& label = {}) const {
        auto dataset = open(write("t.csv", text), {.label_column = label});
        EXPECT_TRUE(dataset.ok()) << dataset.error().line();
        return dataset.ok() ? std::move(dataset).value() : nullptr;
    }
};

TEST_F(CsvTables, TakeTheLabelColumnOut) {
    const auto data = table("age,label,income\r\n30,1,2.5\r\n40,0,-1e3\r\n", "label");
    ASSERT_TRUE(data);
    EXPECT_EQ(data->info().kind, Kind::table);
    EXPECT_THAT(data->info().column_names, ElementsAre("age", "income"));
    EXPECT_THAT(data->labels(), ElementsAre(1, 0));
    EXPECT_THAT(read_all(*data)->x.values<float>(), ElementsAre(30, 2.5, 40, -1000));
    EXPECT_EQ(read_all(*data)->x.shape(), (Shape{2, 2}));
}

TEST_F(CsvTables, TurnTextLabelsIntoClassesInTheOrderOfTheirNames) {
    const auto data = table("x;kind\n1;dog\n2;cat\n3;dog\n", "kind");
    ASSERT_TRUE(data);
    EXPECT_THAT(data->info().class_names, ElementsAre("cat", "dog"));
    EXPECT_THAT(data->labels(), ElementsAre(1, 0, 1));
}

TEST_F(CsvTables, HaveNoLabelsWhenNoneIsNamed) {
    const auto data = table("a\tb\n 1 \t+2\n3\t4\n");
    ASSERT_TRUE(data);
    EXPECT_FALSE(data->has_labels());
    EXPECT_THAT(read_all(*data)->x.values<float>(), ElementsAre(1, 2, 3, 4));
}

TEST_F(CsvTables, NameLineAndColumnOfWhatIsNoNumber) {
    EXPECT_THAT(refusal_of("a,b\n1,2\n3,red\n"), HasSubstr("line 3, column 'b': 'red' is not a number"));
    EXPECT_THAT(refusal_of("a,b\n1,\n"), HasSubstr("line 2, column 'b': the value is missing"));
    EXPECT_THAT(refusal_of("a,b\nnan,2\n"), HasSubstr("line 2, column 'a': 'nan' is not a finite"));
    EXPECT_THAT(refusal_of("a,b\n1,1e39\n"), HasSubstr("line 2, column 'b': '1e39' is not a finite"));
    EXPECT_THAT(refusal_of("a,b\n1,2\n\n3\n"), HasSubstr("line 4 has 1 columns, the header has 2"));
}

TEST_F(CsvTables, SayWhichColumnsThereAre) {
    EXPECT_THAT(refusal_of("age,income\n1,2\n", "target"), HasSubstr("the columns are age, income"));
    EXPECT_THAT(refusal_of("age,income\n1,2\n", "incom"), HasSubstr("did you mean 'income'?"));
    EXPECT_THAT(refusal_of("a,y,y\n1,2,3\n", "y"), HasSubstr("two columns are called 'y'"));
}

TEST_F(CsvTables, NeedAHeaderAndRows) {
    EXPECT_THAT(refusal_of("1,2\n3,4\n"), HasSubstr("the first line holds numbers"));
    EXPECT_THAT(refusal_of(""), HasSubstr("empty"));
    EXPECT_THAT(refusal_of("a,b\n"), HasSubstr("no rows"));
    EXPECT_THAT(refusal_of("y\n1\n", "y"), HasSubstr("no rows of numbers"));
    EXPECT_THAT(refusal(write("t.csv", "a\n1\n") + ":train"), HasSubstr("no splits"));
}

TEST_F(CsvTables, RefuseLabelsThatCannotBeClasses) {
    EXPECT_THAT(refusal_of("x,y\n1,cat\n2,\n", "y"), HasSubstr("column 'y': a row has no label"));
    std::string text = "x,y\n";
    for (int i = 0; i < 10'001; ++i) text += "1,name" + std::to_string(i) + "\n";
    EXPECT_THAT(refusal_of(text, "y"), HasSubstr("10001 different values"));
}

TEST_F(CsvTables, StopAtTheByteLimit) {
    const auto data = open(write("t.csv", "a,b\n1,2\n3,4\n5,6\n"), {.byte_limit = 16});
    ASSERT_FALSE(data.ok());
    EXPECT_EQ(data.error().code(), Errc::exhausted);
}

}  // namespace
}  // namespace bartizan::data
