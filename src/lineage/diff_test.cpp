#include "lineage/diff.h"

#include <gmock/gmock.h>

#include "lineage/lineage_testing.h"

namespace bartizan::lineage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Diffs : public Scratch {
protected:
    static std::string line(const std::string& id, char content, const std::string& label, Origin origin = {}) {
        return write_item({.id = id, .sha256 = std::string(64, content), .size = 8, .label = label, .origin = origin}) +
               "\n";
    }
    std::vector<std::string> steps(const std::string& before, const std::string& after) {
        std::vector<std::string> out;
        const auto done =
            diff({write("a", before)}, {write("b", after)}, RunContext(), [&](const ItemStep& step) -> Result<void> {
                out.push_back(std::string(to_string(step.step)) + " " + step.id);
                return {};
            });
        EXPECT_TRUE(done.ok()) << done.error().line();
        if (done.ok()) diff_ = *done;
        return out;
    }
    Diff diff_;
};

TEST_F(Diffs, NameWhatCameWentAndChanged) {
    const std::string before = line("a", '1', "x") + line("b", '2', "x") + line("c", '3', "y") + line("d", '4', "y");
    const std::string after = line("a", '1', "x") + line("b", '9', "x") + line("c", '3', "x") + line("e", '5', "y");
    EXPECT_THAT(steps(before, after), ElementsAre("content b", "label c", "removed d", "added e"));
    EXPECT_EQ(diff_.same, 1U);
    EXPECT_EQ(diff_.items, (std::array<std::uint64_t, 2>{4, 4}));
}

TEST_F(Diffs, DoNotDependOnTheOrderOfTheLines) {
    const std::string a = line("a", '1', "x"), b = line("b", '2', "x"), c = line("c", '3', "y");
    EXPECT_THAT(steps(a + b + c, c + a + b), ElementsAre());
    EXPECT_EQ(diff_.same, 3U);
}

TEST_F(Diffs, FindWhatWasRenamed) {
    EXPECT_THAT(steps(line("a", '1', "x") + line("b", '2', "x"), line("b", '2', "x") + line("z", '1', "x")),
                ElementsAre("removed a", "added z", "renamed z"));
}

TEST_F(Diffs, PairTwinsOnce) {
    EXPECT_THAT(steps(line("a", '1', "x") + line("b", '1', "x"), line("y", '1', "x")),
                ElementsAre("removed a", "removed b", "added y", "renamed y"));
}

TEST_F(Diffs, MeasureHowTheDistributionsMoved) {
    const Origin partner{.source = "p", .tags = {"consent:a"}};
    EXPECT_THAT(steps(line("a", '1', "x") + line("b", '2', "x") + line("c", '3', "y") + line("d", '4', "y"),
                      line("a", '1', "x", partner) + line("b", '2', "x") + line("c", '3', "x") + line("d", '4', "y")),
                ElementsAre("origin a", "label c"));
    EXPECT_EQ(diff_.shifts[0].name, "label");
    EXPECT_DOUBLE_EQ(diff_.shifts[0].total_variation(), 0.25);  // x: 2/4 to 3/4, y: 2/4 to 1/4
    EXPECT_DOUBLE_EQ(diff_.shifts[1].total_variation(), 0.25);  // source
    EXPECT_DOUBLE_EQ(diff_.shifts[3].total_variation(), 1);     // tags on one side alone
    EXPECT_DOUBLE_EQ(diff_.shifts[4].total_variation(), 0);     // sizes
}

TEST_F(Diffs, NameTheManifestAndTheLineThatIsWrong) {
    const auto ignore = [](const ItemStep&) -> Result<void> { return {}; };
    const auto good = write("good", line("a", '1', "x"));
    const auto bad = write("bad", line("a", '1', "x") + "{}\n");
    const auto done = diff({good}, {bad}, RunContext(), ignore);
    ASSERT_FALSE(done.ok());
    EXPECT_THAT(done.error().line(), HasSubstr("bad': line 2: 'id' is missing"));
}

TEST(Shifts, OfOneSideAloneAreComplete) {
    Shift shift;
    EXPECT_EQ(shift.total_variation(), 0);
    shift.add("a", 0);
    EXPECT_EQ(shift.total_variation(), 1);
    shift.add("b", 1);
    EXPECT_EQ(shift.total_variation(), 1);
}

}  // namespace
}  // namespace bartizan::lineage
