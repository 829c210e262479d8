#include "lineage/watcher.h"

#include "lineage/lineage_testing.h"

namespace bartizan::lineage {
namespace {

using namespace std::chrono_literals;

using Watching = Scratch;

TEST_F(Watching, WakesOnAChangeInAnyFolderAndInNewOnes) {
    write("set/deep/a", "x");
    auto watcher = watch_events(path("set"));
    ASSERT_TRUE(watcher.ok()) << watcher.error().line();
    write("set/deep/a", "y");
    EXPECT_EQ(*(*watcher)->wait(60s, RunContext()), Woken::event);
    std::filesystem::create_directories(path("set/new"));
    EXPECT_EQ(*(*watcher)->wait(60s, RunContext()), Woken::event);
    write("set/new/b", "z");
    EXPECT_EQ(*(*watcher)->wait(60s, RunContext()), Woken::event);
    std::filesystem::remove(path("set/deep/a"));
    EXPECT_EQ(*(*watcher)->wait(60s, RunContext()), Woken::event);
}

TEST_F(Watching, SeesAFileThatIsReplacedAndNotItsNeighbours) {
    write("t.csv", "x");
    auto watcher = watch_events(path("t.csv"));
    write("other.csv", "y");
    EXPECT_EQ(*(*watcher)->wait(50ms, RunContext()), Woken::interval);
    for (int i = 0; i < 2; ++i) {
        write("t.new", "z");
        std::filesystem::rename(path("t.new"), path("t.csv"));
        EXPECT_EQ(*(*watcher)->wait(60s, RunContext()), Woken::event);
    }
}

TEST_F(Watching, WakesWhenTheIntervalIsOver) {
    write("set/a", "x");
    EXPECT_EQ(*(*watch_events(path("set")))->wait(1ms, RunContext()), Woken::interval);
    EXPECT_EQ(*watch_clock()->wait(1ms, RunContext()), Woken::interval);
}

TEST_F(Watching, StopsWhenTold) {
    CancelToken token;
    token.cancel();
    const RunContext stopped({.cancel = &token});
    EXPECT_EQ(watch_clock()->wait(60s, stopped).error().code(), Errc::cancelled);
    EXPECT_EQ((*watch_events(path("")))->wait(60s, stopped).error().code(), Errc::cancelled);
}

}  // namespace
}  // namespace bartizan::lineage
