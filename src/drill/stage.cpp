#include "drill/stage.h"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/base64.h"

namespace bartizan::drill {
namespace {

/// What a copy needs so that it is watched and let through as the model is.
constexpr std::string_view kCopied[] = {"reference", "members", "signature", "audit", "sidecar"};
std::string versions_of(const std::string& asset) {
    return asset.starts_with("data:") ? "/v1/datasets/" + encoded(asset.substr(5)) + "/versions"
                                      : "/v1/models/" + encoded(asset) + "/versions";
}

}  // namespace

Result<Source> read_source(const Site& site, const std::string& key, const std::string& model, std::int64_t version,
                           bool with_content) {
    const std::string address = "/v1/models/" + encoded(model);
    const Json asset = BARTIZAN_TRY(site.ask(key, "GET", address));
    Source out{.model = model, .version = version};
    if (version == 0) out.version = asset.value("aliases", Json::object()).value("production", std::int64_t{0});
    if (out.version == 0)
        return Error(Errc::not_found, "'" + model + "' has no version in production", "name one with --model-version");
    const std::string place = fmt::format("{}/versions/{}", address, out.version);
    const Json told = BARTIZAN_TRY(site.ask(key, "GET", place));
    out.digest = told.value("sha256", "");
    out.file = told.value("file", "model.onnx");
    if (const Json range = told.value("input_range", Json()); range.is_array() && range.size() == 2)
        out.input_range = range[0].dump() + "," + range[1].dump();
    std::vector<std::string> roles;
    for (const Json& one : told.value("attachments", Json::array())) roles.push_back(one.value("role", ""));
    for (const std::string_view role : kCopied) {
        if (std::ranges::find(roles, role) == roles.end()) continue;
        std::string& bytes = out.attachments[std::string(role)];
        if (with_content) bytes = BARTIZAN_TRY(site.bytes(key, fmt::format("{}/attachments/{}", place, role)));
    }
    if (with_content) out.content = BARTIZAN_TRY(site.bytes(key, place + "/content"));
    return out;
}

Result<Caller> Stage::add_caller(const std::string& suffix, const std::string& grant) {
    const std::string name = id_ + "-" + suffix;
    BARTIZAN_TRY(site_.ask(key_, "POST", "/v1/principals", {{"name", name}, {"kind", "service"}}));
    callers_.push_back(name);
    BARTIZAN_TRY(
        site_.ask(key_, "PUT", "/v1/principals/" + encoded(name) + "/grants/" + encoded(grant), Json::object()));
    grants_.emplace_back(name, grant);
    return Caller{name, BARTIZAN_TRY(add_key(name))};
}

Result<std::string> Stage::add_key(const std::string& caller) {
    // One day at most: a drill that is cut off leaves no key for long.
    const Json made =
        BARTIZAN_TRY(site_.ask(key_, "POST", "/v1/keys", {{"principal", caller}, {"label", id_}, {"days", 1}}));
    keys_.push_back(made.value("id", ""));
    return made.value("key", "");
}

Result<Json> Stage::push(const std::string& asset, const std::string& file, std::string bytes,
                         const std::string& lineage, const std::map<std::string, std::string>& attachments,
                         const std::string& input_range) {
    const std::string versions = versions_of(asset);
    std::string target = fmt::format("{}?file={}&note={}", versions, encoded(file), encoded("made by " + id_));
    if (!lineage.empty()) target += "&lineage=" + encoded(lineage);
    if (!input_range.empty()) target += "&input_range=" + encoded(input_range);
    http::Headers headers{{"Content-Type", "application/octet-stream"}};
    if (const auto sidecar = attachments.find("sidecar"); sidecar != attachments.end())
        headers.emplace_back("Bartizan-Sidecar", crypto::to_base64(sidecar->second));
    const bool data = asset.starts_with("data:");
    auto& known = data ? datasets_ : models_;
    const std::string name = data ? asset.substr(5) : asset;
    if (std::ranges::find(known, name) == known.end()) known.push_back(name);
    Json version = BARTIZAN_TRY(site_.send(key_, "POST", target, std::move(bytes), std::move(headers)));
    for (const auto& [role, content] : attachments)
        if (role != "sidecar")
            version = BARTIZAN_TRY(site_.send(
                key_, "PUT",
                fmt::format("{}/{}/attachments/{}", versions, version.value("version", Json()).dump(), role), content));
    return version;
}

Result<void> Stage::promote(const std::string& model, std::int64_t version, bool override_gates) {
    Json body = {{"version", version}, {"reason", id_ + ": a drill"}};
    if (override_gates) body["override"] = id_ + ": a drill, on a model made for it";
    BARTIZAN_TRY(site_.ask(key_, "PUT", "/v1/models/" + encoded(model) + "/aliases/production", body));
    return {};
}

Result<std::string> Stage::copy(const Source& source, const std::string& suffix, Watched watched) {
    const std::string name = id_ + "-" + suffix;
    auto attachments = source.attachments;
    if (watched == Watched::no) {
        attachments.erase("reference");
        attachments.erase("members");
    }
    const Json version = BARTIZAN_TRY(push(name, source.file, source.content, "", attachments, source.input_range));
    BARTIZAN_TRY(promote(name, version.value("version", std::int64_t{1}), true));
    return name;
}

Result<std::int64_t> Stage::open_incident(const Scenario& scenario, const std::string& version,
                                          const std::vector<std::string>& principals) {
    const Json opened = BARTIZAN_TRY(site_.ask(key_, "POST", "/v1/incidents",
                                               {{"title", fmt::format("{}: {}", id_, scenario.title)},
                                                {"threat", scenario.threat},
                                                {"severity", "high"},
                                                {"version", version},
                                                {"principals", principals}}));
    const auto number = opened.value("incident", std::int64_t{0});
    incidents_.insert(number);
    return number;
}

std::string Stage::adopt(const Json& incident) {
    for (const Json& one : incident.value("principals", Json::array()))
        if (!one.is_string() || !is_ours(one.get<std::string>()))
            return "the incident names others than the drill: nothing is done about it here";
    incidents_.insert(incident.value("incident", std::int64_t{0}));
    return {};
}

}  // namespace bartizan::drill
