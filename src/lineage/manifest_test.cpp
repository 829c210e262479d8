#include "lineage/manifest.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "lineage/lineage_testing.h"

namespace bartizan::lineage {
namespace {

using testing::HasSubstr;

class Manifests : public Scratch {
protected:
    static std::string line(const std::string& id, const std::string& label = "") {
        return write_item({.id = id, .sha256 = std::string(64, 'a'), .size = 2, .label = label}) + "\n";
    }
    std::string refusal(std::string_view content) const {
        const auto read = survey(write("m", content), IdRule::path);
        return read.ok() ? "" : read.error().line();
    }
    std::vector<std::string> ids_in_order(std::string_view content, bool in_order) const {
        auto sorted = SortedManifest::open(write("m", content), IdRule::path, in_order, path(""));
        std::vector<std::string> out;
        while (true) {
            const auto entry = sorted->next();
            if (!entry.ok()) {
                out.push_back(entry.error().line());
                return out;
            }
            if (!*entry) return out;
            out.push_back((*entry)->item.id + "@" + std::to_string((*entry)->number));
        }
    }
};

TEST_F(Manifests, AddUpToTheirMerkleRootAndTheRootOfAnyPrefix) {
    const auto read = survey(write("m", line("a", "x") + line("b", "y") + line("c", "x")), IdRule::path, 2);
    ASSERT_TRUE(read.ok()) << read.error().line();
    const auto leaf = [](const std::string& id, const std::string& label) {
        const std::string text = line(id, label);
        return crypto::merkle_leaf(std::string_view(text).substr(0, text.size() - 1));
    };
    const auto two = crypto::merkle_node(leaf("a", "x"), leaf("b", "y"));
    EXPECT_EQ(read->prefix_root, two);
    EXPECT_EQ(read->facts.root, crypto::merkle_node(two, leaf("c", "x")));
    EXPECT_EQ(read->facts.items, 3U);
    EXPECT_EQ(read->facts.bytes, 6U);
    EXPECT_EQ(read->facts.labels.counts, (std::map<std::string, std::uint64_t>{{"x", 2}, {"y", 1}}));
    EXPECT_TRUE(read->facts.in_order);
}

TEST_F(Manifests, AreWrittenWithTheFactsThatReadingFinds) {
    Facts written;
    ASSERT_TRUE(write_pieces_atomically(path("m"), [&](const AppendBytes& out) -> Result<void> {
                    ManifestWriter writer(out);
                    for (const char* id : {"a", "c", "b"}) {
                        const Item item{.id = id, .sha256 = std::string(64, 'b'), .size = 4};
                        BARTIZAN_TRY(writer.add(item, write_item(item)));
                    }
                    written = BARTIZAN_TRY(writer.finish());
                    return {};
                }).ok());
    const auto read = survey(path("m"), IdRule::path);
    EXPECT_EQ(read->facts.root, written.root);
    EXPECT_EQ(read->facts.sha256, written.sha256);
    EXPECT_EQ(read->facts.bytes, written.bytes);
    EXPECT_FALSE(written.in_order);
    EXPECT_FALSE(read->facts.in_order);
}

TEST_F(Manifests, ComeInOrderWhateverTheirOwn) {
    EXPECT_EQ(ids_in_order(line("a") + line("b"), true), (std::vector<std::string>{"a@1", "b@2"}));
    EXPECT_EQ(ids_in_order(line("b") + line("c") + line("a"), false), (std::vector<std::string>{"a@3", "b@1", "c@2"}));
}

TEST_F(Manifests, WithDoubleIdsAreRefusedNamingBothLines) {
    EXPECT_EQ(refusal(line("a") + line("a")), "the id 'a' stands on line 1 and on line 2");
    EXPECT_EQ(ids_in_order(line("b") + line("a") + line("b"), false).back(),
              "the id 'b' stands on line 1 and on line 3");
}

TEST_F(Manifests, ThatSayTheyAreInOrderAndAreNotAreFoundOut) {
    EXPECT_THAT(ids_in_order(line("b") + line("a"), true).back(), HasSubstr("changed while it was read"));
}

TEST_F(Manifests, InOtherEncodingsAreRefused) {
    EXPECT_THAT(refusal("\xef\xbb\xbf" + line("a")), HasSubstr("line 1: a byte order mark"));
    EXPECT_THAT(refusal(std::string("\xff\xfe{\0", 4) + "\n"), HasSubstr("line 1: a byte order mark"));
    EXPECT_THAT(refusal(line("a") + std::string("{\0\"\0", 4) + "\n"), HasSubstr("line 2: a NUL byte"));
    EXPECT_THAT(refusal(line("a") + line("b").insert(line("b").size() - 1, "\r")), HasSubstr("line 2: ends in CR LF"));
    EXPECT_THAT(refusal(line("a") + line("caf\xe9")), HasSubstr("line 2"));
}

TEST_F(Manifests, ThatAreCutOffEmptyOrTooLongAreRefused) {
    const std::string whole = line("a") + line("b");
    EXPECT_EQ(refusal(whole), "");
    EXPECT_EQ(refusal(""), "");
    EXPECT_THAT(refusal(whole.substr(0, whole.size() - 1)), HasSubstr("line 2 is cut off"));
    EXPECT_THAT(refusal(line("a") + "\n" + line("b")), HasSubstr("line 2: an empty line"));
    EXPECT_THAT(refusal(line("a") + std::string(kLongestLine + 1, 'x') + "\n"), HasSubstr("line 2 is longer than"));
    EXPECT_THAT(refusal(std::string(3 * kLongestLine + 900'000, 'x')), HasSubstr("line 1 is longer than"));
    EXPECT_THAT(refusal(line("../a")), HasSubstr("line 1: id: '../a'"));
}

TEST_F(Manifests, LargerThanTheBufferAreReadWhole) {
    std::string content;
    for (int i = 10'000; i < 20'000; ++i) content += line(std::to_string(i));
    const auto read = survey(write("m", content), IdRule::path);
    ASSERT_TRUE(read.ok()) << read.error().line();
    EXPECT_EQ(read->facts.items, 10'000U);
}

TEST_F(Manifests, ThatAreNoFilesAreRefused) {
    EXPECT_EQ(survey(path("gone"), IdRule::path).error().code(), Errc::not_found);
    EXPECT_EQ(survey(path(""), IdRule::path).error().code(), Errc::invalid_input);
}

TEST(LabelCounts, StayBounded) {
    LabelCounts labels;
    for (std::size_t i = 0; i < kMostLabels + 5; ++i) labels.add(std::to_string(i));
    labels.add("0");
    EXPECT_EQ(labels.counts.size(), kMostLabels);
    EXPECT_EQ(labels.others, 5U);
    EXPECT_EQ(labels.counts["0"], 2U);
}

}  // namespace
}  // namespace bartizan::lineage
