#include "lineage/croissant.h"

#include <set>

#include <gmock/gmock.h>

#include "core/json.h"
#include "lineage/lineage_testing.h"

namespace bartizan::lineage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// In the form of the specification's own example (docs.mlcommons.org/croissant, version 1.0).
constexpr const char* kExample = R"({
  "@context": {"@vocab": "https://schema.org/", "sc": "https://schema.org/", "cr": "http://mlcommons.org/croissant/"},
  "@type": "sc:Dataset", "conformsTo": "http://mlcommons.org/croissant/1.0",
  "name": "simple-pass", "description": "A tiny set.\nTwo lines.", "license": ["CC-BY-4.0", "other"],
  "url": "https://example.com/set", "citeAs": "@misc{x}", "version": "1.2.0", "datePublished": "2024-01-01",
  "creator": [{"@type": "Person", "name": "A. Person"}, {"@type": "Organization", "name": "Lab"}],
  "distribution": [
    {"@type": "cr:FileObject", "@id": "minimal.csv", "name": "minimal.csv", "contentUrl": "data/minimal.csv",
     "encodingFormat": "text/csv", "sha256": "AF0AAE0C4F4E8B5A4B3A36D5F9C3B8C0A1B2C3D4E5F60718293A4B5C6D7E8F90"},
    {"@type": "cr:FileObject", "@id": "zip", "name": "photos.zip", "contentUrl": "https://example.com/photos.zip"},
    {"@type": "cr:FileObject", "@id": "in", "containedIn": {"@id": "zip"}, "contentUrl": "a.png", "name": "a"},
    {"@type": "cr:FileSet", "@id": "all", "containedIn": {"@id": "zip"}, "includes": "*.png"}
  ]})";

std::string refusal(const std::function<void(Json&)>& change) {
    Json document = Json::parse(kExample);
    change(document);
    const auto read = parse_croissant(document.dump());
    return read.ok() ? "" : read.error().line();
}

TEST(Croissants, TellNameLicenceSourcesAndDigests) {
    const auto read = parse_croissant(kExample);
    ASSERT_TRUE(read.ok()) << read.error().line();
    EXPECT_EQ(read->card.name, "simple-pass");
    EXPECT_EQ(read->card.description, "A tiny set. Two lines.");
    EXPECT_EQ(read->card.licence, "CC-BY-4.0");
    EXPECT_THAT(read->card.creators, ElementsAre("A. Person", "Lab"));
    ASSERT_EQ(read->files.size(), 2U);
    EXPECT_EQ(read->files.at("data/minimal.csv").sha256,
              "af0aae0c4f4e8b5a4b3a36d5f9c3b8c0a1b2c3d4e5f60718293a4b5c6d7e8f90");
    EXPECT_EQ(read->files.at("photos.zip").source, "https://example.com/photos.zip");
}

TEST(Croissants, ThatAreNoneOrLeadOutOfTheDataSetAreRefused) {
    EXPECT_FALSE(parse_croissant("").ok());
    EXPECT_FALSE(parse_croissant("[]").ok());
    EXPECT_THAT(refusal([](Json& json) { json["@type"] = "Person"; }), HasSubstr("sc:Dataset"));
    EXPECT_THAT(refusal([](Json& json) { json["distribution"][0]["contentUrl"] = "../../etc/passwd"; }),
                HasSubstr("distribution 0: contentUrl"));
    EXPECT_THAT(refusal([](Json& json) { json["distribution"][0]["contentUrl"] = "/etc/passwd"; }),
                HasSubstr("distribution 0: contentUrl"));
    EXPECT_THAT(refusal([](Json& json) { json["distribution"][0]["sha256"] = "main"; }), HasSubstr("64 hexadecimal"));
    EXPECT_THAT(refusal([](Json& json) { json["distribution"].push_back(json["distribution"][0]); }),
                HasSubstr("described twice"));
    EXPECT_EQ(refusal([](Json& json) { json["distribution"] = 7; }), "");
    EXPECT_EQ(refusal([](Json& json) { json.erase("distribution"); }), "");
}

class Exports : public SealedSet {
protected:
    Json exported(const SealStatement& statement) {
        EXPECT_TRUE(write_pieces_atomically(path("c.json"), [&](const AppendBytes& out) -> Result<void> {
                        missing_ = BARTIZAN_TRY(write_croissant(statement, path("set.manifest.jsonl"), true, out));
                        return {};
                    }).ok());
        return Json::parse(read("c.json"));
    }
    std::vector<std::string> missing_;
};

TEST_F(Exports, NameTheLicencesOfTheItemsAndWhatCroissantRequiresBesides) {
    SealRequest what = request();
    what.origin.licence = "CC0-1.0";
    auto sealed = seal_it(what);
    ASSERT_TRUE(sealed.ok());
    EXPECT_EQ(exported(sealed->statement)["license"], "CC0-1.0");
    EXPECT_EQ(missing_, (std::vector<std::string>{"description", "url", "creator"}));
    what.card = {.name = "pets",
                 .description = "Pets.",
                 .licence = "MIT",
                 .url = "https://example.org/pets",
                 .creators = {"Lab"}};
    what.fresh = true;
    sealed = seal_it(what);
    EXPECT_EQ(exported(sealed->statement)["license"], "MIT");
    EXPECT_TRUE(missing_.empty());
}

TEST_F(Exports, GiveEveryPartAnIdOfItsOwnWhateverTheFilesAreCalled) {
    for (const char* name : {"manifest", "items", "files"}) write(std::string("set/x/") + name, name);
    write("set/manifest", "1");
    write("set/items", "2");
    const auto sealed = seal_it(request());
    ASSERT_TRUE(sealed.ok()) << sealed.error().line();
    const Json json = exported(sealed->statement);
    std::set<std::string> ids = {json["recordSet"][0]["@id"]};
    std::size_t count = 1;
    for (const Json& one : json["distribution"]) ids.insert(one["@id"]), ++count;
    for (const Json& field : json["recordSet"][0]["field"]) ids.insert(field["@id"]), ++count;
    EXPECT_EQ(ids.size(), count);
}

TEST_F(Exports, AreReadBackWithTheSameCardAndDigests) {
    SealRequest what = request();
    what.card = {.name = "pets", .licence = "CC0-1.0", .creators = {"Lab"}};
    what.derived_from = {{"raw", std::string(64, 'c'), 3}};
    const auto sealed = seal_it(what);
    ASSERT_TRUE(sealed.ok()) << sealed.error().line();
    const Json json = exported(sealed->statement);
    EXPECT_EQ(json["conformsTo"], "http://mlcommons.org/croissant/1.0");
    EXPECT_EQ(json["isBasedOn"][0]["identifier"], "merkle-sha256:" + std::string(64, 'c'));
    EXPECT_EQ(json["recordSet"][0]["field"][0]["source"]["extract"]["jsonPath"], "$.id");
    const auto back = parse_croissant(read("c.json"));
    ASSERT_TRUE(back.ok()) << back.error().line();
    EXPECT_EQ(back->card.name, "pets");
    EXPECT_EQ(back->card.licence, "CC0-1.0");
    EXPECT_EQ(back->files.size(), 4U);  // the manifest and three pictures
    EXPECT_EQ(back->files.at("cat/2.png").sha256, "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3");
    EXPECT_EQ(back->files.at("set.manifest.jsonl").sha256, sealed->statement.manifest_sha256);
}

TEST_F(Exports, OfManyFilesNameThemBySetAndManifest) {
    auto sealed = seal_it(request());
    ASSERT_TRUE(sealed.ok());
    sealed->statement.items = kMostExported + 1;
    const Json json = exported(sealed->statement);
    ASSERT_EQ(json["distribution"].size(), 2U);
    EXPECT_EQ(json["distribution"][1]["@type"], "cr:FileSet");
}

}  // namespace
}  // namespace bartizan::lineage
