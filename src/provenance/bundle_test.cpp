#include "provenance/bundle.h"

#include <functional>

#include <gtest/gtest.h>

#include "core/json.h"
#include "crypto/base64.h"

namespace bartizan::provenance {
namespace {

std::string a_bundle() {
    Bundle bundle;
    bundle.hint = std::string(64, 'a');
    bundle.payload = "{\"x\": \"\xc3\xa9\"}";
    bundle.signatures = {"one", std::string("t\0o", 3)};
    return write_bundle(bundle);
}

std::string refusal(const std::function<void(Json&)>& change) {
    Json document = *parse_json(a_bundle());
    change(document);
    const auto bundle = parse_bundle(document.dump());
    return bundle.ok() ? "" : bundle.error().line();
}

TEST(Bundles, AreReadAsTheyWereWritten) {
    const auto bundle = parse_bundle(a_bundle());
    ASSERT_TRUE(bundle.ok()) << bundle.error().line();
    EXPECT_EQ(bundle->method, Method::key);
    EXPECT_EQ(bundle->hint, std::string(64, 'a'));
    EXPECT_EQ(bundle->payload, "{\"x\": \"\xc3\xa9\"}");
    EXPECT_EQ(bundle->signatures, (std::vector<std::string>{"one", std::string("t\0o", 3)}));
}

// github.com/secure-systems-lab/dsse, protocol.md: "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body.
TEST(Bundles, SignThePreAuthenticationEncoding) {
    EXPECT_EQ(pae("hello world"), "DSSEv1 28 application/vnd.in-toto+json 11 hello world");
    EXPECT_EQ(pae(""), "DSSEv1 28 application/vnd.in-toto+json 0 ");
    EXPECT_EQ(pae("\xc3\xa9"), "DSSEv1 28 application/vnd.in-toto+json 2 \xc3\xa9");
}

TEST(Bundles, KnowHowReleaseTwoSpeltBytes) {
    EXPECT_EQ(pae_of_release_0_2("{\"a\"}\n\t\\\x01\xff"),
              "DSSEV1 28 application/vnd.in-toto+json 10 b'{\"a\"}\\n\\t\\\\\\x01\\xff'");
    EXPECT_EQ(pae_of_release_0_2("it's"), "DSSEV1 28 application/vnd.in-toto+json 4 b\"it's\"");
    EXPECT_EQ(pae_of_release_0_2("'\""), "DSSEV1 28 application/vnd.in-toto+json 2 b'\\'\"'");
}

TEST(Bundles, OfOtherVersionsSayWhatWasExpectedAndFound) {
    EXPECT_EQ(refusal([](Json& d) { d["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2"; }),
              "mediaType: expected application/vnd.dev.sigstore.bundle.v0.3+json, found "
              "application/vnd.dev.sigstore.bundle+json;version=0.2");
    EXPECT_EQ(refusal([](Json& d) { d["dsseEnvelope"]["payloadType"] = "text/plain"; }),
              "dsseEnvelope: payloadType: expected application/vnd.in-toto+json, found text/plain");
    EXPECT_NE(parse_bundle("").error().line().find("found an empty file"), std::string::npos);
    EXPECT_NE(parse_bundle("untrusted comment: minisign").error().line().find("not valid JSON"), std::string::npos);
    EXPECT_NE(parse_bundle("[]").error().line().find("found array"), std::string::npos);
}

TEST(Bundles, LackingAnyPartOrOfAnyOtherTypeAreRefused) {
    for (const char* part : {"mediaType", "verificationMaterial", "dsseEnvelope"}) {
        EXPECT_NE(refusal([&](Json& d) { d.erase(part); }), "") << part;
        EXPECT_NE(refusal([&](Json& d) { d[part] = 7; }), "") << part;
    }
    for (const char* part : {"payload", "payloadType", "signatures"}) {
        EXPECT_NE(refusal([&](Json& d) { d["dsseEnvelope"].erase(part); }), "") << part;
        EXPECT_NE(refusal([&](Json& d) { d["dsseEnvelope"][part] = nullptr; }), "") << part;
    }
    EXPECT_NE(refusal([](Json& d) { d["dsseEnvelope"]["signatures"] = Json::array(); }), "");
    EXPECT_NE(refusal([](Json& d) { d["dsseEnvelope"]["payload"] = "-_-_"; }), "");
    EXPECT_NE(refusal([](Json& d) { d["verificationMaterial"].erase("publicKey"); }), "");
    EXPECT_NE(refusal([](Json& d) { d["verificationMaterial"]["publicKey"] = 1; }), "");
    EXPECT_NE(refusal([](Json& d) { d["verificationMaterial"]["certificate"] = {{"rawBytes", ""}}; }), "");
}

TEST(Bundles, WithUnknownFieldsAreRefused) {
    EXPECT_NE(refusal([](Json& d) { d["extra"] = 1; }).find("unknown field 'extra'"), std::string::npos);
    EXPECT_NE(refusal([](Json& d) { d["verificationMaterial"]["extra"] = 1; }).find("unknown field"),
              std::string::npos);
}

TEST(Bundles, MayLeaveOutWhatTheReferenceLeavesOut) {
    EXPECT_EQ(refusal([](Json& d) { d["verificationMaterial"].erase("tlogEntries"); }), "");
    EXPECT_EQ(refusal([](Json& d) { d["verificationMaterial"]["publicKey"] = Json::object(); }), "");
    EXPECT_EQ(refusal([](Json& d) { d["dsseEnvelope"]["signatures"][0].erase("keyid"); }), "");
    EXPECT_EQ(refusal([](Json& d) { d["dsseEnvelope"]["signatures"][0]["keyid"] = nullptr; }), "");
}

TEST(Bundles, AreBounded) {
    EXPECT_NE(refusal([](Json& d) {
                  for (std::size_t i = 0; i < kMostSignatures; ++i)
                      d["dsseEnvelope"]["signatures"].push_back({{"sig", "AAAA"}});
              }),
              "");
    EXPECT_NE(
        refusal([](Json& d) { d["dsseEnvelope"]["signatures"][0]["sig"] = crypto::to_base64(std::string(5000, 'x')); }),
        "");
    EXPECT_NE(parse_bundle(std::string(100, '[')).error().line().find("nested deeper"), std::string::npos);
}

TEST(Bundles, CutAnywhereAreRefused) {
    const std::string text = a_bundle();
    for (std::size_t size = 0; size + 2 < text.size(); ++size) EXPECT_FALSE(parse_bundle(text.substr(0, size)).ok());
}

}  // namespace
}  // namespace bartizan::provenance
