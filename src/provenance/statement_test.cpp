#include "provenance/statement.h"

#include <functional>

#include <gtest/gtest.h>

#include "core/json.h"
#include "crypto/hash.h"

namespace bartizan::provenance {
namespace {

std::string digest_of(const std::string& text) {
    return crypto::to_hex(crypto::sha256(std::as_bytes(std::span(text))));
}

Statement two_files() {
    Statement statement;
    statement.subject = "model";
    statement.ignore_paths = {".git"};
    statement.resources = {{"a/c", digest_of("1")}, {"a-b", digest_of("2")}};
    return statement;
}

/// The statement on two files after `change`; the reason of its refusal, "" when it is read.
std::string refusal(const std::function<void(Json&)>& change) {
    Json document = *parse_json(write_statement(two_files()));
    change(document);
    const auto statement = parse_statement(document.dump());
    return statement.ok() ? "" : statement.error().line();
}

Json& first_resource(Json& document) { return document["predicate"]["resources"][0]; }

TEST(Statements, AreReadAsTheyWereWritten) {
    const auto statement = parse_statement(write_statement(two_files()));
    ASSERT_TRUE(statement.ok()) << statement.error().line();
    EXPECT_EQ(statement->subject, "model");
    EXPECT_EQ(statement->resources[0].name, "a/c");
    EXPECT_EQ(statement->ignore_paths, std::vector<std::string>{".git"});
    EXPECT_EQ(statement->root, root_of(two_files().resources));
}

TEST(Statements, BindTheRawDigestsInTheirOrder) {
    const auto raw = [](const std::string& text) {
        const auto digest = crypto::sha256(std::as_bytes(std::span(text)));
        return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
    };
    EXPECT_EQ(root_of(two_files().resources), digest_of(raw("1") + raw("2")));
}

TEST(Statements, MayNameFilesInAnyOrder) {
    Statement other = two_files();
    std::swap(other.resources[0], other.resources[1]);
    const auto statement = parse_statement(write_statement(other));
    ASSERT_TRUE(statement.ok());
    EXPECT_NE(statement->root, root_of(two_files().resources));
}

TEST(Statements, OfOtherKindsSayWhatWasExpectedAndFound) {
    EXPECT_EQ(refusal([](Json& d) { d["_type"] = "https://in-toto.io/Statement/v0.1"; }),
              "statement: _type: expected https://in-toto.io/Statement/v1, found https://in-toto.io/Statement/v0.1");
    EXPECT_EQ(refusal([](Json& d) { d["predicateType"] = "https://slsa.dev/provenance/v1"; }),
              "statement: predicateType: expected https://model_signing/signature/v1.0, found "
              "https://slsa.dev/provenance/v1");
    EXPECT_EQ(refusal([](Json& d) { d["predicate"]["serialization"]["method"] = "shards"; }),
              "statement: predicate: method: expected files, found shards");
    EXPECT_EQ(refusal([](Json& d) { d["predicate"]["serialization"]["hash_type"] = "blake2b"; }),
              "statement: predicate: hash_type: expected sha256, found blake2b");
    EXPECT_NE(refusal([](Json& d) { first_resource(d)["algorithm"] = "md5"; }), "");
}

TEST(Statements, WithUnsafeNamesAreRefused) {
    for (const char* name : {"../a", "/etc/passwd", "a/../../b", "", ".", "a//b"})
        EXPECT_NE(refusal([&](Json& d) { first_resource(d)["name"] = name; }), "") << name;
    EXPECT_NE(refusal([](Json& d) { first_resource(d)["name"] = std::string("a\0b", 3); }).find("NUL"),
              std::string::npos);
    EXPECT_NE(refusal([](Json& d) { first_resource(d)["name"] = "a-b"; }).find("named twice"), std::string::npos);
}

TEST(Statements, ThatDoNotAddUpAreRefused) {
    EXPECT_NE(refusal([](Json& d) { first_resource(d)["digest"] = digest_of("3"); }).find("root digest"),
              std::string::npos);
    EXPECT_NE(refusal([](Json& d) { first_resource(d)["digest"] = "ABC"; }), "");
    EXPECT_NE(refusal([](Json& d) { d["predicate"]["resources"] = Json::array(); }).find("covers no file"),
              std::string::npos);
    EXPECT_NE(refusal([](Json& d) { d["subject"].push_back(d["subject"][0]); }).find("one subject"), std::string::npos);
    EXPECT_NE(refusal([](Json& d) { d["subject"] = Json::array(); }), "");
}

TEST(Statements, LackingAnyPartOrOfAnyOtherTypeAreRefused) {
    for (const char* part : {"_type", "subject", "predicateType", "predicate"}) {
        EXPECT_NE(refusal([&](Json& d) { d.erase(part); }), "") << part;
        EXPECT_NE(refusal([&](Json& d) { d[part] = 7; }), "") << part;
    }
    for (const char* part : {"serialization", "resources"}) {
        EXPECT_NE(refusal([&](Json& d) { d["predicate"].erase(part); }), "") << part;
        EXPECT_NE(refusal([&](Json& d) { d["predicate"][part] = "x"; }), "") << part;
    }
    EXPECT_EQ(refusal([](Json& d) { d["predicate"]["serialization"].erase("ignore_paths"); }), "");
    EXPECT_EQ(refusal([](Json& d) { d["predicate"]["extra"] = 1; }), "");
}

TEST(Statements, MayNotHideTheWholeModel) {
    Statement statement = two_files();
    statement.ignore_paths = {".", "..", "/", "fine"};
    const auto read = parse_statement(write_statement(statement));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->ignore_paths, std::vector<std::string>{"fine"});
    EXPECT_EQ(read->warnings.size(), 3U);
}

TEST(Statements, OfTheFirstReleasesAreReadWithAWarning) {
    const Json document = {{"_type", kStatementType},
                           {"subject", Json::array({{{"name", "x/y"}, {"digest", {{"sha256", digest_of("1")}}}}})},
                           {"predicateType", kDigestsPredicate},
                           {"predicate", {{"unused", ""}}}};
    const auto statement = parse_statement(document.dump());
    ASSERT_TRUE(statement.ok()) << statement.error().line();
    EXPECT_EQ(statement->form, StatementForm::digests_v01);
    EXPECT_EQ(statement->resources[0].name, "x/y");
    EXPECT_EQ(statement->warnings.size(), 1U);
}

}  // namespace
}  // namespace bartizan::provenance
