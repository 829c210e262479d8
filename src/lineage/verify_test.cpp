#include "lineage/verify.h"

#include <gmock/gmock.h>

#include "core/json.h"
#include "formats/npz.h"
#include "lineage/lineage_testing.h"
#include "provenance/signer.h"

namespace bartizan::lineage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Verifying : public SealedSet {
protected:
    Verifying() { EXPECT_TRUE(seal_it(request()).ok()); }

    /// Why the data set does not verify.
    std::string reason(const VerifyRequest& what) {
        EXPECT_THAT(differences(what), ElementsAre());
        EXPECT_FALSE(verdict_.verified);
        return verdict_.reason;
    }
    /// Signs `text` as the manifest with the right key: what a careless or hostile sealer could hand over.
    void seal_text(const std::string& text) {
        SealStatement statement = *read_unchecked_seal(path("set.manifest.jsonl.sig"));
        crypto::MerkleTree tree;
        for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
            tree.append(crypto::merkle_leaf(std::string_view(text).substr(at, text.find('\n', at) - at)));
        statement.items = tree.size();
        statement.root = crypto::to_hex(tree.root());
        sign(write_seal(statement));
        write("set.manifest.jsonl", text);
    }
    void sign(const std::string& payload) {
        provenance::SignOptions options;
        options.kinds = provenance::KeyKinds::all;
        write("set.manifest.jsonl.sig", *provenance::sign_statement(payload, key_, options));
    }
};

TEST_F(Verifying, NamesEachItemThatIsNotAsItWasSealed) {
    EXPECT_THAT(differences(check()), ElementsAre());
    EXPECT_TRUE(verdict_.verified);
    write("set/cat/1.png", "ONE");
    std::filesystem::remove(path("set/dog/1.png"));
    write("set/cat/3.png", "new");
    EXPECT_THAT(differences(check()),
                ElementsAre("changed cat/1.png (content)", "added cat/3.png", "missing dog/1.png"));
    EXPECT_FALSE(verdict_.verified);
    EXPECT_EQ(verdict_.reason, "the data set is not what was sealed: 1 changed, 1 missing, 1 added");
    EXPECT_EQ(verdict_.same, 1U);
}

TEST_F(Verifying, RefusesAManifestThatWasTouched) {
    const std::string text = read("set.manifest.jsonl");
    std::string digest = text;
    digest[digest.find("sha256\":\"") + 9] ^= 1;
    write("set.manifest.jsonl", digest);
    EXPECT_NE(reason(check()), "");
    write("set.manifest.jsonl", text.substr(0, text.find('\n') + 1));
    EXPECT_THAT(reason(check()), HasSubstr("expected 3 items, found 1"));
    write("set.manifest.jsonl", text.substr(0, text.size() - 5));
    EXPECT_THAT(reason(check()), HasSubstr("line 3 is cut off"));
    write("set.manifest.jsonl", "\xef\xbb\xbf" + text);
    EXPECT_THAT(reason(check()), HasSubstr("byte order mark"));
    write("set.manifest.jsonl", text);
    EXPECT_THAT(differences(check()), ElementsAre());
    EXPECT_TRUE(verdict_.verified);
}

TEST_F(Verifying, RefusesWhatIsUnsignedOrSignedByAnotherKey) {
    VerifyRequest other = check();
    other.trust.key = crypto::PrivateKey::generate(crypto::KeyType::ed25519)->public_key();
    EXPECT_THAT(reason(other), HasSubstr("signed with another key"));
    std::string seal = read("set.manifest.jsonl.sig");
    write("set.manifest.jsonl.sig", seal.substr(0, seal.size() / 2));
    EXPECT_THAT(reason(check()), HasSubstr("not valid JSON"));
    std::filesystem::remove(path("set.manifest.jsonl.sig"));
    EXPECT_THAT(reason(check()), HasSubstr("the manifest is not signed"));
}

TEST_F(Verifying, RefusesASealWhoseSignatureCoversOtherBytes) {
    Json seal = Json::parse(read("set.manifest.jsonl.sig"));
    std::string payload = seal["dsseEnvelope"]["payload"];
    payload[40] = payload[40] == 'A' ? 'B' : 'A';
    seal["dsseEnvelope"]["payload"] = payload;
    write("set.manifest.jsonl.sig", seal.dump());
    EXPECT_THAT(reason(check()), HasSubstr("does not fit what was signed"));
}

TEST_F(Verifying, RefusesUnsafeManifestsEvenWhenTheyAreSigned) {
    const std::string digest(64, 'a');
    seal_text(R"({"id":"../outside","sha256":")" + digest +
              R"(","size":1})"
              "\n");
    EXPECT_THAT(reason(check()), HasSubstr("line 1: id: '../outside'"));
    const std::string b = R"({"id":"b","sha256":")" + digest +
                          R"(","size":1})"
                          "\n";
    const std::string a = R"({"id":"a","sha256":")" + digest +
                          R"(","size":1})"
                          "\n";
    seal_text(a + a);
    EXPECT_THAT(reason(check()), HasSubstr("'a' stands on line 1 and on line 2"));
    seal_text(b + a + b);
    (void)differences(check());
    EXPECT_FALSE(verdict_.verified);
    EXPECT_THAT(verdict_.reason, HasSubstr("'b' stands on line 1 and on line 3"));
}

TEST_F(Verifying, DoesNotBelieveAClaimOfOnlyAdditions) {
    SealStatement statement = *read_unchecked_seal(path("set.manifest.jsonl.sig"));
    statement.previous = Previous{1, 2, std::string(64, 'd'), true};
    sign(write_seal(statement));
    EXPECT_THAT(reason(check()), HasSubstr("only added since version 1"));
    statement.previous->only_additions = false;
    sign(write_seal(statement));
    EXPECT_THAT(differences(check()), ElementsAre());
    EXPECT_TRUE(verdict_.verified);
}

TEST_F(Verifying, RefusesStatementsAboutOtherThings) {
    sign(R"({"_type":"https://in-toto.io/Statement/v1","predicateType":"https://slsa.dev/provenance/v1"})");
    EXPECT_THAT(reason(check()), HasSubstr("expected urn:bartizan:data-seal:1"));
    sign("[]");
    EXPECT_THAT(reason(check()), HasSubstr("expected an object"));
    Json statement = Json::parse(write_seal(*std::make_unique<SealStatement>()));
    sign(statement.dump());
    EXPECT_THAT(reason(check()), HasSubstr("64 lower-case"));
}

TEST_F(Verifying, TellsWhatIsNotThere) {
    const auto ignore = [](const Difference&) -> Result<void> { return {}; };
    VerifyRequest gone = check();
    gone.data_set = path("gone");
    EXPECT_EQ(verify(gone, RunContext(), ignore).error().code(), Errc::not_found);
    VerifyRequest unsealed = check();
    unsealed.manifest = path("none");
    EXPECT_EQ(verify(unsealed, RunContext(), ignore).error().code(), Errc::not_found);
}

TEST_F(Verifying, StopsWhenToldAndPassesOnWhatTheListenerFailsWith) {
    CancelToken token;
    token.cancel();
    RunContext stopped({.cancel = &token});
    const auto ignore = [](const Difference&) -> Result<void> { return {}; };
    EXPECT_EQ(verify(check(), stopped, ignore).error().code(), Errc::cancelled);
    write("set/new", "x");
    const auto full = [](const Difference&) -> Result<void> { return exhausted("disk full"); };
    EXPECT_EQ(verify(check(), RunContext(), full).error().code(), Errc::exhausted);
}

TEST_F(Verifying, WorksForTheRowsOfATable) {
    write("t.csv", "name,age,income\nann,30,low\nbob,40,high\ncid,50,low\n");
    SealRequest what = request("t.csv");
    what.reading.id_column = "name";
    what.reading.label_column = "income";
    const auto sealed = seal_it(what);
    ASSERT_TRUE(sealed.ok()) << sealed.error().line();
    EXPECT_EQ(sealed->statement.labels.counts, (std::map<std::string, std::uint64_t>{{"high", 1}, {"low", 2}}));
    write("t.csv", "name,age,income\ncid,50,low\nann,31,low\ndan,1,low\n");
    EXPECT_THAT(differences(check("t.csv")), ElementsAre("changed ann (content)", "missing bob", "added dan"));
    write("t.csv", "name,age,income\nann,30,high\nbob,40,high\ncid,50,low\n");
    EXPECT_THAT(differences(check("t.csv")), ElementsAre("changed ann (content, label)"));
    write("t.csv", "name,wage,income\nann,30,low\nbob,40,high\ncid,50,low\n");
    EXPECT_EQ(differences(check("t.csv")).size(), 3U);  // a renamed column changes what every row says
    write("t.csv", "who,age,income\nann,30,low\n");
    EXPECT_THAT(reason(check("t.csv")), HasSubstr("there is no column 'name'"));
    write("t.csv", "name,age,income\nann,30,low\nann,40,high\n");
    (void)differences(check("t.csv"));
    EXPECT_THAT(verdict_.reason, HasSubstr("two rows have the id 'ann'"));
}

TEST_F(Verifying, WorksForTheRowsOfArrays) {
    const auto write_set = [&](const std::vector<float>& x, const std::vector<std::int64_t>& y) {
        const NdArray items = *NdArray::from<float>({2, 3}, x);
        const NdArray labels = *NdArray::from<std::int64_t>({2}, y);
        ASSERT_TRUE(formats::write_npz(path("s.npz"), {{"x", items}, {"y", labels}}).ok());
    };
    write_set({1, 2, 3, 4, 5, 6}, {0, 1});
    const auto sealed = seal_it(request("s.npz"));
    ASSERT_TRUE(sealed.ok()) << sealed.error().line();
    EXPECT_EQ(sealed->statement.labels.counts, (std::map<std::string, std::uint64_t>{{"0", 1}, {"1", 1}}));
    EXPECT_THAT(differences(check("s.npz")), ElementsAre());
    write_set({1, 2, 3, 4, 5, 7}, {0, 1});
    EXPECT_THAT(differences(check("s.npz")), ElementsAre("changed 000000000001 (content)"));
    write_set({1, 2, 3, 4, 5, 6}, {1, 1});
    EXPECT_THAT(differences(check("s.npz")), ElementsAre("changed 000000000000 (content, label)"));
}

TEST_F(Verifying, WorksForLines) {
    write("t.jsonl", "{\"id\":7,\"text\":\"a\",\"y\":\"pos\"}\n{\"id\":8,\"text\":\"b\",\"y\":\"neg\"}\n");
    SealRequest what = request("t.jsonl");
    what.reading.id_column = "id";
    what.reading.label_column = "y";
    ASSERT_TRUE(seal_it(what).ok());
    write("t.jsonl", "{\"id\":8,\"text\":\"B\",\"y\":\"neg\"}\n{\"id\":7,\"text\":\"a\",\"y\":\"pos\"}\n");
    EXPECT_THAT(differences(check("t.jsonl")), ElementsAre("changed 8 (content)"));
}

}  // namespace
}  // namespace bartizan::lineage
