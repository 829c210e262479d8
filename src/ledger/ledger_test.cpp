#include "ledger/ledger.h"

#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "ledger/heads.h"
#include "ledger/ledger_testing.h"
#include "ledger/source.h"
#include "ledger/tiles.h"

namespace bartizan::ledger {
namespace {

class LedgerTest : public WithLedger {};

Checkpoint head_of(const Ledger& ledger) { return *open_checkpoint(ledger.head(), ledger.verifier()); }

TEST_F(LedgerTest, an_acknowledged_event_is_in_the_file_under_a_signed_head) {
    const auto ledger = open();
    EXPECT_EQ(ledger->head(), "");
    EXPECT_EQ(*ledger->append(event(5)), 0U);
    EXPECT_EQ(*ledger->append(event(6)), 1U);
    const std::string lines = read("entries/000000.jsonl");
    const std::string first = lines.substr(0, lines.find('\n'));
    EXPECT_EQ(parse_entry(first)->event.details["number"], 5);
    EXPECT_EQ(parse_entry(first)->time, "2023-11-14T22:13:20.000000Z");
    const Checkpoint head = head_of(*ledger);
    EXPECT_EQ(head.size, 2U);
    const std::string second = lines.substr(first.size() + 1, lines.size() - first.size() - 2);
    EXPECT_EQ(head.root, crypto::merkle_node(crypto::merkle_leaf(first), crypto::merkle_leaf(second)));
}

TEST_F(LedgerTest, goes_on_where_it_stopped_with_the_same_tree) {
    crypto::MerkleTree tree;
    for (const int more : {1, 255, 1, 300, 3, 8200}) {
        const auto ledger = open();
        fill(*ledger, more);
    }
    const auto ledger = open();
    const auto source = segment_source(folder_);
    while (const auto line = *source->next()) {
        EXPECT_EQ(parse_entry(*line)->index, tree.size());
        tree.append(crypto::merkle_leaf(*line));
    }
    EXPECT_EQ(tree.size(), 8760U);
    EXPECT_EQ(head_of(*ledger).root, tree.root());
    EXPECT_EQ(ledger->size(), 8760U);
}

TEST_F(LedgerTest, its_proofs_hold_against_its_heads) {
    const auto ledger = open();
    fill(*ledger, 700);
    const Checkpoint before = head_of(*ledger);
    fill(*ledger, 70000);
    const Checkpoint head = head_of(*ledger);
    const auto source = segment_source(folder_);
    for (std::uint64_t index = 0; index < 700; ++index) {
        const auto leaf = crypto::merkle_leaf(*(*source->next()));
        if (index % 37 != 0) continue;
        const auto proof = *ledger->prove_inclusion(index, head.size);
        EXPECT_TRUE(crypto::proves_inclusion(leaf, index, head.size, proof, head.root)) << index;
    }
    const auto growth = *ledger->prove_consistency(before.size, head.size);
    EXPECT_TRUE(crypto::proves_consistency(before.size, before.root, head.size, head.root, growth));
    EXPECT_FALSE(ledger->prove_inclusion(0, head.size + 1).ok());
}

TEST_F(LedgerTest, takes_events_from_many_threads_and_loses_none) {
    constexpr int kThreads = 8;
    constexpr int kEach = 200;
    {
        const auto ledger = open();
        std::vector<std::thread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < kEach; ++i) EXPECT_TRUE(ledger->append(event(t * kEach + i)).ok());
            });
        for (std::thread& thread : threads) thread.join();
    }
    std::vector<bool> seen(kThreads * kEach);
    const auto source = segment_source(folder_);
    while (const auto line = *source->next()) seen[parse_entry(*line)->event.details["number"]] = true;
    EXPECT_EQ(std::ranges::count(seen, true), kThreads * kEach);
}

TEST_F(LedgerTest, what_was_submitted_is_durable_when_the_ledger_is_gone) {
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(open()->submit(event(i)).ok());
    EXPECT_EQ(open()->size(), 20U);
}

TEST_F(LedgerTest, has_one_writer) {
    const auto ledger = open();
    const auto second = try_open();
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code(), Errc::conflict);
}

TEST_F(LedgerTest, is_not_opened_with_another_key_or_name) {
    open()->append(event(1)).value();
    const auto other = *crypto::PrivateKey::generate(crypto::KeyType::ed25519);
    EXPECT_EQ(Ledger::open(folder_, {"test/log", other}).error().code(), Errc::conflict);
    EXPECT_EQ(Ledger::open(folder_, {"test/other", test_key()}).error().code(), Errc::conflict);
    const auto ec = *crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    EXPECT_EQ(Ledger::open(folder_, {"test/log", ec}).error().code(), Errc::invalid_input);
}

TEST_F(LedgerTest, lost_tiles_are_made_again) {
    const auto before = [&] {
        const auto ledger = open();
        fill(*ledger, 1000);
        return ledger->head();
    }();
    const std::string tile = read("tile/0/002");
    std::filesystem::remove_all(folder_ / "tile");
    EXPECT_EQ(open()->head(), before);
    EXPECT_EQ(read("tile/0/002"), tile);
    write("tile/0/001", std::string(tile.size(), 'x'));
    EXPECT_EQ(open()->head(), before);
    EXPECT_NE(read("tile/0/001"), std::string(tile.size(), 'x'));
}

TEST_F(LedgerTest, a_full_disk_fails_the_batch_and_the_ledger_goes_on_when_there_is_room) {
    const auto ledger = open();
    fill(*ledger, 10);
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
    // Room for a part of a line, never for a whole one.
    const rlimit small{read("entries/000000.jsonl").size() + 50, old.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    Ticket last;
    for (int i = 0; i < 100; ++i) last = *ledger->submit(event(i));
    const auto failed = ledger->wait(last);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code(), Errc::exhausted);

    const std::uint64_t kept = ledger->size();
    EXPECT_EQ(*ledger->append(event(1)), kept);
    const auto source = segment_source(folder_);
    std::uint64_t index = 0;
    for (; const auto line = *source->next(); ++index) EXPECT_EQ(parse_entry(*line)->index, index);
    EXPECT_EQ(index, kept + 1);
}

TEST_F(LedgerTest, what_the_disk_does_not_keep_up_with_is_refused) {
    const auto ledger = *Ledger::open(folder_, {.origin = "test/log", .key = test_key(), .most_waiting = 1});
    Result<Ticket> ticket = ledger->submit(event(0));
    for (int i = 1; i < 100000 && ticket.ok(); ++i) ticket = ledger->submit(event(i));
    ASSERT_FALSE(ticket.ok());
    EXPECT_EQ(ticket.error().code(), Errc::exhausted);
}

}  // namespace
}  // namespace bartizan::ledger
