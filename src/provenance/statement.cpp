#include "provenance/statement.h"

#include <algorithm>
#include <cstdint>
#include <unordered_set>

#include "crypto/hash.h"
#include "provenance/fields.h"
#include "provenance/file_tree.h"
#include "provenance/names.h"

namespace bartizan::provenance {
namespace {

constexpr std::size_t kMostIgnored = 100'000;

bool is_sha256(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::uint8_t digit(char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); }

/// `where` is "resource 3"; the name itself may be hostile, and is shown cut.
Result<Resource> checked(std::string name, std::string sha256, bool alone, const std::string& where) {
    if (!(alone && name == kSingleFile)) BARTIZAN_TRY_WITHIN(check_name(name), where + " '" + shortened(name) + "'");
    if (!is_sha256(sha256)) return unexpected(where + " digest", "64 lower-case hexadecimal digits", sha256);
    return Resource{std::move(name), std::move(sha256)};
}

Result<std::vector<Resource>> read_resources(const Json& list,
                                             Result<Resource> (*read)(const Json&, std::size_t, bool)) {
    if (list.empty()) return invalid_input("it covers no file");
    if (list.size() > kMostFiles) return exhausted("more than " + std::to_string(kMostFiles) + " files");
    std::vector<Resource> resources;
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
        resources.push_back(BARTIZAN_TRY(read(list[i], i, list.size() == 1)));
        if (!seen.insert(resources.back().name).second)
            return invalid_input("the file '" + shortened(resources.back().name) + "' is named twice");
    }
    return resources;
}

Result<Resource> read_v1(const Json& entry, std::size_t index, bool alone) {
    const std::string where = "resource " + std::to_string(index + 1);
    BARTIZAN_TRY_WITHIN(expect_text(entry, "algorithm", "sha256"), where);
    std::string name = BARTIZAN_TRY_WITHIN(text_field(entry, "name"), where);
    std::string digest = BARTIZAN_TRY_WITHIN(text_field(entry, "digest"), where);
    return checked(std::move(name), std::move(digest), alone, where);
}

Result<Resource> read_v01(const Json& entry, std::size_t index, bool alone) {
    const std::string where = "subject " + std::to_string(index + 1);
    const Json* digests = BARTIZAN_TRY_WITHIN(object_field(entry, "digest"), where);
    std::string name = BARTIZAN_TRY_WITHIN(text_field(entry, "name"), where);
    std::string digest = BARTIZAN_TRY_WITHIN(text_field(*digests, "sha256"), where);
    return checked(std::move(name), std::move(digest), alone, where);
}

/// Paths that a signer may not hide, "." and what leads outside among them, are left out with a warning.
Result<void> read_ignored(const Json& serialization, Statement& into) {
    if (!serialization.contains("ignore_paths")) return {};
    const Json* list = BARTIZAN_TRY(list_field(serialization, "ignore_paths"));
    if (list->size() > kMostIgnored) return exhausted("more than " + std::to_string(kMostIgnored) + " ignored paths");
    for (const Json& entry : *list) {
        if (!entry.is_string()) return unexpected("ignore_paths", "a list of texts", entry.type_name());
        std::string path = entry.get<std::string>();
        if (check_name(path).ok())
            into.ignore_paths.push_back(std::move(path));
        else
            into.warnings.push_back("the ignored path '" + shortened(path) + "' is not below the model: not honoured");
    }
    return {};
}

Result<void> read_serialization(const Json& predicate, Statement& into) {
    const Json* serialization = BARTIZAN_TRY(object_field(predicate, "serialization"));
    BARTIZAN_TRY(expect_text(*serialization, "method", "files"));
    BARTIZAN_TRY(expect_text(*serialization, "hash_type", "sha256"));
    if (const auto links = serialization->find("allow_symlinks"); links != serialization->end()) {
        if (!links->is_boolean()) return unexpected("allow_symlinks", "true or false", links->type_name());
        into.allow_symlinks = links->get<bool>();
    }
    return read_ignored(*serialization, into);
}

Result<Statement> read_signature(const Json& document, const Json& subjects) {
    Statement statement;
    if (subjects.size() != 1)
        return unexpected("subject", "one subject", std::to_string(subjects.size()) + " subjects");
    const Json* digests = BARTIZAN_TRY_WITHIN(object_field(subjects[0], "digest"), "subject");
    statement.subject = BARTIZAN_TRY_WITHIN(text_field(subjects[0], "name"), "subject");
    statement.root = BARTIZAN_TRY_WITHIN(text_field(*digests, "sha256"), "subject digest");
    const Json* predicate = BARTIZAN_TRY(object_field(document, "predicate"));
    BARTIZAN_TRY_WITHIN(read_serialization(*predicate, statement), "predicate");
    const Json* resources = BARTIZAN_TRY_WITHIN(list_field(*predicate, "resources"), "predicate");
    statement.resources = BARTIZAN_TRY_WITHIN(read_resources(*resources, read_v1), "predicate");
    const std::string root = root_of(statement.resources);
    if (root != statement.root) return unexpected("root digest", "that of the files listed, " + root, statement.root);
    return statement;
}

Result<Statement> read_digests(const Json& subjects) {
    Statement statement;
    statement.form = StatementForm::digests_v01;
    statement.resources = BARTIZAN_TRY(read_resources(subjects, read_v01));
    statement.warnings.emplace_back("signed in an old form (Digests/v0.1): sign the model again");
    return statement;
}

Result<Statement> read_document(const Json& document) {
    BARTIZAN_TRY(expect_text(document, "_type", kStatementType));
    const std::string kind = BARTIZAN_TRY(text_field(document, "predicateType"));
    if (kind != kSignaturePredicate && kind != kDigestsPredicate)
        return unexpected("predicateType", kSignaturePredicate, kind);
    const Json* subjects = BARTIZAN_TRY(list_field(document, "subject"));
    return kind == kSignaturePredicate ? read_signature(document, *subjects) : read_digests(*subjects);
}

}  // namespace

std::string root_of(const std::vector<Resource>& resources) {
    crypto::Sha256 root;
    for (const Resource& resource : resources) {
        crypto::Sha256Digest raw{};
        for (std::size_t i = 0; i < raw.size(); ++i)
            raw[i] = static_cast<std::uint8_t>(digit(resource.sha256[2 * i]) << 4 | digit(resource.sha256[2 * i + 1]));
        root.update(std::as_bytes(std::span(raw)));
    }
    return crypto::to_hex(root.finish());
}

std::string write_statement(const Statement& statement) {
    Json resources = Json::array();
    for (const Resource& resource : statement.resources)
        resources.push_back({{"name", resource.name}, {"algorithm", "sha256"}, {"digest", resource.sha256}});
    const Json serialization = {{"method", "files"},
                                {"hash_type", "sha256"},
                                {"allow_symlinks", statement.allow_symlinks},
                                {"ignore_paths", statement.ignore_paths}};
    const Json subject = {{"name", statement.subject}, {"digest", {{"sha256", root_of(statement.resources)}}}};
    const Json document = {{"_type", kStatementType},
                           {"subject", Json::array({subject})},
                           {"predicateType", kSignaturePredicate},
                           {"predicate", {{"serialization", serialization}, {"resources", std::move(resources)}}}};
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Statement> parse_statement(std::string_view text) {
    const Json document = BARTIZAN_TRY_WITHIN(parse_json(text, {.bytes = kLargestStatement, .depth = 32}), "statement");
    return read_document(document).within("statement");
}

}  // namespace bartizan::provenance
