#include "drill/play.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "drill/child.h"

namespace bartizan::drill {
namespace {

std::string folder(const char* name) {
    const auto path = std::filesystem::path(testing::TempDir()) / name;
    std::filesystem::create_directories(path);
    return path.string();
}

TEST(ChangedModel, IsTheOldOneWithOneFieldMore) {
    const std::string changed = changed_model("abc", std::string(200, 'x'));
    EXPECT_EQ(changed, std::string("abc\x32\xc8\x01") + std::string(200, 'x'));
}

TEST(LabelsAlone, AreOneAmongNoughts) {
    EXPECT_TRUE((Said{200, "1", {{0, 1, 0}, {1, 0, 0}}}.labels_alone()));
    EXPECT_FALSE((Said{200, "1", {{0, 1, 0}, {0.2, 0.8, 0}}}.labels_alone()));
    EXPECT_FALSE((Said{200, "1", {{1}}}.labels_alone()));
    EXPECT_FALSE(Said{}.labels_alone());
}

TEST(ChildTest, GetsItsOwnKeyAndIsEnded) {
    auto child =
        Child::start("/bin/sh", {"-c", "echo $BARTIZAN_KEY; echo trouble >&2; exit 3"}, "his", folder("child"));
    ASSERT_TRUE(child.ok());
    while (child->running()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(child->status(), 3);
    EXPECT_EQ(child->output(), "his\n");
    EXPECT_EQ(child->complaint(), "trouble");
    auto sleeper = Child::start("/bin/sh", {"-c", "exec sleep 60"}, "", folder("sleeper"));
    ASSERT_TRUE(sleeper.ok());
    EXPECT_TRUE(sleeper->running());
    sleeper->stop();
    EXPECT_EQ(sleeper->status(), 128 + 15);
    EXPECT_FALSE(Child::start("/nowhere/at/all", {}, "", folder("none")).ok());
}

TEST(ScenarioTest, EachIsFoundByItsName) {
    for (const Scenario& one : scenarios()) EXPECT_EQ(*find_scenario(one.name), &one);
    const auto none = find_scenario("nonsense");
    ASSERT_FALSE(none.ok());
    EXPECT_NE(none.error().line().find("stolen-key"), std::string::npos);
}

TEST(PlanTest, ServerThatIsNoneIsTold) {
    EXPECT_FALSE(plan_of({.server = "nonsense"}).ok());
    const auto closed = plan_of({.server = "http://127.0.0.1:1", .key = "k", .model = "m"});
    ASSERT_FALSE(closed.ok());
    EXPECT_EQ(closed.error().code(), Errc::unavailable);
}

}  // namespace
}  // namespace bartizan::drill
