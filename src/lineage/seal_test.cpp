#include "lineage/seal.h"

#include <sys/stat.h>

#include <gmock/gmock.h>

#include "core/file.h"
#include "core/json.h"
#include "lineage/lineage_testing.h"
#include "provenance/signer.h"

namespace bartizan::lineage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

using Seals = SealedSet;

std::string id_of(const std::string& line) { return parse_item(line, IdRule::row)->id; }

TEST_F(Seals, SayWhatEveryItemIsAndWhereItCameFrom) {
    SealRequest what = request();
    what.origin = {.source = "partner 7", .licence = "CC0-1.0", .tags = {"consent:training"}};
    const auto sealed = seal_it(what);
    ASSERT_TRUE(sealed.ok()) << sealed.error().line();
    EXPECT_EQ(sealed->added, 3U);
    const auto written = lines("set.manifest.jsonl");
    ASSERT_EQ(written.size(), 3U);
    const auto item = parse_item(written[1], IdRule::path);
    EXPECT_EQ(item->id, "cat/2.png");
    EXPECT_EQ(item->label, "cat");
    EXPECT_EQ(item->origin, what.origin);
    // sha256sum of "two"
    EXPECT_EQ(item->sha256, "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3");
}

TEST_F(Seals, AreTheSameBytesForTheSameData) {
    ASSERT_TRUE(seal_it(request()).ok());
    const std::string first = read("set.manifest.jsonl");
    SealRequest again = request();
    again.fresh = true;
    ASSERT_TRUE(seal_it(again).ok());
    EXPECT_EQ(read("set.manifest.jsonl"), first);
}

TEST_F(Seals, OfANextVersionAppendAdditionsAndKeepTheLinesOfTheLast) {
    SealRequest what = request();
    what.origin.source = "first";
    ASSERT_TRUE(seal_it(what).ok());
    const auto before = lines("set.manifest.jsonl");
    write("set/ant/0.png", "zero");
    what.origin.source = "second";
    const auto sealed = seal_it(what);
    ASSERT_TRUE(sealed.ok()) << sealed.error().line();
    auto after = lines("set.manifest.jsonl");
    EXPECT_THAT(after.back(), HasSubstr("\"source\":\"second\""));
    after.pop_back();
    EXPECT_EQ(after, before);
    EXPECT_EQ(sealed->statement.version, 2U);
    ASSERT_TRUE(sealed->statement.previous);
    EXPECT_TRUE(sealed->statement.previous->only_additions);
    EXPECT_THAT(differences(check()), ElementsAre());
    EXPECT_TRUE(verdict_.verified) << verdict_.reason;
}

TEST_F(Seals, OfANextVersionReplaceWhatChangedInItsPlaceAndDropWhatIsGone) {
    ASSERT_TRUE(seal_it(request()).ok());
    write("set/cat/1.png", "other");
    std::filesystem::remove(path("set/cat/2.png"));
    write("set/ant/1.png", "new");
    const auto sealed = seal_it(request());
    ASSERT_TRUE(sealed.ok()) << sealed.error().line();
    std::vector<std::string> ids;
    for (const std::string& line : lines("set.manifest.jsonl")) ids.push_back(id_of(line));
    EXPECT_THAT(ids, ElementsAre("cat/1.png", "dog/1.png", "ant/1.png"));
    EXPECT_EQ(std::tuple(sealed->same, sealed->changed, sealed->removed, sealed->added), std::tuple(1U, 1U, 1U, 1U));
    EXPECT_FALSE(sealed->statement.previous->only_additions);
    EXPECT_THAT(differences(check()), ElementsAre());
    EXPECT_TRUE(verdict_.verified) << verdict_.reason;
}

TEST_F(Seals, TrustTimesOnlyWhenToldAndOnlyWhereAllAgree) {
    SealRequest what = request();
    what.times = Times::trust;
    ASSERT_TRUE(seal_it(what).ok());
    EXPECT_EQ(seal_it(what)->reused, 3U);
    // The same size and time, written in place: what a trusting check cannot see, and an honest one does.
    const auto file = path("set/cat/1.png");
    const auto time = std::filesystem::last_write_time(file);
    write("set/cat/1.png", "eno");
    std::filesystem::last_write_time(file, time);
    VerifyRequest trusting = check();
    trusting.times = Times::trust;
    EXPECT_THAT(differences(trusting), ElementsAre());
    EXPECT_EQ(verdict_.reused, 3U);
    EXPECT_THAT(differences(check()), ElementsAre("changed cat/1.png (content)"));
    std::filesystem::last_write_time(file, time + std::chrono::seconds(1));
    EXPECT_THAT(differences(trusting), ElementsAre("changed cat/1.png (content)"));
}

TEST_F(Seals, ByAnotherKeyAreNotContinued) {
    ASSERT_TRUE(seal_it(request()).ok());
    const auto other = *crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    EXPECT_EQ(seal(request(), other, RunContext()).error().code(), Errc::denied);
    SealRequest fresh = request();
    fresh.fresh = true;
    EXPECT_TRUE(seal(fresh, other, RunContext()).ok());
    EXPECT_THAT(differences(check()), ElementsAre());
    EXPECT_FALSE(verdict_.verified);
    EXPECT_THAT(verdict_.reason, HasSubstr("signed with another key"));
}

TEST_F(Seals, AreNotContinuedOverAManifestThatWasAltered) {
    ASSERT_TRUE(seal_it(request()).ok());
    std::string text = read("set.manifest.jsonl");
    text.replace(text.find("cat/1"), 5, "cow/1");
    write("set.manifest.jsonl", text);
    const auto again = seal_it(request());
    ASSERT_FALSE(again.ok());
    EXPECT_THAT(again.error().line(), HasSubstr("not the one that was sealed"));
    EXPECT_EQ(read("set.manifest.jsonl"), text);
}

TEST_F(Seals, RefuseWhatCannotBeAnItemAndLeaveNothingBehind) {
    std::filesystem::create_symlink("/etc/passwd", path("set/cat/link"));
    const auto sealed = seal_it(request());
    ASSERT_FALSE(sealed.ok());
    EXPECT_THAT(sealed.error().line(), HasSubstr("'cat/link' cannot be sealed: a symbolic link"));
    EXPECT_FALSE(std::filesystem::exists(path("set.manifest.jsonl")));
    SealRequest without = request();
    without.reading.ignored = {"cat/link"};
    EXPECT_TRUE(seal_it(without).ok());
    std::filesystem::remove(path("set/cat/link"));
    ::mkfifo(path("set/pipe").c_str(), 0600);
    write(std::string("set/\xff"), "x");
    EXPECT_THAT(differences(check()), ElementsAre(HasSubstr("a pipe"), HasSubstr("not UTF-8")));
}

TEST_F(Seals, HoldFilesAgainstTheirDescription) {
    SealRequest what = request();
    what.described["cat/2.png"] = {"3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3",
                                   "https://x.org/2"};
    what.described["gone.png"] = {};
    const auto sealed = seal_it(what);
    ASSERT_TRUE(sealed.ok()) << sealed.error().line();
    EXPECT_THAT(sealed->warnings, ElementsAre(HasSubstr("1 files of the description are not in the data set")));
    EXPECT_THAT(lines("set.manifest.jsonl")[1], HasSubstr("https://x.org/2"));
    what.described["cat/1.png"] = {std::string(64, '0'), ""};
    const auto holds_sealed_items_too = seal_it(what);
    ASSERT_FALSE(holds_sealed_items_too.ok());
    EXPECT_THAT(holds_sealed_items_too.error().line(), HasSubstr("'cat/1.png' is not what the description says"));
    what.fresh = true;
    EXPECT_FALSE(seal_it(what).ok());
}

TEST_F(Seals, KeepParentsOverVersions) {
    SealRequest what = request();
    what.derived_from = {{"raw", std::string(64, 'c'), 9}};
    ASSERT_TRUE(seal_it(what).ok());
    what.derived_from.push_back({.name = "second"});
    const auto sealed = seal_it(what);
    ASSERT_TRUE(sealed.ok());
    EXPECT_EQ(sealed->statement.derived_from, what.derived_from);
    const auto read_back = read_unchecked_seal(path("set.manifest.jsonl.sig"));
    ASSERT_TRUE(read_back.ok()) << read_back.error().line();
    EXPECT_EQ(read_back->derived_from, what.derived_from);
}

TEST_F(Seals, NeedTheSameWayOfReadingTheNextTime) {
    ASSERT_TRUE(seal_it(request()).ok());
    SealRequest other = request();
    other.reading.folder_labels = false;
    EXPECT_EQ(seal_it(other).error().code(), Errc::conflict);
}

TEST_F(Seals, OfASingleFileAndOfNothingWork) {
    write("model.bin", "x");
    ASSERT_TRUE(seal_it(request("model.bin")).ok());
    EXPECT_THAT(differences(check("model.bin")), ElementsAre());
    std::filesystem::create_directories(path("empty"));
    EXPECT_EQ(seal_it(request("empty"))->statement.items, 0U);
    write("empty/new", "x");
    EXPECT_THAT(differences(check("empty")), ElementsAre("added new"));
}

TEST(SealPlaces, AreBesideTheDataSet) {
    EXPECT_EQ(default_manifest("a/set/"), "a/set.manifest.jsonl");
    EXPECT_EQ(default_manifest("./set"), "set.manifest.jsonl");
    EXPECT_EQ(default_manifest("t.csv"), "t.csv.manifest.jsonl");
    EXPECT_TRUE(default_manifest(".").is_absolute());
}

}  // namespace
}  // namespace bartizan::lineage
