/// The evidence pack, made here and checked by `pack`: whatever is done to it is found and named.
#include "documents/bundle.h"

#include <algorithm>

#include "core/file.h"
#include "documents/documents_testing.h"
#include "formats/zip.h"
#include "pack/check.h"

namespace bartizan::documents {
namespace {

class BundleTest : public DocumentsTest {
protected:
    std::string made(const PackOptions& options = {.actor = "anna"}) {
        return must(make_pack(facts("model:m"), sources(), *ledger_, folder_ / "ledger", options));
    }
    static formats::Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }
    static pack::Files files_of(const std::string& zip) {
        const auto reader = must(formats::ZipReader::open(bytes_of(zip)));
        pack::Files out;
        for (const formats::ZipEntry& one : reader.entries()) {
            const auto bytes = must(reader.read(one, 1 << 26));
            out.emplace_back(one.name, std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
        }
        return out;
    }
    pack::Checked checked(const pack::Files& files) {
        const std::string zip = must(formats::make_zip(files));
        return must(pack::check(bytes_of(zip), ledger_->verifier()));
    }
    static bool names(const pack::Checked& checked, const std::string& kind, const std::string& file) {
        return std::ranges::any_of(checked.issues, [&](const pack::Issue& one) {
            return one.file == file && (kind.empty() || one.kind == kind) && one.text.find(file) != std::string::npos;
        });
    }
};
INSTANTIATE_TEST_SUITE_P(Both, BundleTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         journal::engine_name);

TEST_P(BundleTest, HoldsAsItWasMade) {
    const auto version = furnish();
    must(registry_->version(version.id));
    ASSERT_TRUE(registry_->attach("test", version.id, "audit", "{\"report\": true}").ok());
    const std::string zip = made();
    const auto result = must(pack::check(bytes_of(zip), ledger_->verifier()));
    EXPECT_TRUE(result.verified);
    EXPECT_EQ(result.evidence, 3U);
    EXPECT_EQ(result.index.asset, "model:m@1");
    EXPECT_EQ(result.index.made_by, "anna");
    EXPECT_EQ(result.checkpoint.origin, "test/log");
    EXPECT_EQ(last_event().kind, "evidence.pack");
    std::size_t attached = 0;
    for (const auto& [name, content] : files_of(zip)) attached += name == "attachments/audit.json" ? 1 : 0;
    EXPECT_EQ(attached, 1U);
    EXPECT_TRUE(must(pack::check(bytes_of(zip), must(pack::own_key(bytes_of(zip))))).verified);
}

TEST_P(BundleTest, EveryChangedFileIsNamed) {
    furnish();
    const pack::Files files = files_of(made());
    ASSERT_GT(files.size(), 10U);
    for (std::size_t i = 0; i < files.size(); ++i) {
        for (const std::size_t at : {std::size_t{0}, files[i].second.size() / 2, files[i].second.size() - 1}) {
            pack::Files changed = files;
            changed[i].second[at] = static_cast<char>(changed[i].second[at] ^ 1);
            const auto result = checked(changed);
            EXPECT_FALSE(result.verified) << files[i].first << " at " << at;
            EXPECT_TRUE(names(result, "", files[i].first)) << files[i].first << " at " << at;
        }
    }
}

TEST_P(BundleTest, EveryRemovedAndAddedFileIsNamed) {
    furnish();
    const pack::Files files = files_of(made());
    for (std::size_t i = 0; i < files.size(); ++i) {
        pack::Files fewer = files;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        const auto result = checked(fewer);
        EXPECT_FALSE(result.verified) << files[i].first;
        EXPECT_TRUE(names(result, "removed", files[i].first)) << files[i].first;
    }
    pack::Files more = files;
    more.emplace_back("evidence/ev-0000000000000000.json", "{}");
    EXPECT_TRUE(names(checked(more), "added", "evidence/ev-0000000000000000.json"));
}

TEST_P(BundleTest, ARewrittenIndexIsNoUse) {
    furnish();
    pack::Files files = files_of(made());
    const auto at = [&](std::string_view name) {
        return std::ranges::find_if(files, [&](const auto& one) { return one.first == name; });
    };
    const auto evidence =
        std::ranges::find_if(files, [&](const auto& one) { return one.first == "evidence/" + privacy_.id + ".json"; });
    ASSERT_NE(evidence, files.end());
    const std::string before = pack::sha256_text(evidence->second);
    evidence->second.replace(evidence->second.find("\"fail\""), 6, "\"pass\"");
    std::string& index = at(pack::kIndex)->second;
    index.replace(index.find(before), 64, pack::sha256_text(evidence->second));
    EXPECT_TRUE(names(checked(files), "changed", std::string(pack::kIndex)));
}

TEST_P(BundleTest, EvidenceThatTheLedgerDoesNotHaveIsFoundThoughTheIndexWasSealed) {
    furnish();
    ASSERT_TRUE(journal_->database().run("UPDATE evidence SET body = REPLACE(body, '0.71', '0.11')").ok());
    const auto result = must(pack::check(bytes_of(made()), ledger_->verifier()));
    EXPECT_FALSE(result.verified);
    EXPECT_TRUE(names(result, "proof", "evidence/" + privacy_.id + ".json"));
}

TEST_P(BundleTest, AnotherLogsKeyProvesNothing) {
    furnish();
    const std::string zip = made();
    const auto other = *crypto::PrivateKey::generate(crypto::KeyType::ed25519);
    const auto verifier = must(ledger::Verifier::make("test/log", other.public_key()));
    const auto result = must(pack::check(bytes_of(zip), verifier));
    EXPECT_FALSE(result.verified);
    EXPECT_TRUE(names(result, "proof", std::string(pack::kIndexProof)));
}

TEST_P(BundleTest, WhatIsNoPackIsRefused) {
    EXPECT_EQ(pack::check(bytes_of("no zip"), ledger_->verifier()).error().code(), Errc::invalid_input);
    const std::string zip = must(formats::make_zip({{"a", "b"}}));
    EXPECT_EQ(pack::check(bytes_of(zip), ledger_->verifier()).error().code(), Errc::invalid_input);
}

TEST_P(BundleTest, TheSameFactsGiveTheSameFilesButForTheSeal) {
    furnish();
    const pack::Files first = files_of(made()), second = files_of(made());
    ASSERT_EQ(first.size(), second.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
        const bool proof = first[i].first.ends_with(".proof") || first[i].first == pack::kIndex;
        EXPECT_TRUE(proof || first[i] == second[i]) << first[i].first;
    }
    const auto entries = files_of(made());
    EXPECT_EQ(must(formats::make_zip(entries)), must(formats::make_zip(entries)));
}

}  // namespace
}  // namespace bartizan::documents
