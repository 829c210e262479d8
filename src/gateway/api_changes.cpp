/// Models and data sets, changed.
#include <algorithm>
#include <system_error>

#include "core/file.h"
#include "crypto/base64.h"
#include "gateway/api_governance.h"
#include "gateway/in_the_clear.h"

namespace bartizan::gateway {
namespace api_changes {
namespace {

using registry::AssetId;
using registry::Check;
using registry::VersionId;

constexpr std::size_t kLongestSidecar = 8 * 1024;
constexpr std::chrono::milliseconds kLoadPatience{60'000};

AssetId asset_of(const Ask& ask) {
    return {ask.part(1) == "models" ? registry::Kind::model : registry::Kind::data, ask.part(2)};
}

/// "LO,HI"
Result<std::optional<registry::InputRange>> range_of(const std::string& text) {
    if (text.empty()) return std::optional<registry::InputRange>();
    const Json pair = BARTIZAN_TRY_WITHIN(parse_json("[" + text + "]", {.bytes = 100, .depth = 2}), "input_range");
    if (pair.size() != 2 || !pair[0].is_number() || !pair[1].is_number())
        return invalid_input("input_range is LO,HI, as 0,1");
    return std::optional(registry::InputRange{pair[0].get<double>(), pair[1].get<double>()});
}

/// "trained_on:data:clothes@2", several with commas between.
Result<std::vector<registry::Link>> links_of(std::string_view text) {
    std::vector<registry::Link> out;
    while (!text.empty()) {
        const std::string one(text.substr(0, text.find(',')));
        text.remove_prefix(std::min(text.size(), one.size() + 1));
        const auto first = one.find(':');
        const auto second = one.find(':', first == std::string::npos ? first : first + 1);
        const auto at = one.find('@', second == std::string::npos ? second : second + 1);
        if (at == std::string::npos || out.size() >= 64)
            return invalid_input("lineage is RELATION:KIND:NAME@VERSION", "as trained_on:data:clothes@2");
        out.push_back({one.substr(0, first),
                       {{BARTIZAN_TRY(registry::kind_from(one.substr(first + 1, second - first - 1))),
                         one.substr(second + 1, at - second - 1)},
                        BARTIZAN_TRY(number_of(one.substr(at + 1), "version of a lineage"))}});
    }
    return out;
}

Result<void> note(Api& api, const Ask& ask, const registry::Version& version, Check check) {
    check.created_by = ask.caller.name();
    check.detail = check.detail.substr(0, 1000);
    BARTIZAN_TRY(api.state.registry->add_check(version.id, check));
    return record_examination(api, ask.caller.name(), version, check);
}

Result<void> check_signature(Api& api, const Ask& ask, const registry::Version& version) {
    const auto look = BARTIZAN_TRY(InTheClear::make(api.state, version));
    const auto signature = look->beside(".signature");
    BARTIZAN_TRY(write_file_atomically(
        signature, BARTIZAN_TRY(api.state.registry->content(version.id, "signature", registry::Reader::security))));
    return note(api, ask, version,
                BARTIZAN_TRY(api.examiner.verify(look->file, signature, api.config()->trusted_signers)));
}

/// An audit report counts for the version whose digest it names, and for no other.
Result<void> check_audit(Api& api, const Ask& ask, const registry::Version& version) {
    const auto report = parse_json(ask.body, {.bytes = registry::kLargestAttachment});
    Check check{"audit", "unusable"};
    const auto member = [&](const char* outer, const char* inner) {
        const bool there =
            report.ok() && report->is_object() && report->contains(outer) && (*report)[outer].is_object();
        return there ? (*report)[outer].value(inner, Json()) : Json();
    };
    const Json digest = member("asset", "sha256");
    const Json score = member("summary", "score");
    if (!score.is_number())
        check.detail = "it is no report of 'bartizan audit'";
    else if (digest != Json(version.digest))
        check.detail = "it is the report of another model";
    else
        check = {"audit", "done", score.get<double>()};
    BARTIZAN_TRY(note(api, ask, version, check));
    return record_document(api, ask.caller.name(), version, ask.body);
}

Answer shown(Api& api, const VersionId& id, int status = 200) {
    const auto version = BARTIZAN_TRY(api.state.registry->version(id));
    Json json = to_json(version);
    json["missing_for_production"] = unmet(api.config()->gates, version);
    return json_reply(json, status);
}

/// With "derived": every version that was made from it, and from those. The caller must be allowed to stop them all.
Result<std::vector<VersionId>> derived_from(Api& api, const Ask& ask, const AssetId& id, std::int64_t number,
                                            const Json& body) {
    std::vector<VersionId> all, todo;
    if (body.value("derived", Json(false)) != Json(true)) return all;
    for (const registry::Version& version : BARTIZAN_TRY(api.state.registry->versions(id)))
        if (number == 0 || version.id.number == number) todo.push_back(version.id);
    while (!todo.empty()) {
        const VersionId next = todo.back();
        todo.pop_back();
        for (const VersionId& made : BARTIZAN_TRY(api.state.registry->made_from(next))) {
            if (std::ranges::find(all, made) != all.end()) continue;
            if (!ask.caller.may(access::Permission::quarantine, made.asset.text()))
                return Error(Errc::denied, "you may not quarantine " + made.text() + ", which was made from it");
            all.push_back(made);
            todo.push_back(made);
        }
    }
    return all;
}

/// Traffic never moves to a version before it runs.
Result<void> make_ready(Api& api, const VersionId& id) {
    BARTIZAN_TRY(api.refresh());
    const auto routing = BARTIZAN_TRY(Routing::load(*api.state.registry, 0));
    const ServedVersion* version = routing->version(id);
    if (version == nullptr || version->quarantined) return {};  // the registry says why not
    const auto worker = api.workers.worker(*version);
    if (!worker) return Error(Errc::unavailable, "there are as many workers as there may be");
    const auto ready = worker->wait_ready(kLoadPatience);
    if (!ready.ok()) return Error(Errc::conflict, ready.error().message(), "the version stays where it is");
    return {};
}

}  // namespace
}  // namespace api_changes

Answer push_version(Api& api, const Ask& ask) {
    const auto id = api_changes::asset_of(ask);
    registry::NewVersion fresh{.file_name = ask.parameter("file"), .note = ask.parameter("note")};
    if (fresh.file_name.empty()) fresh.file_name = id.kind == registry::Kind::model ? "model.onnx" : "data";
    fresh.input_range = BARTIZAN_TRY(api_changes::range_of(ask.parameter("input_range")));
    fresh.links = BARTIZAN_TRY(api_changes::links_of(ask.parameter("lineage")));
    if (!ask.sidecar.empty()) fresh.sidecar = BARTIZAN_TRY_WITHIN(crypto::from_base64(ask.sidecar), "Bartizan-Sidecar");
    if (fresh.sidecar.size() > api_changes::kLongestSidecar) return invalid_input("a sidecar has at most 8 KiB");
    std::string_view rest = ask.body;
    const auto version =
        BARTIZAN_TRY(api.state.registry->push(ask.caller.name(), id, fresh, [&]() -> Result<std::string> {
            const std::string piece(rest.substr(0, 1 << 20));
            rest.remove_prefix(piece.size());
            return piece;
        }));
    if (id.kind == registry::Kind::model) {
        const auto look = BARTIZAN_TRY(InTheClear::make(api.state, version));
        BARTIZAN_TRY(api_changes::note(api, ask, version, BARTIZAN_TRY(api.examiner.scan(look->file))));
    }
    BARTIZAN_TRY(api.refresh());
    return api_changes::shown(api, version.id, 201);
}

Answer put_attachment(Api& api, const Ask& ask) {
    const registry::VersionId id{api_changes::asset_of(ask), BARTIZAN_TRY(number_of(ask.part(4), "version"))};
    const std::string& role = ask.part(6);
    if (role == "statistics") return invalid_input("statistics are made by the service itself, of the reference");
    BARTIZAN_TRY(api.state.registry->attach(ask.caller.name(), id, role, ask.body));
    const auto version = BARTIZAN_TRY(api.state.registry->version(id));
    if (role == "signature") BARTIZAN_TRY(api_changes::check_signature(api, ask, version));
    if (role == "audit") BARTIZAN_TRY(api_changes::check_audit(api, ask, version));
    if (role == "bom" || role == "evidence") BARTIZAN_TRY(record_document(api, ask.caller.name(), version, ask.body));
    BARTIZAN_TRY(api.refresh());
    return api_changes::shown(api, id);
}

Answer put_alias(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const registry::VersionId id{api_changes::asset_of(ask), BARTIZAN_TRY(integer_in(body, "version", 0))};
    const std::string reason = BARTIZAN_TRY(text_in(body, "reason", ""));
    const std::string why = BARTIZAN_TRY(text_in(body, "override", ""));
    if (!why.empty() && !ask.caller.may(access::Permission::override_gates, id.asset.text()))
        return Error(Errc::denied, "you may promote what the gates let pass, and override none",
                     "somebody with the role security or admin may");
    const auto version = BARTIZAN_TRY(api.state.registry->version(id));
    const bool serves = ask.part(4) == registry::kProduction && id.asset.kind == registry::Kind::model;
    const bool passes = !why.empty() || unmet(api.config()->gates, version).empty();
    if (serves && passes) BARTIZAN_TRY(api_changes::make_ready(api, id));
    BARTIZAN_TRY(api.state.registry->promote(ask.caller.name(), id, ask.part(4), api.config()->gates, reason, why));
    if (ask.part(4) == registry::kProduction)
        BARTIZAN_TRY(record_gate(api, ask.caller.name(), version, unmet(api.config()->gates, version).empty()));
    BARTIZAN_TRY(api.refresh());
    return api_changes::shown(api, id);
}

Answer roll_back(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto id = api_changes::asset_of(ask);
    const std::string alias = BARTIZAN_TRY(text_in(body, "alias", std::string(registry::kProduction)));
    // "from": only if it points there, so that a playbook's step that is done again goes back once.
    if (const std::int64_t from = BARTIZAN_TRY(integer_in(body, "from", 0)); from != 0)
        if (const auto now = BARTIZAN_TRY(api.state.registry->asset(id)).alias(alias); now != from && now != 0)
            return api_changes::shown(api, {id, now});
    const std::int64_t to = BARTIZAN_TRY(
        api.state.registry->rollback(ask.caller.name(), id, alias, BARTIZAN_TRY(text_in(body, "reason", ""))));
    BARTIZAN_TRY(api.refresh());
    return api_changes::shown(api, {id, to});
}

Answer quarantine(Api& api, const Ask& ask) {
    using registry::VersionId;
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto id = api_changes::asset_of(ask);
    const std::int64_t number = BARTIZAN_TRY(integer_in(body, "version", 0));
    const std::string reason = BARTIZAN_TRY(text_in(body, "reason", ""));
    const auto derived = BARTIZAN_TRY(api_changes::derived_from(api, ask, id, number, body));
    BARTIZAN_TRY(api.state.registry->quarantine(ask.caller.name(), id, number, reason));
    Json names = Json::array();
    for (const VersionId& one : derived) {
        BARTIZAN_TRY(api.state.registry->quarantine(ask.caller.name(), one.asset, one.number, reason));
        names.push_back(one.text());
    }
    BARTIZAN_TRY(api.refresh());
    Json answer = to_json(BARTIZAN_TRY(api.state.registry->asset(id)));
    answer["derived"] = names;
    return json_reply(answer);
}

Answer release(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto id = api_changes::asset_of(ask);
    const std::int64_t number = BARTIZAN_TRY(integer_in(body, "version", 0));
    BARTIZAN_TRY(api.state.registry->release(ask.caller.name(), id, number, BARTIZAN_TRY(text_in(body, "reason", ""))));
    BARTIZAN_TRY(api.refresh());
    return json_reply(to_json(BARTIZAN_TRY(api.state.registry->asset(id))));
}

Answer collect(Api& api, const Ask& ask) {
    Json removed = Json::array();
    for (const auto& id : BARTIZAN_TRY(api.state.registry->collect(ask.caller.name(), api.config()->retention)))
        removed.push_back(id.text());
    BARTIZAN_TRY(api.refresh());
    return json_reply({{"removed", removed}});
}

}  // namespace bartizan::gateway
