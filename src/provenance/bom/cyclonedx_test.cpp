#include "provenance/bom/cyclonedx.h"

#include <set>

#include <gmock/gmock.h>

#include "crypto/shell_testing.h"
#include "provenance/signer.h"

namespace bartizan::provenance {
namespace {

class Boms : public crypto::WithFolder {
protected:
    Boms() {
        write("m/README.md", "---\nlicense: mit\ndatasets: [glue, 'odd name']\ntags: [t]\n---\n## Limitations\nFew.\n");
        write("m/LICENSE", "Apache License Version 2.0, January 2004");
        write("m/sub/a b.onnx", "weights");
    }
    Inventory inventory(const TreeRules& rules = {}) const {
        return *take_inventory(folder_ / "m", rules, RunContext());
    }
    Json bom(const char* version = "1.7") const {
        return cyclonedx(inventory(), {.spec_version = version, .now = 1'700'000'000, .tool_version = "0"});
    }
};

// The required fields and closed lists of bom-1.6.schema.json and bom-1.7.schema.json (cyclonedx.org).
void expect_component(const Json& component) {
    const std::set<std::string> kTypes = {"file", "data", "machine-learning-model"};
    const std::set<std::string> kFields = {"type",      "bom-ref",  "mime-type", "name",
                                           "hashes",    "licenses", "pedigree",  "externalReferences",
                                           "modelCard", "data",     "tags",      "properties"};
    EXPECT_TRUE(kTypes.contains(component["type"].get<std::string>()));
    EXPECT_FALSE(component["name"].get<std::string>().empty());
    for (const auto& [name, value] : component.items()) EXPECT_TRUE(kFields.contains(name)) << name;
    EXPECT_EQ(component.contains("modelCard") && component["type"] != "machine-learning-model", false);
    for (const Json& hash : component.value("hashes", Json::array())) {
        EXPECT_EQ(hash["alg"], "SHA-256");
        EXPECT_THAT(hash["content"].get<std::string>(), testing::MatchesRegex("[a-fA-F0-9]{64}"));
    }
    for (const Json& entry : component.value("licenses", Json::array()))
        EXPECT_EQ(entry["license"].contains("id") + entry["license"].contains("name"), 1);
}

TEST_F(Boms, HaveTheFormOfTheSpecification) {
    for (const char* version : {"1.6", "1.7"}) {
        const Json document = bom(version);
        EXPECT_EQ(document["bomFormat"], "CycloneDX");
        EXPECT_EQ(document["specVersion"], version);
        EXPECT_THAT(document["serialNumber"].get<std::string>(),
                    testing::MatchesRegex("urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"));
        EXPECT_EQ(document["metadata"]["timestamp"], "2023-11-14T22:13:20Z");
        expect_component(document["metadata"]["component"]);
        for (const Json& component : document["components"]) expect_component(component);
    }
}

TEST_F(Boms, NameEachPartOnceAndReferToNoOther) {
    const Json document = bom();
    std::set<std::string> names = {document["metadata"]["component"]["bom-ref"]};
    for (const Json& component : document["components"])
        EXPECT_TRUE(names.insert(component["bom-ref"].get<std::string>()).second);
    for (const Json& below : document["dependencies"][0]["dependsOn"])
        EXPECT_TRUE(names.contains(below.get<std::string>()));
    for (const Json& data : document["metadata"]["component"]["modelCard"]["modelParameters"]["datasets"])
        EXPECT_TRUE(names.contains(data["ref"].get<std::string>()));
    EXPECT_EQ(names.size(), 6U);
}

TEST_F(Boms, AreTheSameBytesForTheSameModel) {
    EXPECT_EQ(to_text(bom()), to_text(bom()));
    const Json before = bom();
    write("m/sub/a b.onnx", "other");
    EXPECT_NE(before["serialNumber"], bom()["serialNumber"]);
}

TEST_F(Boms, TellBothLicencesAndWhereFrom) {
    const Inventory found = inventory();
    ASSERT_EQ(found.licences.size(), 2U);
    EXPECT_EQ(found.licences[0].id, "MIT");
    EXPECT_EQ(found.licences[1].id, "Apache-2.0");
    EXPECT_EQ(found.licences[1].source, "LICENSE");
}

TEST_F(Boms, TellTheSignatureAndTheRootThatItCarries) {
    const auto key = *crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto made = *sign_model(folder_ / "m", key, {}, RunContext());
    write("m/model.sig", made.bundle);
    const Inventory found = inventory();
    ASSERT_EQ(found.signatures.size(), 1U);
    EXPECT_NE(found.signatures[0].signer.find("key "), std::string::npos);
    EXPECT_EQ(found.root, made.statement.root);
    EXPECT_EQ(bom()["metadata"]["component"]["externalReferences"][0]["type"], "digital-signature");
}

TEST_F(Boms, CarryTheScanAsAnAttestation) {
    Inventory found = inventory();
    EXPECT_FALSE(cyclonedx(found, {}).contains("declarations"));
    found.scan = ScanStatement{"clean", true, 3, 0, "bartizan 0"};
    const Json declared = cyclonedx(found, {})["declarations"];
    EXPECT_EQ(declared["attestations"][0]["map"][0]["conformance"]["score"], 1);
    EXPECT_EQ(declared["claims"][0]["target"], "model");
    EXPECT_EQ(declared["claims"][0]["evidence"][0], declared["evidence"][0]["bom-ref"]);
    found.scan = ScanStatement{"clean", false, 3, 0, "bartizan 0"};
    EXPECT_EQ(cyclonedx(found, {})["declarations"]["attestations"][0]["map"][0]["conformance"]["score"], 0);
}

TEST_F(Boms, DoNotFollowLinksUnlessAsked) {
    const auto secret = write("secret.md", "## Limitations\nsecret\n");
    std::filesystem::remove(folder_ / "m/README.md");
    std::filesystem::create_symlink(secret, folder_ / "m/README.md");
    EXPECT_EQ(inventory().card.limitations.size(), 0U);
    ASSERT_EQ(inventory().not_read.size(), 1U);
    EXPECT_EQ(inventory({.links = Links::follow_to_files}).card.limitations.size(), 1U);
}

TEST_F(Boms, OfOneFileTakeTheSidecarBesideIt) {
    write("one.onnx.bartizan.yaml", "mean: [0.5]\n");
    const Inventory found = *take_inventory(write("one.onnx", "w"), {}, RunContext());
    EXPECT_EQ(found.files[0].name, "one.onnx");
    EXPECT_EQ(found.card.properties.size(), 1U);
    EXPECT_TRUE(cyclonedx(found, {})["metadata"]["component"].contains("hashes"));
}

TEST_F(Boms, WriteHostileNamesAsText) {
    write("m/README.md", "---\ndatasets: [\"../../etc\", \"a b\", \"x\\x1b[31m\"]\nlicense: \"\\\"}\"\n---\n");
    const auto again = parse_json(to_text(bom()));
    ASSERT_TRUE(again.ok());
    for (const Json& component : (*again)["components"])
        if (component["type"] == "data") EXPECT_FALSE(component["data"][0].contains("contents")) << component;
}

}  // namespace
}  // namespace bartizan::provenance
