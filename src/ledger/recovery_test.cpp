/// What a crash may leave, made by hand and by kill -9.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "ledger/heads.h"
#include "ledger/ledger_testing.h"
#include "ledger/source.h"

namespace bartizan::ledger {
namespace {

constexpr const char* kEntries = "entries/000000.jsonl";

class Recovery : public WithLedger {
protected:
    /// A log of `first` and then `second` entries in two batches, as it was after each.
    void two_batches(int first, int second) {
        batch(first);
        entries_before_ = read(kEntries);
        heads_before_ = read("heads");
        batch(second);
        entries_ = read(kEntries);
        heads_ = read("heads");
    }

    std::string entries_before_, heads_before_, entries_, heads_;
};

TEST_F(Recovery, entries_torn_at_every_byte_are_cut_to_the_last_signed_head) {
    two_batches(3, 4);
    for (std::size_t length = entries_before_.size(); length <= entries_.size(); ++length) {
        write(kEntries, entries_.substr(0, length));
        write("heads", heads_before_);
        ASSERT_EQ(open()->size(), 3U) << length;
        ASSERT_EQ(read(kEntries), entries_before_) << length;
    }
}

TEST_F(Recovery, a_head_torn_at_every_byte_is_cut_with_its_entries) {
    two_batches(3, 4);
    for (std::size_t length = heads_before_.size(); length < heads_.size(); ++length) {
        write(kEntries, entries_);
        write("heads", heads_.substr(0, length));
        ASSERT_EQ(open()->size(), 3U) << length;
        ASSERT_EQ(read("heads"), heads_before_) << length;
    }
    write(kEntries, entries_);
    write("heads", heads_);
    EXPECT_EQ(open()->size(), 7U);
}

TEST_F(Recovery, the_first_batch_may_be_torn_too) {
    batch(3);
    const std::string heads = read("heads");
    for (const std::size_t length : {std::size_t{0}, std::size_t{5}, heads.size() - 1}) {
        write("heads", heads.substr(0, length));
        EXPECT_EQ(open()->size(), 0U);
        EXPECT_EQ(read(kEntries), "");
        batch(3);
    }
}

TEST_F(Recovery, blocks_of_zeros_behind_the_last_head_are_cut) {
    two_batches(3, 4);
    write(kEntries, entries_before_ + std::string(200000, '\0'));
    write("heads", heads_before_ + std::string(4096, '\0'));
    EXPECT_EQ(open()->size(), 3U);
    EXPECT_EQ(read(kEntries), entries_before_);
}

TEST_F(Recovery, signed_entries_that_are_gone_or_changed_are_told_not_mended) {
    two_batches(3, 4);
    const auto refused = [&](const std::string& entries, const std::string& heads, const std::string& why) {
        write(kEntries, entries);
        write("heads", heads);
        const auto opened = try_open();
        ASSERT_FALSE(opened.ok()) << why;
        EXPECT_EQ(opened.error().code(), Errc::conflict);
        EXPECT_NE(opened.error().line().find(why), std::string::npos) << opened.error().line();
        EXPECT_EQ(read(kEntries), entries) << "left alone";
    };
    refused(entries_before_, heads_, "entry 3 is missing");
    refused(entries_.substr(0, entries_.size() - 1), heads_, "entry 6 is missing");
    std::string changed = entries_;
    changed[changed.find("anna")] = 'A';
    refused(changed, heads_, "do not give the root");
    refused(entries_, heads_before_ + std::string(100000, 'x'), "no crash leaves");
}

TEST_F(Recovery, more_unsigned_entries_than_a_crash_leaves_are_not_thrown_away) {
    fill(*open(), static_cast<int>(kMostInBatch) + 1);
    const std::string entries = read(kEntries);
    write("heads", "");
    const auto opened = try_open();
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code(), Errc::conflict);
    EXPECT_EQ(read(kEntries), entries);
}

/// Appends for ever, and says on the pipe how many entries were acknowledged.
[[noreturn]] void write_until_killed(const std::filesystem::path& folder, int acknowledged) {
    auto ledger = Ledger::open(folder, {"test/log", test_key()});
    if (!ledger.ok()) ::_exit(1);
    for (int i = 0;; ++i) {
        Ticket last;
        for (int j = 0; j <= i % 40; ++j) last = *(*ledger)->submit(event(i));
        const auto index = (*ledger)->wait(last);
        if (!index.ok() || ::write(acknowledged, &*index, sizeof *index) != sizeof *index) ::_exit(2);
    }
}

TEST_F(Recovery, a_writer_killed_at_any_moment_loses_nothing_that_it_acknowledged) {
    std::mt19937 random(7);
    std::uint64_t least = 0;
    (void)test_key();
    for (int round = 0; round < 25; ++round) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t child = ::fork();
        if (child == 0) write_until_killed(folder_, ends[1]);
        ::close(ends[1]);
        std::this_thread::sleep_for(std::chrono::milliseconds(5 + random() % 60));
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed with status " << WEXITSTATUS(status);
        std::uint64_t index = 0;
        while (::read(ends[0], &index, sizeof index) == sizeof index) least = index + 1;
        ::close(ends[0]);
        const auto ledger = open();
        ASSERT_GE(ledger->size(), least) << "round " << round;
        least = ledger->size();
    }
    EXPECT_GT(least, 100U);
    const auto source = segment_source(folder_);
    std::uint64_t index = 0;
    for (; const auto line = *source->next(); ++index) ASSERT_EQ(parse_entry(*line)->index, index);
    EXPECT_EQ(index, least);
}

}  // namespace
}  // namespace bartizan::ledger
