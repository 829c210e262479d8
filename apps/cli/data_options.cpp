#include "apps/cli/data_options.h"

#include <cerrno>

#include "cli/output.h"
#include "core/file.h"

namespace bartizan::program {
namespace {

constexpr std::uint64_t kLongestKeyFile = 64 * 1024;

}  // namespace

SealPlace seal_place(const cli::Invocation& invocation, const std::string& data_set) {
    SealPlace place;
    place.manifest = invocation.has("manifest") ? std::filesystem::path(invocation.text("manifest"))
                                                : lineage::default_manifest(data_set);
    place.seal =
        invocation.has("seal") ? std::filesystem::path(invocation.text("seal")) : lineage::default_seal(place.manifest);
    return place;
}

Result<provenance::Trust> sealer_of(const cli::Invocation& invocation) {
    const std::string path = invocation.text("key");
    const std::string pem = BARTIZAN_TRY_WITHIN(read_file(path, kLongestKeyFile), "--key");
    provenance::Trust trust;
    trust.key = BARTIZAN_TRY_WITHIN(crypto::PublicKey::from_pem(pem), "--key '" + path + "'");
    trust.kinds = provenance::KeyKinds::all;
    return trust;
}

Result<ChangesFile> ChangesFile::open(const cli::Invocation& invocation) {
    ChangesFile out;
    if (!invocation.has("changes")) return out;
    out.path_ = invocation.text("changes");
    BARTIZAN_TRY_WITHIN(cli::check_writable_file(out.path_), "--changes");
    const std::string part = out.path_.string() + ".part";
    out.file_.reset(std::fopen(part.c_str(), "wbe"));
    if (!out.file_) return system_failure(errno, "cannot write", part);
    return out;
}

Result<void> ChangesFile::add(const Json& line) {
    if (!file_) return {};
    const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size())
        return system_failure(errno, "cannot write", path_);
    return {};
}

Result<void> ChangesFile::close() {
    if (!file_) return {};
    const std::string part = path_.string() + ".part";
    if (std::fclose(file_.release()) != 0) return system_failure(errno, "cannot write", part);
    std::error_code error;
    std::filesystem::rename(part, path_, error);
    if (error) return system_failure(error.value(), "cannot write", path_);
    return {};
}

void Differences::add(const lineage::Difference& difference) {
    if (listed.size() < kMostListed)
        listed.push_back(difference);
    else
        all = false;
}

Json json_of(const lineage::Difference& difference) {
    Json json = {{"change", lineage::to_string(difference.change)}, {"id", difference.id}};
    if (!difference.what.empty()) json["what"] = difference.what;
    if (!difference.expected.empty()) json["expected"] = difference.expected;
    if (!difference.found.empty()) json["found"] = difference.found;
    return json;
}

Json json_of(const lineage::SealStatement& statement) {
    Json json = {{"version", statement.version}, {"sealed_at", statement.sealed_at},
                 {"items", statement.items},     {"bytes", statement.bytes},
                 {"root", statement.root},       {"unit", lineage::to_string(statement.reading.unit)}};
    json["derived_from"] = Json::array();
    for (const lineage::Parent& parent : statement.derived_from)
        json["derived_from"].push_back(
            {{"name", parent.name}, {"root", parent.root.empty() ? Json() : Json(parent.root)}});
    if (const auto& previous = statement.previous)
        json["previous"] = {{"version", previous->version},
                            {"items", previous->items},
                            {"root", previous->root},
                            {"only_additions", previous->only_additions}};
    return json;
}

}  // namespace bartizan::program
