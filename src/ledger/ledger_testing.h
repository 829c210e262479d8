#pragma once
/// For tests: a folder with a ledger in it, and what is on its disk.

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ledger/ledger.h"
#include "ledger/log_state.h"

namespace bartizan::ledger {

inline const crypto::PrivateKey& test_key() {
    static const auto key = *crypto::PrivateKey::generate(crypto::KeyType::ed25519);
    return key;
}

inline Event event(int number) { return {"test.event", "anna", "model:m", {{"number", number}}}; }

class WithLedger : public testing::Test {
protected:
    WithLedger() {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
        folder_ = std::filesystem::path(::mkdtemp(name.data())) / "ledger";
    }
    ~WithLedger() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_.parent_path(), ignored);
    }

    Result<std::unique_ptr<Ledger>> try_open() const {
        return Ledger::open(folder_, {"test/log", test_key(), [] { return std::int64_t{1'700'000'000'000'000}; }});
    }
    std::unique_ptr<Ledger> open() const {
        auto opened = try_open();
        EXPECT_TRUE(opened.ok()) << opened.error().line();
        return std::move(opened).value();
    }
    /// Appends `count` events in one wait; the last one's index.
    static std::uint64_t fill(Ledger& ledger, int count) {
        Ticket last;
        for (int i = 0; i < count; ++i) last = *ledger.submit(event(i));
        return *ledger.wait(last);
    }

    /// The same in exactly one batch: `fill` may be cut into several by the thread that writes.
    void batch(int count) const {
        auto state = LogState::open(folder_, *Verifier::make("test/log", test_key().public_key()), test_key(), 10);
        ASSERT_TRUE(state.ok()) << state.error().line();
        std::vector<std::string> lines;
        for (int i = 0; i < count; ++i)
            lines.push_back(EntryText::make(event(i), time_text(0))->with_index(state->size() + lines.size()));
        ASSERT_TRUE(state->extend(lines).ok());
    }

    std::string read(const std::string& name) const {
        std::ostringstream content;
        content << std::ifstream(folder_ / name, std::ios::binary).rdbuf();
        return content.str();
    }
    void write(const std::string& name, const std::string& content) const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
    }

    std::filesystem::path folder_;
};

}  // namespace bartizan::ledger
