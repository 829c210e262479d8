#include "ledger/verify.h"

#include <algorithm>

#include "ledger/ledger_testing.h"
#include "ledger/proof.h"

namespace bartizan::ledger {
namespace {

constexpr const char* kEntries = "entries/000000.jsonl";

class Verify : public WithLedger {
protected:
    Verify() {
        for (const int more : {300, 5, 7}) batch(more);
        lines_ = lines_of(read(kEntries));
    }

    static std::vector<std::string> lines_of(const std::string& text) {
        std::vector<std::string> lines;
        std::istringstream stream(text);
        for (std::string line; std::getline(stream, line);) lines.push_back(line);
        return lines;
    }
    void write_lines(const std::vector<std::string>& lines) const {
        std::string text;
        for (const std::string& line : lines) text += line + "\n";
        write(kEntries, text);
    }
    Verifier verifier() const { return *Verifier::make("test/log", test_key().public_key()); }
    Verdict verdict(const std::optional<Checkpoint>& older = {}) const {
        return *verify_log(*Copy::open(folder_), verifier(), older);
    }
    static std::vector<std::string> told(const Verdict& verdict) {
        std::vector<std::string> all;
        for (const Issue& issue : verdict.issues)
            all.push_back(issue.kind + (issue.index ? " " + std::to_string(*issue.index) : ""));
        return all;
    }
    using Told = std::vector<std::string>;

    std::vector<std::string> lines_;
};

TEST_F(Verify, an_untouched_log_holds) {
    const Verdict verdict = this->verdict();
    EXPECT_TRUE(verdict.verified);
    EXPECT_EQ(told(verdict), Told());
    EXPECT_EQ(verdict.checkpoint.size, 312U);
    EXPECT_EQ(verdict.heads, 3U);
}

TEST_F(Verify, any_changed_entry_is_named) {
    for (std::size_t i = 0; i < lines_.size(); i += i < 300 ? 23 : 1) {
        auto lines = lines_;
        lines[i].replace(lines[i].find("anna"), 4, "eve!");
        write_lines(lines);
        ASSERT_EQ(told(verdict()), Told({"changed " + std::to_string(i)}));
    }
}

TEST_F(Verify, any_removed_entry_is_named) {
    for (const std::size_t i : {0, 100, 255, 256, 299, 300, 306, 311}) {
        auto lines = lines_;
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(i));
        write_lines(lines);
        ASSERT_EQ(told(verdict()), Told({"removed " + std::to_string(i)}));
        ASSERT_FALSE(verdict().verified);
    }
}

TEST_F(Verify, moved_and_added_entries_are_named) {
    auto lines = lines_;
    std::rotate(lines.begin() + 10, lines.begin() + 11, lines.begin() + 21);
    write_lines(lines);
    EXPECT_EQ(told(verdict()), Told({"moved 10"}));
    EXPECT_NE(verdict().issues[0].text.find("place 20"), std::string::npos);
    lines = lines_;
    lines.insert(lines.begin() + 42, lines[7]);
    write_lines(lines);
    EXPECT_EQ(told(verdict()), Told({"added 42"}));
}

TEST_F(Verify, without_tiles_the_indices_in_the_entries_tell_the_same) {
    std::filesystem::remove_all(folder_ / "tile");
    EXPECT_TRUE(verdict().verified);
    auto lines = lines_;
    lines.erase(lines.begin() + 100);
    write_lines(lines);
    EXPECT_EQ(told(verdict()), Told({"tile", "removed 100"}));
    lines = lines_;
    std::swap(lines[3], lines[4]);
    write_lines(lines);
    ASSERT_EQ(verdict().issues.size(), 2U);
    EXPECT_EQ(verdict().issues[1].kind, "moved");
    lines = lines_;
    lines[302].replace(lines[302].find("anna"), 4, "eve!");
    write_lines(lines);
    EXPECT_EQ(told(verdict()), Told({"tile", "changed 300"}));
    EXPECT_NE(verdict().issues[1].text.find("300 to 304"), std::string::npos) << verdict().issues[1].text;
}

TEST_F(Verify, tiles_rewritten_to_suit_do_not_help) {
    auto lines = lines_;
    lines[5].replace(lines[5].find("anna"), 4, "eve!");
    write_lines(lines);
    Tiles tiles(folder_);
    for (const std::string& line : lines) tiles.append(crypto::merkle_leaf(line));
    ASSERT_TRUE(tiles.flush().ok());
    EXPECT_EQ(told(verdict()), Told({"tile", "changed 0"}));
    EXPECT_FALSE(verdict().verified);
}

TEST_F(Verify, heads_that_are_not_signed_are_told) {
    const std::string heads = read("heads");
    std::string changed = heads;
    changed[changed.find("\n300\n") + 1] = '2';
    write("heads", changed);
    EXPECT_EQ(told(verdict()), Told({"head"}));
    write("heads", heads.substr(0, 40) + "garbage\n\n" + heads.substr(heads.find("test/log", 10)));
    EXPECT_FALSE(verdict().verified);
    write("heads", "");
    EXPECT_EQ(told(verdict()), Told({"head"}));
    write("heads", heads);
    const auto other = *crypto::PrivateKey::generate(crypto::KeyType::ed25519);
    EXPECT_FALSE(verify_log(*Copy::open(folder_), *Verifier::make("test/log", other.public_key()), {})->verified);
}

TEST_F(Verify, a_log_cut_with_its_heads_is_found_with_a_head_that_was_kept) {
    const Checkpoint kept = verdict().checkpoint;
    const std::string heads = read("heads");
    write_lines({lines_.begin(), lines_.begin() + 305});
    write("heads", heads.substr(0, heads.find("test/log\n312")));
    EXPECT_TRUE(verdict().verified) << "nothing in the folder tells";
    EXPECT_EQ(told(verdict(kept)), Told({"removed 305"}));
}

TEST_F(Verify, another_log_of_the_same_key_is_found_with_a_head_that_was_kept) {
    Checkpoint kept = verdict().checkpoint;
    EXPECT_TRUE(verdict(kept).verified);
    kept.root[0] ^= 1;
    EXPECT_EQ(told(verdict(kept)), Told({"head"}));
}

TEST_F(Verify, entries_behind_the_newest_head_are_counted) {
    auto lines = lines_;
    lines.push_back(lines[0]);
    write_lines(lines);
    EXPECT_TRUE(verdict().verified);
    EXPECT_EQ(verdict().unsigned_entries, 1U);
}

TEST_F(Verify, an_export_is_checked_like_the_ledger) {
    const auto out = folder_.parent_path() / "export";
    const Copy copy = *Copy::open(folder_);
    ASSERT_TRUE(export_log(copy, verifier(), out).ok());
    EXPECT_FALSE(export_log(copy, verifier(), out).ok()) << "not empty";
    EXPECT_TRUE(std::filesystem::exists(out / "tile/entries/001.p/56"));
    EXPECT_TRUE(std::filesystem::exists(out / "tile/1/000.p/1"));
    const Copy exported = *Copy::open(out);
    EXPECT_EQ(exported.own_key()->text(), verifier().text());
    EXPECT_TRUE(verify_log(exported, verifier(), {})->verified);

    std::string bundle = (std::ostringstream() << std::ifstream(out / "tile/entries/000").rdbuf()).str();
    bundle[bundle.find("anna", 5000)] = 'A';
    std::ofstream(out / "tile/entries/000") << bundle;
    const Verdict verdict = *verify_log(exported, verifier(), {});
    ASSERT_EQ(verdict.issues.size(), 1U);
    EXPECT_EQ(verdict.issues[0].kind, "changed");
    std::filesystem::remove(out / "tile/entries/000");
    EXPECT_FALSE(verify_log(exported, verifier(), {})->verified);
}

TEST_F(Verify, an_entry_is_proved_to_a_third_party) {
    for (const std::uint64_t index : {0U, 255U, 256U, 311U}) {
        const Proof proof = *prove(*Copy::open(folder_), verifier(), index);
        EXPECT_EQ(proof.entry, lines_[index]);
        Proof read_back = *parse_proof(proof_text(proof));
        EXPECT_EQ(check_proof(read_back, verifier())->size, 312U);
        read_back.entry[20] ^= 1;
        EXPECT_EQ(check_proof(read_back, verifier()).error().code(), Errc::denied);
    }
    EXPECT_EQ(prove(*Copy::open(folder_), verifier(), 312).error().code(), Errc::invalid_input);
    auto lines = lines_;
    lines[5].replace(lines[5].find("anna"), 4, "eve!");
    write_lines(lines);
    EXPECT_EQ(prove(*Copy::open(folder_), verifier(), 7).error().code(), Errc::denied);
}

TEST_F(Verify, a_damaged_proof_is_refused_or_does_not_hold) {
    const std::string text = proof_text(*prove(*Copy::open(folder_), verifier(), 100));
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string damaged = text;
        damaged[i] ^= 1;
        const auto proof = parse_proof(damaged);
        ASSERT_FALSE(proof.ok() && check_proof(*proof, verifier()).ok()) << i;
        ASSERT_FALSE(parse_proof(text.substr(0, i)).ok()) << i;
    }
}

TEST_F(Verify, growth_is_proved_from_a_head_that_was_kept) {
    const std::string heads = read("heads");
    const Checkpoint older = *open_checkpoint(heads.substr(0, heads.find("\n\ntest/log") + 1), verifier());
    const Checkpoint now = verdict().checkpoint;
    const auto proof = *prove_growth(*Copy::open(folder_), verifier(), older);
    EXPECT_TRUE(crypto::proves_consistency(older.size, older.root, now.size, now.root, proof));
    Checkpoint forged = older;
    forged.root[0] ^= 1;
    EXPECT_EQ(prove_growth(*Copy::open(folder_), verifier(), forged).error().code(), Errc::denied);
}

TEST_F(Verify, other_folders_are_refused) {
    EXPECT_EQ(Copy::open(folder_ / "none").error().code(), Errc::not_found);
    EXPECT_EQ(Copy::open(folder_ / "entries").error().code(), Errc::invalid_input);
}

}  // namespace
}  // namespace bartizan::ledger
