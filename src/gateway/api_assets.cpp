/// Models and data sets, read.
#include "gateway/api.h"

#include <charconv>

namespace bartizan::gateway {
namespace api_assets {
namespace {

using registry::AssetId;
using registry::VersionId;

AssetId asset_of(const Ask& ask) {
    return {ask.part(1) == "models" ? registry::Kind::model : registry::Kind::data, ask.part(2)};
}

Result<VersionId> version_of(const Ask& ask) {
    return VersionId{asset_of(ask), BARTIZAN_TRY(number_of(ask.part(4), "version"))};
}

registry::Reader reader_of(const Ask& ask, const AssetId& id) {
    const bool passes = ask.caller.may(access::Permission::pass_quarantine, id.text());
    return passes ? registry::Reader::security : registry::Reader::ordinary;
}

/// A content, decrypted; its reading stands in the ledger before it is handed out.
Answer handed_out(Api& api, const Ask& ask, const std::string& role) {
    const VersionId id = BARTIZAN_TRY(version_of(ask));
    const registry::Version version = BARTIZAN_TRY(api.state.registry->version(id));
    if (role.empty() && version.bytes > api.config()->upload_bytes)
        return exhausted(id.text() + " is larger than what can be handed out at once");
    std::string content;
    BARTIZAN_TRY(
        api.state.registry->read(id, role, reader_of(ask, id.asset), [&](std::string_view piece) -> Result<void> {
            content += piece;
            return {};
        }));
    BARTIZAN_TRY(api.state.journal->record({"content.read",
                                            ask.caller.name(),
                                            id.text(),
                                            {{"role", role.empty() ? "content" : role}, {"key", ask.caller.key}}}));
    http::Reply reply{.content_type = "application/octet-stream", .body = std::move(content)};
    reply.headers.emplace_back("Content-Disposition", "attachment");
    reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return reply;
}

}  // namespace
}  // namespace api_assets

http::Reply json_reply(const Json& json, int status) {
    return {.status = status, .body = json.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

Result<Json> body_of(const Ask& ask) {
    constexpr JsonLimits kLimits{.bytes = 64 * 1024, .depth = 16, .keys = 200};
    if (ask.body.empty()) return Json::object();
    auto json = parse_json(ask.body, kLimits).within("body");
    if (!json.ok()) return invalid_input(json.error().line());  // too much is wrong here, not a matter of waiting
    if (!json->is_object()) return invalid_input("the body is no JSON object");
    return json;
}

Result<std::string> text_in(const Json& body, const char* name, const std::string& preset) {
    const auto found = body.find(name);
    if (found == body.end() || found->is_null()) return preset;
    if (!found->is_string()) return invalid_input(std::string("'") + name + "' is no text");
    return found->get<std::string>();
}

Result<std::int64_t> integer_in(const Json& body, const char* name, std::int64_t preset) {
    const auto found = body.find(name);
    if (found == body.end() || found->is_null()) return preset;
    if (found->is_string()) return number_of(found->get<std::string>(), name);  // playbooks fill in texts
    if (!found->is_number_integer()) return invalid_input(std::string("'") + name + "' is no whole number");
    return found->get<std::int64_t>();
}

Result<std::int64_t> number_of(const std::string& text, const char* what) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size() && value >= 0) return value;
    return invalid_input(std::string("the ") + what + " is no number");
}

Answer list_assets(Api& api, const Ask& ask) {
    const auto kind = ask.part(1) == "models" ? registry::Kind::model : registry::Kind::data;
    Json list = Json::array();
    for (const registry::AssetState& asset : BARTIZAN_TRY(api.state.registry->assets(kind)))
        if (ask.caller.may(access::Permission::see, asset.id.text())) list.push_back(to_json(asset));
    return json_reply({{ask.part(1), list}});
}

Answer show_asset(Api& api, const Ask& ask) {
    const auto id = api_assets::asset_of(ask);
    Json json = to_json(BARTIZAN_TRY(api.state.registry->asset(id)));
    json["versions"] = Json::array();
    for (const registry::Version& version : BARTIZAN_TRY(api.state.registry->versions(id)))
        json["versions"].push_back(to_json(version));
    return json_reply(json);
}

Answer show_version(Api& api, const Ask& ask) {
    const auto version = BARTIZAN_TRY(api.state.registry->version(BARTIZAN_TRY(api_assets::version_of(ask))));
    Json json = to_json(version);
    json["missing_for_production"] = unmet(api.config()->gates, version);
    json["made_from_it"] = Json::array();
    for (const auto& id : BARTIZAN_TRY(api.state.registry->made_from(version.id)))
        if (ask.caller.may(access::Permission::see, id.asset.text())) json["made_from_it"].push_back(id.text());
    return json_reply(json);
}

Answer show_moves(Api& api, const Ask& ask) {
    Json list = Json::array();
    for (const registry::Move& move : BARTIZAN_TRY(api.state.registry->moves(api_assets::asset_of(ask))))
        list.push_back(to_json(move));
    return json_reply({{"moves", list}});
}

Answer show_difference(Api& api, const Ask& ask) {
    const auto id = api_assets::asset_of(ask);
    const auto version = [&](const char* name) -> Result<registry::Version> {
        return api.state.registry->version({id, BARTIZAN_TRY(number_of(ask.parameter(name), name))});
    };
    return json_reply(difference(BARTIZAN_TRY(version("from")), BARTIZAN_TRY(version("to"))));
}

Answer download(Api& api, const Ask& ask) { return api_assets::handed_out(api, ask, ""); }
Answer download_attachment(Api& api, const Ask& ask) { return api_assets::handed_out(api, ask, ask.part(6)); }

}  // namespace bartizan::gateway
