#include "quality/subject.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/npy.h"
#include "formats/zip.h"
#include "quality/scratch_testing.h"

namespace bartizan::quality {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Reading : public Scratch {
protected:
    Result<Subject> read(std::string_view name, std::string_view content, std::string_view label = "") const {
        data::OpenOptions options;
        options.label_column = label;
        return read_subject(write(name, content), options);
    }
    std::string refusal(std::string_view name, std::string_view content, std::string_view label = "") const {
        const auto made = read(name, content, label);
        return made.ok() ? "" : made.error().line();
    }
};

TEST_F(Reading, WordsNumbersAndMissingValuesAreToldApart) {
    const auto made = read("t.csv", "a,b\n1,x\nNA,2\n?,\n+3.5,null\n");
    ASSERT_TRUE(made.ok()) << made.error().line();
    EXPECT_EQ(made->columns[0].missing, 2);
    EXPECT_EQ(made->columns[0].words, 0);
    EXPECT_EQ(made->columns[0].numbers[3], 3.5F);
    EXPECT_EQ(made->columns[1].missing, 2);
    EXPECT_EQ(made->columns[1].words, 1);
    EXPECT_EQ(made->columns[1].text(made->columns[1].cells[0]), "x");
}

TEST_F(Reading, LabelsMayBeNumbersWordsYearsOrMissing) {
    EXPECT_THAT(read("n.csv", "a,y\n1,0\n2,3\n3,\n", "y")->labels, ElementsAre(0, 3, -1));
    const auto words = read("w.csv", "a,y\n1,no\n2,yes\n3,no\n", "y");
    EXPECT_THAT(words->labels, ElementsAre(0, 1, 0));
    EXPECT_THAT(words->class_names, ElementsAre("no", "yes"));
    const auto years = read("j.csv", "a,y\n1,2019\n2,2020\n", "y");
    EXPECT_THAT(years->labels, ElementsAre(0, 1)) << "no 2,019 classes that are empty";
    EXPECT_THAT(years->class_names, ElementsAre("2019", "2020"));
    EXPECT_THAT(read("s.csv", "a,y\n1,-1\n2,1\n", "y")->labels, ElementsAre(0, 1));
    EXPECT_EQ(years->columns.size(), 1U) << "the label is no column";
}

TEST_F(Reading, FingerprintsAreThoseOfTheValues) {
    const auto made =
        read("t.csv", "a,b\n1,x\n1.0, x\n1,y\n,x\nNA,x\n0.5,x\n123456789012345678,z\n123456789012345679,z\n");
    const auto& prints = made->fingerprints;
    EXPECT_EQ(prints[0], prints[1]) << "1 and 1.0, with and without blanks";
    EXPECT_NE(prints[0], prints[2]);
    EXPECT_EQ(prints[3], prints[4]) << "missing is missing";
    EXPECT_NE(prints[3], prints[5]) << "and no number";
    EXPECT_NE(prints[6], prints[7]) << "long numbers are told apart by their last digit";
    const auto turned = read("u.csv", "b,a\nx,1\n", "");
    EXPECT_EQ(turned->fingerprints[0], prints[0]) << "the order of columns does not matter";
    EXPECT_NE(read("v.csv", "a,b\nx,1\n")->fingerprints[0], prints[0]) << "their names do";
}

TEST_F(Reading, JsonLinesMayLackFieldsAndGainThem) {
    const auto made =
        read("t.jsonl", "{\"a\": 1, \"y\": \"p\"}\n\n{\"b\": \"late\", \"y\": \"q\", \"a\": null}\r\n", "y");
    ASSERT_TRUE(made.ok()) << made.error().line();
    ASSERT_EQ(made->columns.size(), 2U);
    EXPECT_EQ(made->columns[1].name, "b");
    EXPECT_EQ(made->columns[1].missing, 1);
    EXPECT_EQ(made->columns[0].missing, 1);
    EXPECT_THAT(made->labels, ElementsAre(0, 1));
    const auto deep = read("d.ndjson", "{\"a\": {\"b\": [1, 2]}}\n");
    EXPECT_EQ(deep->columns[0].text(deep->columns[0].cells[0]), "{\"b\":[1,2]}");
}

TEST_F(Reading, ByteOrderMarksAreNoText) {
    EXPECT_EQ(read("t.txt", "\xEF\xBB\xBFone\ntwo\n")->columns[0].text({0, 0, 3}), "one");
    EXPECT_EQ(read("t.jsonl", "\xEF\xBB\xBF{\"a\": 1}\n")->columns[0].name, "a");
    EXPECT_EQ(read("t.csv",
                   "\xEF\xBB\xBF"
                   "a\n1\n")
                  ->columns[0]
                  .name,
              "a");
}

TEST_F(Reading, OtherEncodingsAreRefusedOrKept) {
    EXPECT_THAT(refusal("u.csv", std::string("\xFF\xFE"
                                             "a\0,\0b\0",
                                             8)),
                HasSubstr("UTF-16"));
    EXPECT_THAT(refusal("n.csv", std::string("a,b\n1,\0\n", 8)), HasSubstr("NUL"));
    const auto latin = read("l.csv", "a\ncaf\xe9\n");
    ASSERT_TRUE(latin.ok());
    EXPECT_EQ(latin->columns[0].text(latin->columns[0].cells[0]), "caf\xe9");
}

TEST_F(Reading, FiveRowsAreTaken) { EXPECT_EQ(read("f.csv", "a\n1\n2\n3\n4\n5\n")->items(), 5); }

TEST_F(Reading, HostileTablesAreRefusedInOneLine) {
    EXPECT_THAT(refusal("e.csv", ""), HasSubstr("no rows"));
    EXPECT_THAT(refusal("h.csv", "a,b\n"), HasSubstr("no rows"));
    EXPECT_THAT(refusal("n.csv", "1,2\n3,4\n"), HasSubstr("names of the columns"));
    EXPECT_THAT(refusal("r.csv", "a,b\n1\n"), HasSubstr("line 2"));
    EXPECT_THAT(refusal("q.csv", "a,b\n\"1,2\n"), HasSubstr("line 2"));
    EXPECT_THAT(refusal("l.csv", "abc,b\n1,2\n", "abd"), HasSubstr("abc"));
    EXPECT_THAT(refusal("j.jsonl", "[1]\n"), HasSubstr("line 1"));
    EXPECT_THAT(refusal("k.jsonl", "{\"a\": 1}\n{\"a\": \n"), HasSubstr("line 2"));
    std::string many = "a,y\n";
    for (int i = 0; i < 10'002; ++i) many += "1,c" + std::to_string(i) + "\n";
    EXPECT_THAT(refusal("m.csv", many, "y"), HasSubstr("too many for classes"));
    EXPECT_FALSE(read_subject(path("absent.csv"), {}).ok());
}

TEST_F(Reading, LimitsAndSamplesKeepRowsTogether) {
    std::string text = "a,w,y\n";
    for (int i = 0; i < 100; ++i)
        text += std::to_string(i) + (i % 3 == 0 ? ",w" + std::to_string(i) : ",") + "," + std::to_string(i % 2) + "\n";
    data::OpenOptions options;
    options.label_column = "y";
    options.sample = 20;
    const auto made = read_subject(write("t.csv", text), options);
    ASSERT_EQ(made->items(), 20);
    EXPECT_FALSE(made->whole);
    for (std::size_t row = 0; row < 20; ++row) {
        const std::int64_t id = made->ids[row];
        EXPECT_EQ(made->columns[0].numbers[row], float(id));
        EXPECT_EQ(made->labels[row], id % 2);
    }
    for (const Cell& cell : made->columns[1].cells)
        EXPECT_EQ(made->columns[1].text(cell), "w" + std::to_string(made->ids[cell.row]));
    EXPECT_EQ(std::ssize(made->columns[1].cells) + made->columns[1].missing, 20);
    EXPECT_EQ(made->fingerprints.size(), 20U);
}

TEST_F(Reading, FeaturesAreMeansWhereNumbersMissAndOneHotForWords) {
    const auto made = read("t.csv", "n,w\n1,red\n,blue\n3,red\nNaN,\n");
    const Features features = features_of(*made);
    ASSERT_EQ(features.matrix.width, 3U);
    EXPECT_NEAR(features.matrix.row(1)[0], 0, 1e-6) << "the mean";
    EXPECT_LT(features.matrix.row(0)[0], 0);
    EXPECT_EQ(features.matrix.row(0)[1], features.matrix.row(2)[1]);
    EXPECT_NE(features.matrix.row(0)[1], features.matrix.row(1)[1]);
    EXPECT_TRUE(features.left_out.empty());
}

TEST_F(Reading, ColumnsForWhichThereIsNoRoomAreNamed) {
    std::string header = "c0", row = "1";
    for (int i = 1; i < 4'100; ++i) header += ",c" + std::to_string(i), row += ",1";
    const Features features = features_of(*read("t.csv", header + "\n" + row + "\n" + row + "\n"));
    EXPECT_EQ(features.matrix.width, 4'096U);
    EXPECT_THAT(features.left_out, ElementsAre("c4096", "c4097", "c4098", "c4099"));
}

TEST_F(Reading, EmptyColumnsGiveNoFeatures) {
    EXPECT_EQ(features_of(*read("t.csv", "a,b\n,NA\n,nan\n")).matrix.width, 0U);
}

}  // namespace
}  // namespace bartizan::quality
