#pragma once
/// For tests: database, blobs, ledger and journal in a temporary folder, on both engines.

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "journal/journal.h"
#include "ledger/copy.h"
#include "store/blobs.h"
#include "store/postgresql_testing.h"

namespace bartizan::journal {

class StateTest : public testing::TestWithParam<store::Engine> {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        address_ = (folder_ / "state.db").string();
        if (GetParam() == store::Engine::postgresql) {
            std::string why_not;
            store::TestServer* server = store::test_server(why_not);
            if (server == nullptr) GTEST_SKIP() << why_not;
            address_ = server->new_database();
        }
        key_ = std::make_unique<crypto::PrivateKey>(*crypto::PrivateKey::generate(crypto::KeyType::ed25519));
        open();
    }
    void TearDown() override {
        close();
        std::filesystem::remove_all(folder_);
    }
    void open() {
        database_ = must(store::Database::open(address_));
        const auto migrated = database_->migrate();
        ASSERT_TRUE(migrated.ok()) << migrated.error().line();
        blobs_ = must(store::Blobs::open(folder_ / "blobs", store::MasterKey::generate()));
        ledger_ = must(ledger::Ledger::open(folder_ / "ledger", {"test/log", *key_}));
        journal_ = must(Journal::open(*database_, *ledger_));
    }
    void close() {
        journal_.reset();
        ledger_.reset();
        blobs_.reset();
        database_.reset();
    }
    template <class T>
    static T must(Result<T> result) {
        if (!result.ok()) ADD_FAILURE() << result.error().line();
        return std::move(result).value();
    }
    /// What stands in the ledger, oldest first.
    std::vector<ledger::Entry> entries() const {
        std::vector<ledger::Entry> out;
        const auto copy = ledger::Copy::open(folder_ / "ledger");
        if (!copy.ok()) return out;
        auto from = copy->entries(ledger_->size());
        for (std::uint64_t i = 0; i < ledger_->size(); ++i) out.push_back(*ledger::parse_entry(**from.source->next()));
        return out;
    }
    ledger::Event last_event() const {
        const auto all = entries();
        return all.empty() ? ledger::Event{} : all.back().event;
    }

    std::filesystem::path folder_;
    std::string address_;
    std::unique_ptr<crypto::PrivateKey> key_;
    std::unique_ptr<store::Database> database_;
    std::unique_ptr<store::Blobs> blobs_;
    std::unique_ptr<ledger::Ledger> ledger_;
    std::unique_ptr<Journal> journal_;
};

inline std::string engine_name(const testing::TestParamInfo<store::Engine>& info) {
    return info.param == store::Engine::sqlite ? "sqlite" : "postgresql";
}

}  // namespace bartizan::journal
