#include "quality/check.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "formats/npy.h"
#include "formats/zip.h"
#include "quality/output.h"
#include "quality/repeats.h"
#include "quality/scratch_testing.h"

namespace bartizan::quality {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Checking : public Scratch {
protected:
    CheckReport checked(const std::string& file, CheckOptions options = {}) const {
        auto report = check(file, options, RunContext({.threads = 2}));
        EXPECT_TRUE(report.ok()) << report.error().line();
        return report.ok() ? *std::move(report) : CheckReport();
    }
    CheckReport table(std::string_view csv, std::string_view label = "") const {
        CheckOptions options;
        options.open.label_column = label;
        return checked(write("t.csv", csv), options);
    }
    static std::string reason(const CheckReport& report, std::string_view what) {
        for (const Skipped& skipped : report.skipped)
            if (skipped.check == what) return skipped.reason;
        return {};
    }
    std::string npz(std::string_view name, const NdArray& x, const NdArray& y) const {
        return write(name, *formats::make_zip(std::vector<std::pair<std::string, std::string>>{
                               {"x.npy", *formats::make_npy(x)}, {"y.npy", *formats::make_npy(y)}}));
    }
};

TEST_F(Checking, FiveRowsAreCheckedAndWhatCannotBeIsSaid) {
    const CheckReport report = table("a,y\n1,x\n1,x\n3,x\n4,y\n,y\n", "y");
    EXPECT_THAT(find(report.issues, "exact_duplicate")->indices, ElementsAre(1));
    EXPECT_THAT(find(report.issues, "missing_values")->indices, ElementsAre(4));
    EXPECT_EQ(reason(report, "label_errors"), "5 items are fewer than 50");
    EXPECT_EQ(reason(report, "outliers"), "5 items are fewer than 50");
    EXPECT_EQ(reason(report, "spurious_correlation"), "5 items are fewer than 100");
}

TEST_F(Checking, OneClassIsAnIssueAndNothingIsLearnt) {
    std::string csv = "a,y\n";
    for (int i = 0; i < 80; ++i) csv += fmt::format("{},yes\n", i * i % 17);
    const CheckReport report = table(csv, "y");
    EXPECT_THAT(find(report.issues, "single_class")->title, HasSubstr("'yes'"));
    EXPECT_EQ(reason(report, "label_errors"), "there is one class only");
    EXPECT_LT(report.model_accuracy, 0);
}

TEST_F(Checking, ColumnsOfNanAloneAreToldAndNothingIsMeasured) {
    std::string csv = "a,b,y\n";
    for (int i = 0; i < 80; ++i) csv += fmt::format("NaN,,{}\n", i % 2);
    const CheckReport report = table(csv, "y");
    EXPECT_EQ(std::ranges::count(report.issues, std::string_view("empty_column"), &Issue::kind), 2);
    EXPECT_EQ(reason(report, "outliers"), "there is nothing to measure distances by");
    EXPECT_EQ(reason(report, "label_errors"), "there are no features to learn from");
}

TEST_F(Checking, LabelsAreNotDoubtedByANetworkThatLearntNothing) {
    Random random(6, 0);
    std::string noise = "a,y\n", same = "a,b,y\n";
    for (int i = 0; i < 200; ++i) {
        noise += fmt::format("{},{}\n", random.normal(), random.below(3));
        same += fmt::format("5,{},{}\n", i % 2, random.below(2));
    }
    for (const std::string& csv : {noise, same}) {
        const CheckReport report = table(csv, "y");
        EXPECT_EQ(find(report.issues, "label_error"), nullptr);
        EXPECT_THAT(reason(report, "label_errors"), HasSubstr("learnt nothing"));
    }
}

TEST_F(Checking, RareClassesThatCanBeToldAreDoubted) {
    Random random(7, 0);
    std::string csv = "a,y\n";
    for (int i = 0; i < 2'000; ++i) {
        const bool rare = i % 40 == 0;  // always naming the other would be right in 97.5 %
        csv += fmt::format("{},{}\n", random.normal() + (rare ? 8 : 0), rare && i != 400 ? 1 : 0);
    }
    const CheckReport report = table(csv, "y");
    ASSERT_NE(find(report.issues, "label_error"), nullptr);
    EXPECT_THAT(find(report.issues, "label_error")->indices, ElementsAre(400));
}

TEST_F(Checking, ColumnsOfOneNameAreTold) {
    EXPECT_EQ(find(table("a,b,a\n1,2,3\n4,5,6\n").issues, "repeated_name")->detail, "a");
}

TEST_F(Checking, MixedEncodingsAreAnIssueThatNamesTheRows) {
    const CheckReport report = table("name\nAnna\nJos\xc3\xa9\nJos\xe9\nBea\n");
    const Issue* issue = find(report.issues, "mixed_encoding");
    ASSERT_NE(issue, nullptr);
    EXPECT_THAT(issue->indices, ElementsAre(2));
    EXPECT_TRUE(issue->suspect);
    ASSERT_FALSE(issue->examples.empty());
    EXPECT_EQ(issue->examples[0].shown, "name=Jos?");
}

/// Ten blobs with one label in ten flipped: labels as words.
TEST_F(Checking, FlippedLabelsOfATableAreFound) {
    Random random(3, 0);
    std::string csv = "a,b,c,kind\n";
    std::vector<bool> flipped;
    for (int i = 0; i < 1'000; ++i) {
        const auto truth = static_cast<int>(random.below(4));
        flipped.push_back(random.below(10) == 0);
        const int label = flipped.back() ? (truth + 1 + static_cast<int>(random.below(3))) % 4 : truth;
        csv += fmt::format("{},{},{},class {}\n", (truth % 2) * 4 + random.normal(), (truth / 2) * 4 + random.normal(),
                           random.normal(), static_cast<char>('a' + label));
    }
    const CheckReport report = table(csv, "kind");
    const Issue* issue = find(report.issues, "label_error");
    ASSERT_NE(issue, nullptr);
    double hits = 0;
    for (const std::int64_t item : issue->indices) hits += flipped[std::size_t(item)] ? 1 : 0;
    EXPECT_GE(hits / double(issue->indices.size()), 0.75);
    EXPECT_GE(hits / double(std::ranges::count(flipped, true)), 0.8);
    EXPECT_GT(report.model_accuracy, 0.8);
    EXPECT_EQ(issue->examples.size(), kMostExamples);
    EXPECT_THAT(issue->examples[0].shown, HasSubstr("a="));
    EXPECT_THAT(issue->examples[0].label, HasSubstr("class "));
}

TEST_F(Checking, AFigureThatGivesTheLabelAwayIsTold) {
    Random random(4, 0);
    std::vector<float> x;
    std::vector<std::int64_t> y;
    for (std::int64_t i = 0; i < 200; ++i) {
        y.push_back(std::int64_t(random.below(2)));
        for (int p = 0; p < 64; ++p) x.push_back(0.5F * random.uniform() + (y.back() == 1 ? 0.3F : 0));
    }
    const auto file = npz("x.npz", *NdArray::from<float>({200, 1, 8, 8}, x), *NdArray::from<std::int64_t>({200}, y));
    const CheckReport report = checked(file);
    const Issue* issue = find(report.issues, "spurious_correlation");
    ASSERT_NE(issue, nullptr);
    EXPECT_THAT(issue->title, HasSubstr("brightness"));
    EXPECT_GT(issue->score, 0.9);
}

TEST_F(Checking, RowsOfTheWorstOffendersAreShownWithPersonalDataMasked) {
    std::string csv = "id,mail,age,y\n";
    for (int i = 0; i < 60; ++i)
        csv += fmt::format("{},user{}@example.com,{},{}\n", i, i, i == 7 ? 9999 : 20 + i % 40, i % 2);
    const CheckReport report = table(csv, "y");
    const Issue* range = find(report.issues, "out_of_range");
    ASSERT_NE(range, nullptr);
    ASSERT_EQ(range->examples.size(), 1U);
    EXPECT_EQ(range->examples[0].item, 7);
    EXPECT_EQ(range->examples[0].shown, "age=9999, id=7, mail=u***@***");
    Json document = Json::object();
    add_to(document, report, std::nullopt);
    const std::string text = to_text(report, std::nullopt, [](std::string_view plain) { return std::string(plain); });
    EXPECT_THAT(text, HasSubstr("age=9999, id=7, mail=u***@***"));
    for (const std::string& printed : {text, document.dump()}) EXPECT_THAT(printed, Not(HasSubstr("@example.com")));
    EXPECT_EQ(document["issues"][0]["examples"][0]["row"].get<std::string>().find("user"), std::string::npos);
}

TEST_F(Checking, LinesOfTextAreShownWithTheirTwin) {
    const std::string file = write("t.txt", "the quick brown fox\nanother line\nthe quick brown fox\n");
    const CheckReport report = checked(file);
    const Issue* issue = find(report.issues, "exact_duplicate");
    ASSERT_EQ(issue->examples.size(), 2U);
    EXPECT_EQ(issue->examples[0].item, 0);
    EXPECT_EQ(issue->examples[1].shown, "the quick brown fox");
}

TEST_F(Checking, LeaksAreFoundWhateverTheOrderOfColumns) {
    write("other.csv", "b,a\n5,1\n7,9\n");
    const CheckReport report = checked(write("t.csv", "a,b\n1,5\n2,6\n"), {.others = {path("other.csv")}});
    const Issue* leak = find(report.issues, "leak");
    ASSERT_NE(leak, nullptr);
    EXPECT_THAT(leak->indices, ElementsAre(0));
    EXPECT_EQ(leak->groups, (std::vector<std::vector<std::int64_t>>{{0, 0}}));
    write("strange.csv", "a,z\n1,5\n");
    EXPECT_THAT(reason(checked(path("t.csv"), {.others = {path("strange.csv")}}), "leakage"),
                HasSubstr("another form"));
}

TEST_F(Checking, ConflictingLabelsNameAllMembersHoweverMany) {
    std::string csv = "a,y\n";
    for (std::size_t i = 0; i < kMostGroups + 5; ++i) csv += fmt::format("{},0\n{},1\n", i, i);
    RowSet repeated;
    const auto issues = exact_duplicate_issues(subject(csv, "y"), repeated);
    ASSERT_EQ(issues.size(), 1U);
    EXPECT_EQ(issues[0].indices.size(), 2 * kMostGroups + 10);
    EXPECT_EQ(issues[0].groups.size(), kMostGroups);
    EXPECT_EQ(repeated.size(), kMostGroups + 5);
}

TEST_F(Checking, GivenProbabilitiesMustFit) {
    std::vector<float> p(60 * 2, 0.5F);
    std::string csv = "a,y\n";
    for (int i = 0; i < 61; ++i) csv += fmt::format("{},{}\n", i, i % 2);
    CheckOptions options;
    options.open.label_column = "y";
    options.probabilities = npz("p.npz", *NdArray::from<float>({60, 2}, p), *NdArray::from<float>({60, 2}, p));
    const auto both = check(write("t.csv", csv), options, RunContext());
    EXPECT_THAT(both.error().line(), HasSubstr("pred_probs"));
    options.probabilities =
        write("one.npz", *formats::make_zip(std::vector<std::pair<std::string, std::string>>{
                             {"pred_probs.npy", *formats::make_npy(*NdArray::from<float>({60, 2}, p))}}));
    EXPECT_THAT(check(path("t.csv"), options, RunContext()).error().line(), HasSubstr("for 61 items"));
}

TEST_F(Checking, StopsWhenAsked) {
    std::string csv = "a,y\n";
    for (int i = 0; i < 100; ++i) csv += fmt::format("{},{}\n", i * 7 % 31, i % 2);
    CancelToken stop;
    stop.cancel();
    const auto report = check(write("t.csv", csv), {}, RunContext({.cancel = &stop}));
    EXPECT_EQ(report.error().code(), Errc::cancelled);
}

TEST_F(Checking, ACleanTableHasNothingGrave) {
    Random random(8, 0);
    std::string csv = "a,b,y\n";
    for (int i = 0; i < 400; ++i) {
        const auto label = static_cast<int>(random.below(2));
        csv += fmt::format("{},{},{}\n", 4 * label + random.normal(), random.normal(), label);
    }
    const CheckReport report = table(csv, "y");
    for (const Issue& issue : report.issues) EXPECT_LT(issue.severity, Severity::high) << issue.kind << issue.title;
    const Issue* errors = find(report.issues, "label_error");
    EXPECT_LE(errors == nullptr ? 0U : errors->indices.size(), 16U) << "4 sigma apart: 2.3 % lie on the wrong side";
}

}  // namespace
}  // namespace bartizan::quality
