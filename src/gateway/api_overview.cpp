/// How every model is, on one page: what its version in production was found to be, what it is asked, what was seen.
#include <map>
#include <string>

#include "gateway/api.h"
#include "gateway/traffic.h"
#include "governance/governance.h"
#include "incident/response.h"

namespace bartizan::gateway {
namespace api_overview {
namespace {

constexpr std::size_t kMostModels = 500;
constexpr std::size_t kMostAlerts = 1000;
constexpr std::int64_t kDay = 86'400;

/// The verdict of each check, and the score of the audit, of a version; null: there is none.
Json examined(Api& api, const registry::AssetId& id, std::int64_t number) {
    if (number == 0) return nullptr;
    const auto version = api.state.registry->version({id, number});
    if (!version.ok()) return nullptr;
    Json out = {{"version", number}, {"created", version->created}, {"score", nullptr}, {"checks", Json::object()}};
    out["quarantine"] = version->quarantine ? Json(*version->quarantine) : Json();
    for (const registry::Check& check : version->checks) {
        out["checks"][check.name] = check.verdict;
        if (check.score) out["score"] = *check.score;
    }
    out["missing_for_production"] = unmet(api.config()->gates, *version);
    return out;
}

/// Alerts of the last day by severity, for each model.
std::map<std::string, std::map<std::string, std::int64_t>> alerts_of_the_day(const Api& api, std::int64_t now) {
    std::map<std::string, std::map<std::string, std::int64_t>> out;
    for (const Json& alert : api.alerts.list(0, kMostAlerts)) {
        if (alert.value("last", std::int64_t{0}) < now - kDay) continue;
        const std::string version = alert.value("version", "");
        ++out[version.substr(0, version.rfind('@'))][alert.value("severity", "")];
    }
    return out;
}

Json with_version(const Json& list, const std::string& version) {
    for (const Json& one : list)
        if (one.value("version", "") == version) return one;
    return nullptr;
}

Json workers_of(const Api& api) {
    constexpr const char* kStates[] = {"starting", "ready", "waiting", "stopped"};
    Json out = Json::array();
    for (const Workers::Seen& one : api.workers.seen())
        out.push_back({{"version", one.name},
                       {"state", kStates[static_cast<std::size_t>(one.state)]},
                       {"trouble", one.trouble.empty() ? Json() : Json(one.trouble)}});
    return out;
}

}  // namespace
}  // namespace api_overview

Answer show_overview(Api& api, const Ask& ask) {
    using namespace api_overview;
    const bool sees_alerts = ask.caller.may(access::Permission::read_ledger, "*");
    const std::int64_t now = api.state.governance->now();
    const Json detectors = api.watch.seen(), workers = workers_of(api);
    const auto alerts = sees_alerts ? alerts_of_the_day(api, now) : decltype(alerts_of_the_day(api, now)){};
    Json models = Json::array();
    for (const registry::AssetState& asset : BARTIZAN_TRY(api.state.registry->assets(registry::Kind::model))) {
        const std::string name = asset.id.text();
        if (!ask.caller.may(access::Permission::see, name)) continue;
        if (models.size() >= kMostModels) break;
        Json one = to_json(asset);
        const std::int64_t shown = asset.alias(registry::kProduction);
        one["production"] = examined(api, asset.id, shown);
        one["candidate"] = shown == 0 ? examined(api, asset.id, asset.newest) : Json();
        one["traffic"] = to_json(api.traffic.of(asset.id.name));
        const std::string version = name + "@" + std::to_string(shown != 0 ? shown : asset.newest);
        one["watched"] = with_version(detectors, version);
        one["worker"] = with_version(workers, version);
        const auto found = alerts.find(name);
        one["alerts"] = !sees_alerts ? Json() : found == alerts.end() ? Json::object() : Json(found->second);
        models.push_back(std::move(one));
    }
    Json out = {{"at", now},
                {"models", models},
                {"ledger_entries", api.state.ledger->size()},
                {"database", api.metrics.database_well.load() ? "reached" : "lost"},
                {"ledger", api.metrics.ledger_well.load() ? "written" : "lost"},
                {"incidents", nullptr}};
    if (sees_alerts) {
        Json states = Json::object();
        for (const auto& one : BARTIZAN_TRY(api.response->cases().list("", kMostAlerts))) {
            Json& count = states[std::string(to_string(one.state))];
            count = count.is_null() ? 1 : count.get<int>() + 1;
        }
        out["incidents"] = states;
    }
    return json_reply(out);
}

}  // namespace bartizan::gateway
