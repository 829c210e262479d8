#include "provenance/attestation.h"

#include <gtest/gtest.h>

#include "core/json.h"

namespace bartizan::provenance {
namespace {

Attestation example() {
    return {.subject = "model",
            .root = std::string(64, 'a'),
            .verifier = "https://example.com/scanner/v3",
            .time = "2026-05-03T10:00:00Z",
            .policies = {{"policy.yaml", std::string(64, 'b')}},
            .properties = {std::string(kScanned), std::string(kProvenClean)}};
}

TEST(Attestation, IsWrittenAsTheSpecificationHasIt) {
    const Json document = Json::parse(write_attestation(example()));
    EXPECT_EQ(document["_type"], "https://in-toto.io/Statement/v1");
    EXPECT_EQ(document["predicateType"], "https://in-toto.io/attestation/svr/v0.2");
    EXPECT_EQ(document["subject"][0]["digest"]["sha256"], std::string(64, 'a'));
    EXPECT_EQ(document["predicate"]["verifier"]["id"], "https://example.com/scanner/v3");
    EXPECT_EQ(document["predicate"]["verifier"]["policies"][0]["digest"]["sha256"], std::string(64, 'b'));
    EXPECT_EQ(document["predicate"]["timeCreated"], "2026-05-03T10:00:00Z");
    EXPECT_EQ(document["predicate"]["properties"][1], "BARTIZAN_SCAN_CLEAN");
    Attestation none = example();
    none.policies.clear();
    EXPECT_TRUE(Json::parse(write_attestation(none))["predicate"]["verifier"]["policies"].is_array()) << "required";
}

TEST(Attestation, ReadsWhatItWrote) {
    const auto read = parse_attestation(write_attestation(example()));
    ASSERT_TRUE(read.ok()) << read.error().line();
    EXPECT_EQ(read->root, example().root);
    EXPECT_EQ(read->properties, example().properties);
    EXPECT_EQ(read->policies[0].name, "policy.yaml");
}

TEST(Attestation, OthersAreRefusedWithWhatWasExpected) {
    const auto changed = [](const char* pointer, const Json& value) {
        Json document = Json::parse(write_attestation(example()));
        document[Json::json_pointer(pointer)] = value;
        return parse_attestation(document.dump());
    };
    const auto refusal = changed("/predicateType", "https://slsa.dev/verification_summary/v1");
    ASSERT_FALSE(refusal.ok());
    EXPECT_NE(refusal.error().line().find("svr/v0.2"), std::string::npos) << refusal.error().line();
    EXPECT_FALSE(changed("/subject", Json::array()).ok());
    EXPECT_FALSE(changed("/predicate/properties", 3).ok());
    EXPECT_FALSE(changed("/predicate/properties/0", 3).ok());
    EXPECT_FALSE(changed("/predicate/verifier/policies", nullptr).ok());
    EXPECT_FALSE(changed("/predicate/properties", Json(std::vector<std::string>(2'000, "x"))).ok());
    EXPECT_FALSE(parse_attestation("[]").ok());
    EXPECT_FALSE(parse_attestation("{").ok());
}

}  // namespace
}  // namespace bartizan::provenance
