#include "data/input_contract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/scratch_testing.h"

namespace bartizan::data {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::HasSubstr;

class Sidecar : public Scratch {
protected:
    Result<InputContract> parse(std::string_view text) const {
        write("m.onnx.bartizan.yaml", text);
        return read_sidecar(path("m.onnx"));
    }
    std::string refusal_of(std::string_view text) const {
        const auto contract = parse(text);
        return contract.ok() ? "" : contract.error().line();
    }
};

TEST_F(Sidecar, GivesBackWhatWasWritten) {
    InputContract contract;
    contract.mean = {0.4914, 0.4822, 0.1};
    contract.std = {0.2023, 1.0 / 3, 0.2010};
    contract.low = -1;
    contract.high = 255;
    contract.layout = "nhwc";
    contract.class_names = {"cat", "7", "yes", "a: b # c", "鳥", "line\nbreak", ""};
    contract.temperature = 1.5;
    contract.preprocessing = "jpeg 75: no defence";
    ASSERT_TRUE(write_sidecar(path("m.onnx"), contract).ok());
    const auto again = read_sidecar(path("m.onnx"));
    ASSERT_TRUE(again.ok()) << again.error().line();
    EXPECT_EQ(again->mean, contract.mean);
    EXPECT_EQ(again->std, contract.std);
    EXPECT_EQ(again->low, -1);
    EXPECT_EQ(again->high, 255);
    EXPECT_EQ(again->layout, "nhwc");
    EXPECT_EQ(again->class_names, contract.class_names);
    EXPECT_EQ(again->temperature, 1.5);
    EXPECT_EQ(again->preprocessing, contract.preprocessing);
}

TEST_F(Sidecar, IsTheIdentityWhenThereIsNone) {
    const auto contract = read_sidecar(path("other.onnx"));
    ASSERT_TRUE(contract.ok());
    EXPECT_TRUE(contract->is_identity());
    EXPECT_TRUE(parse("")->is_identity());
    EXPECT_TRUE(parse("mean: [0, 0]\nstd: [1]\n")->is_identity());
    EXPECT_FALSE(parse("range: [0, 255]\n")->is_identity());
}

TEST_F(Sidecar, ReadsFractions) {
    EXPECT_THAT(parse("mean: [1/4, 0.5]\n")->mean, ElementsAre(DoubleEq(0.25), DoubleEq(0.5)));
}

TEST_F(Sidecar, NamesTheUnknownSettingAndItsLine) {
    EXPECT_THAT(refusal_of("mean: [0.5]\nsdt: [1]\n"),
                HasSubstr("line 2: no setting called 'sdt'; did you mean 'std'?"));
    EXPECT_THAT(refusal_of("colour: blue\n"), HasSubstr("there are mean, std"));
    EXPECT_THAT(refusal_of("mean: [0]\nstd: [1]\nmean: [1]\n"), HasSubstr("line 3: 'mean' is set twice"));
}

TEST_F(Sidecar, RefusesValuesThatMakeNoSense) {
    EXPECT_THAT(refusal_of("std: [0.5, 0]\n"), HasSubstr("line 1: each std must be above 0"));
    EXPECT_THAT(refusal_of("range: [1, 0]\n"), HasSubstr("low below high"));
    EXPECT_THAT(refusal_of("range: [1]\n"), HasSubstr("low below high"));
    EXPECT_THAT(refusal_of("layout: nwhc\n"), HasSubstr("nchw or nhwc"));
    EXPECT_THAT(refusal_of("mean: 0.5\n"), HasSubstr("a list of numbers"));
    EXPECT_THAT(refusal_of("mean: [.nan]\n"), HasSubstr("line 1"));
    EXPECT_THAT(refusal_of("mean:\n  - 1\n  - [2]\n"), HasSubstr("line 3: a number"));
    EXPECT_THAT(refusal_of("classes: [a, {b: c}]\n"), HasSubstr("a name is needed"));
    EXPECT_THAT(refusal_of("temperature: -1\n"), HasSubstr("above 0"));
    EXPECT_THAT(refusal_of("bartizan_sidecar: 2\n"), HasSubstr("newer version"));
    EXPECT_THAT(refusal_of("- mean\n"), HasSubstr("a map of settings"));
    EXPECT_THAT(refusal_of("[mean]: 1\n"), HasSubstr("single word"));
    EXPECT_THAT(refusal_of("mean: [1\nstd: 2\n"), HasSubstr("line"));
}

TEST_F(Sidecar, IsNotHurtByAliasesOrDepth) {
    std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
    for (char name = 'b'; name <= 'z'; ++name) {
        const std::string before(1, static_cast<char>(name - 1));
        bomb += std::string(1, name) + ": &" + name + " [";
        for (int i = 0; i < 9; ++i) bomb += (i == 0 ? "*" : ", *") + before;
        bomb += "]\n";
    }
    EXPECT_THAT(refusal_of(bomb), HasSubstr("no setting called 'a'"));
    EXPECT_THAT(refusal_of("mean: &m [1, *m]\n"), HasSubstr("a number is needed"));
    EXPECT_NE(refusal_of("mean: " + std::string(500'000, '[')), "");
    EXPECT_NE(refusal_of(std::string(100'000, '{')), "");
    EXPECT_NE(refusal_of("mean: [" + std::string(2 << 20, ' ') + "1]"), "") << "beyond the limit on the file";
}

TEST_F(Sidecar, SurvivesCutFiles) {
    const std::string text = "bartizan_sidecar: 1\nmean: [0.5, 0.25]\nclasses: [\"cat\", 'dog']\nlayout: nchw\n";
    for (std::size_t length = 0; length < text.size(); ++length) (void)parse(text.substr(0, length)).ok();
    EXPECT_TRUE(parse(text).ok());
}

TEST(ParseNumbers, TakesOneOrSeveral) {
    EXPECT_THAT(*parse_numbers("0.5"), ElementsAre(0.5));
    EXPECT_THAT(*parse_numbers("0.49,0.48,1/4"), ElementsAre(0.49, 0.48, 0.25));
    for (const char* text : {"", ",", "1,", "a", "1,,2", "inf"}) EXPECT_FALSE(parse_numbers(text).ok()) << text;
}

}  // namespace
}  // namespace bartizan::data
