/// What detectors raised, and what they look at.
#include "gateway/api.h"

namespace bartizan::gateway {
namespace api_alerts {
namespace {

constexpr std::int64_t kMostAlerts = 1000;

}  // namespace
}  // namespace api_alerts

Answer list_alerts(Api& api, const Ask& ask) {
    const std::string after_text = ask.parameter("after"), most_text = ask.parameter("limit");
    const std::int64_t after = after_text.empty() ? 0 : BARTIZAN_TRY(number_of(after_text, "alert"));
    const std::int64_t most = std::clamp<std::int64_t>(
        most_text.empty() ? 100 : BARTIZAN_TRY(number_of(most_text, "limit")), 1, api_alerts::kMostAlerts);
    return json_reply({{"alerts", api.alerts.list(static_cast<std::uint64_t>(std::max<std::int64_t>(after, 0)),
                                                  static_cast<std::size_t>(most))}});
}

Answer list_detectors(Api& api, const Ask& ask) {
    Json shown = Json::array();
    for (Json& one : Json(api.watch.seen())) {
        const std::string version = one.value("version", "");
        if (ask.caller.may(access::Permission::see, version.substr(0, version.rfind('@'))))
            shown.push_back(std::move(one));
    }
    return json_reply({{"versions", shown}});
}

}  // namespace bartizan::gateway
