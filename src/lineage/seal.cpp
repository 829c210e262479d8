#include "lineage/seal.h"

#include <algorithm>
#include <array>

#include "core/file.h"
#include "provenance/signer.h"

namespace bartizan::lineage {
namespace {

/// Lines that were there keep their number as rank; additions come behind all of them.
constexpr std::uint64_t kFirstAddition = std::uint64_t{1} << 62;

/// A rank as a key that sorts as the number does.
std::string rank_key(std::uint64_t rank) {
    std::string key(sizeof rank, '\0');
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<char>(rank >> (8 * (key.size() - 1 - i)) & 0xff);
    return key;
}

class Sealing {
public:
    Sealing(const SealRequest& request, const RunContext& context) : request_(request), context_(context) {}

    Result<Sealed> first() {
        const auto write = [&](const AppendBytes& out) -> Result<void> {
            ManifestWriter writer(out);
            BARTIZAN_TRY(walk(nullptr, 0, [&](const Pair& pair) -> Result<void> {
                const Item item = BARTIZAN_TRY(sealed_item(pair));
                ++result_.added;
                return writer.add(item, write_item(item));
            }));
            facts_ = BARTIZAN_TRY(writer.finish());
            return {};
        };
        BARTIZAN_TRY(write_pieces_atomically(request_.manifest, write));
        return finish();
    }

    Result<Sealed> again(const SealedManifest& before) {
        if (before.statement.reading != request_.reading)
            return Error(Errc::conflict, "the data set was sealed with other columns or another way of reading",
                         "give the same options, or --fresh to begin anew");
        SortedManifest sealed = BARTIZAN_TRY(
            SortedManifest::open(request_.manifest, id_rule(request_.reading.unit), before.in_order, scratch()));
        Sorter lines(scratch());
        BARTIZAN_TRY(walk(&sealed, before.statement.items, [&](const Pair& pair) { return place(pair, lines); }));
        BARTIZAN_TRY(lines.sort());
        BARTIZAN_TRY(write_pieces_atomically(request_.manifest,
                                             [&](const AppendBytes& out) { return write_lines(lines, out); }));
        result_.statement.version = before.statement.version + 1;
        result_.statement.previous = Previous{before.statement.version, before.statement.items, before.statement.root,
                                              result_.changed == 0 && result_.removed == 0};
        result_.statement.derived_from = before.statement.derived_from;
        result_.statement.card = before.statement.card;
        return finish();
    }

private:
    std::filesystem::path scratch() const {
        const auto folder = request_.manifest.parent_path();
        return folder.empty() ? "." : folder;
    }

    Result<void> walk(SortedManifest* sealed, std::uint64_t expected, const std::function<Result<void>(Pair&)>& take) {
        const auto items = BARTIZAN_TRY(open_items(request_.data_set, request_.reading, scratch(), context_));
        return compare(sealed, *items, request_.times, expected, context_, [&](Pair& pair) -> Result<void> {
            BARTIZAN_TRY(check_described(pair));
            return take(pair);
        });
    }

    /// The item as it is now, on the terms of this run.
    Result<Item> sealed_item(const Pair& pair) {
        if (!pair.found->refused.empty())
            return invalid_input("'" + pair.id() + "' cannot be sealed: " + pair.found->refused,
                                 "remove it, or leave it out with --ignore");
        Item item = pair.found->item;
        item.origin = request_.origin;
        if (request_.times == Times::ignore) item.seen.reset();
        const auto told = request_.described.find(item.id);
        if (told != request_.described.end() && item.origin.source.empty()) item.origin.source = told->second.source;
        return item;
    }

    /// Holds an item against its description, whether or not it was sealed before.
    Result<void> check_described(const Pair& pair) {
        if (!pair.found) return {};
        const auto told = request_.described.find(pair.id());
        if (told == request_.described.end()) return {};
        ++described_;
        const std::string& found = pair.found->item.sha256;
        if (!pair.found->refused.empty() || told->second.sha256.empty() || told->second.sha256 == found) return {};
        return invalid_input("'" + pair.id() + "' is not what the description says: expected " + told->second.sha256 +
                                 ", found " + found,
                             "take the file again from its publisher, or mend the description");
    }

    Result<void> place(const Pair& pair, Sorter& lines) {
        switch (pair.change()) {
            case Change::missing:
                ++result_.removed;
                return {};
            case Change::same:
                ++result_.same;
                result_.reused += pair.reused ? 1 : 0;
                return lines.add(rank_key(pair.sealed->number), pair.sealed->line);
            default:
                break;
        }
        const Item item = BARTIZAN_TRY(sealed_item(pair));
        const std::uint64_t rank = pair.sealed ? pair.sealed->number : kFirstAddition + result_.added;
        ++(pair.sealed ? result_.changed : result_.added);
        return lines.add(rank_key(rank), write_item(item));
    }

    Result<void> write_lines(Sorter& lines, const AppendBytes& out) {
        ManifestWriter writer(out);
        while (const auto record = BARTIZAN_TRY(lines.next())) {
            const Item item = BARTIZAN_TRY(parse_item(record->value, id_rule(request_.reading.unit)));
            BARTIZAN_TRY(writer.add(item, record->value));
        }
        facts_ = BARTIZAN_TRY(writer.finish());
        return {};
    }

    Result<Sealed> finish() {
        SealStatement& statement = result_.statement;
        statement.manifest = request_.manifest.filename().string();
        statement.manifest_sha256 = facts_.sha256;
        statement.reading = request_.reading;
        statement.sealed_at = request_.sealed_at;
        statement.items = facts_.items;
        statement.bytes = facts_.bytes;
        statement.root = crypto::to_hex(facts_.root);
        statement.labels = facts_.labels;
        for (const Parent& parent : request_.derived_from)
            if (std::ranges::find(statement.derived_from, parent) == statement.derived_from.end())
                statement.derived_from.push_back(parent);
        if (request_.card != Card()) statement.card = request_.card;
        if (statement.derived_from.size() > kMostParents)
            return exhausted("more than " + std::to_string(kMostParents) + " parents");
        if (described_ < request_.described.size())
            result_.warnings.push_back(std::to_string(request_.described.size() - described_) +
                                       " files of the description are not in the data set");
        return std::move(result_);
    }

    const SealRequest& request_;
    const RunContext& context_;
    Sealed result_;
    Facts facts_;
    std::uint64_t described_ = 0;
};

Error not_sealed(std::string why, std::string hint = {}) { return {Errc::denied, std::move(why), std::move(hint)}; }

Result<void> check_manifest(const SealStatement& statement, const Survey& survey) {
    const std::string root = crypto::to_hex(survey.facts.root);
    if (survey.facts.items != statement.items)
        return not_sealed("the manifest is not the one that was sealed: expected " + std::to_string(statement.items) +
                          " items, found " + std::to_string(survey.facts.items));
    if (root != statement.root)
        return not_sealed("the manifest is not the one that was sealed: expected the root " + statement.root +
                          ", found " + root);
    const auto& previous = statement.previous;
    if (previous && previous->only_additions && crypto::to_hex(survey.prefix_root) != previous->root)
        return not_sealed("the seal says that items were only added since version " +
                          std::to_string(previous->version) + ", the manifest shows otherwise");
    return {};
}

bool is_there(const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

/// Errors of reading stay what they are; what is wrong with the content means that the seal does not hold.
Error broken(const Error& error, const std::string& place) {
    if (error.code() != Errc::invalid_input && error.code() != Errc::exhausted) return error;
    return not_sealed(place + ": " + error.line());
}

}  // namespace

std::filesystem::path default_manifest(const std::filesystem::path& data_set) {
    std::filesystem::path path = data_set.lexically_normal();
    if (path.filename().empty()) path = path.parent_path();
    if (path == "." || path.filename() == ".." || path.empty()) {
        std::error_code error;
        path = std::filesystem::weakly_canonical(data_set, error);
    }
    return path += ".manifest.jsonl";
}

std::filesystem::path default_seal(const std::filesystem::path& manifest) {
    return std::filesystem::path(manifest) += ".sig";
}

Result<SealStatement> read_unchecked_seal(const std::filesystem::path& seal) {
    const std::string text = BARTIZAN_TRY(read_file(seal, kLargestSeal));
    const auto bundle = BARTIZAN_TRY_WITHIN(provenance::parse_bundle(text), "seal '" + seal.string() + "'");
    return parse_seal(bundle.payload).within("seal '" + seal.string() + "'");
}

Result<SealedManifest> open_sealed(const std::filesystem::path& manifest, const std::filesystem::path& seal_path,
                                   const provenance::Trust& trust) {
    if (!is_there(manifest))
        return Error(Errc::not_found, "there is no manifest '" + manifest.string() + "'",
                     "make one with `bartizan data seal`, or name it with --manifest");
    if (!is_there(seal_path))
        return not_sealed("the manifest is not signed: there is no seal '" + seal_path.string() + "'");
    const std::string text = BARTIZAN_TRY_WITHIN(read_file(seal_path, kLargestSeal), "seal");
    const std::string place = "seal '" + seal_path.string() + "'";
    const auto bundle = provenance::parse_bundle(text);
    if (!bundle.ok()) return broken(bundle.error(), place);
    SealedManifest out;
    out.signer = BARTIZAN_TRY(provenance::check_signature(*bundle, trust));
    auto statement = parse_seal(bundle->payload);
    if (!statement.ok()) return broken(statement.error(), place);
    out.statement = std::move(*statement);
    const std::uint64_t prefix = out.statement.previous ? out.statement.previous->items : 0;
    const auto found = survey(manifest, id_rule(out.statement.reading.unit), prefix);
    if (!found.ok()) return broken(found.error(), "manifest '" + manifest.string() + "'");
    BARTIZAN_TRY(check_manifest(out.statement, *found));
    out.in_order = found->facts.in_order;
    return out;
}

Result<Sealed> seal(const SealRequest& request, const crypto::PrivateKey& key, const RunContext& context) {
    BARTIZAN_TRY(check_origin(request.origin));
    Sealing sealing(request, context);
    std::optional<SealedManifest> before;
    if (!request.fresh && is_there(request.manifest)) {
        provenance::Trust trust{.key = key.public_key()};
        trust.kinds = provenance::KeyKinds::all;
        auto opened = open_sealed(request.manifest, request.seal, trust);
        if (!opened.ok())
            return Error(opened.error().code(), "the seal that is there does not hold: " + opened.error().line(),
                         "find out why, or begin anew with --fresh");
        before = std::move(*opened);
    }
    Sealed result = BARTIZAN_TRY(before ? sealing.again(*before) : sealing.first());
    provenance::SignOptions options;
    options.kinds = provenance::KeyKinds::all;
    const std::string bundle = BARTIZAN_TRY(provenance::sign_statement(write_seal(result.statement), key, options));
    BARTIZAN_TRY(write_file_atomically(request.seal, std::string_view(bundle)));
    return result;
}

}  // namespace bartizan::lineage
