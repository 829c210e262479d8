/// What a drill takes away again.
#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "drill/stage.h"

namespace bartizan::drill {
namespace {

using namespace std::chrono_literals;
constexpr auto kSignalsCome = 5s;  // those that wait for the service's thread
constexpr auto kLook = 100ms;

}  // namespace

Result<void> Stage::lift_restrictions() {
    const Json told = BARTIZAN_TRY(site_.ask(key_, "GET", "/v1/restrictions"));
    for (const Json& one : told.value("restrictions", Json::array())) {
        const bool ours =
            incidents_.contains(one.value("incident", std::int64_t{0})) ||
            (one.contains("principal") && one["principal"].is_string() && is_ours(one["principal"].get<std::string>()));
        if (!ours) continue;
        const auto lifted = site_.ask(key_, "DELETE", "/v1/restrictions/" + encoded(one.value("restriction", "")));
        if (!lifted.ok() && lifted.error().code() != Errc::not_found) return lifted.error();
    }
    return {};
}

void Stage::close_incident(std::int64_t number, const std::string& verdict) {
    const std::string address = fmt::format("/v1/incidents/{}", number);
    const auto report = site_.ask(key_, "GET", address);
    if (!report.ok()) return not_closed_.push_back(fmt::format("incident {}: {}", number, report.error().line()));
    for (const Json& run : report->value("runs", Json::array()))
        if (const std::string state = run.value("state", ""); state == "waiting" || state == "failed")
            (void)site_.ask(key_, "POST", "/v1/runs/" + encoded(run.value("run", "")) + "/abort",
                            {{"reason", id_ + ": the drill is over"}});
    for (const Json& hold : report->value("holds", Json::array()))
        if (hold.value("released", Json()).is_null())
            (void)site_.ask(key_, "POST", "/v1/holds/" + encoded(hold.value("hold", "")) + "/release",
                            {{"reason", id_ + ": the drill is over"}});
    (void)site_.ask(key_, "POST", address + "/review",
                    {{"cause", "a drill: " + id_}, {"lessons", "verdict of the scenario: " + verdict}});
    const auto closed =
        site_.ask(key_, "POST", address + "/state", {{"state", "closed"}, {"reason", id_ + ": it was a drill"}});
    if (!closed.ok()) not_closed_.push_back(fmt::format("incident {} is open: {}", number, closed.error().line()));
}

void Stage::close_incidents(const std::string& verdict) {
    for (const std::int64_t number : incidents_)
        if (closed_.insert(number).second) close_incident(number, verdict);
}

/// Whatever else the service opened about copies and accounts of the drill: drift, say, which names nobody.
void Stage::adopt_all() {
    const auto about = [&](const Json& one) {
        const std::string version = one.is_string() ? one.get<std::string>() : "";
        const auto colon = version.find(':');
        return colon != std::string::npos && is_ours(version.substr(colon + 1));
    };
    const auto until = std::chrono::steady_clock::now() + kSignalsCome;
    for (;;) {
        const auto told = site_.ask(key_, "GET", "/v1/incidents?limit=1000");
        if (!told.ok()) return;
        for (const Json& one : told->value("incidents", Json::array())) {
            const Json versions = one.value("versions", Json::array());
            if (!versions.empty() && std::ranges::all_of(versions, about)) (void)adopt(one);
        }
        const bool waiting = told->value("signals_waiting", 0) > 0;
        if (!waiting || std::chrono::steady_clock::now() > until) return;
        std::this_thread::sleep_for(kLook);
    }
}

std::vector<std::string> Stage::clean_up(const std::string& verdict) {
    std::vector<std::string> left;
    const auto note = [&](const std::string& what, const Result<Json>& answer) {
        if (!answer.ok() && answer.error().code() != Errc::not_found)
            left.push_back(what + ": " + answer.error().line());
    };
    for (const std::string& key : keys_)
        (void)site_.ask(key_, "DELETE", "/v1/keys/" + encoded(key));  // some have ended
    for (const auto& [name, grant] : grants_)
        note("grant of " + name,
             site_.ask(key_, "DELETE", "/v1/principals/" + encoded(name) + "/grants/" + encoded(grant)));
    for (const std::string& name : callers_)
        note("account " + name,
             site_.ask(key_, "POST", "/v1/principals/" + encoded(name) + "/disable", Json::object()));
    for (const auto& [kind, names] : {std::pair("models", &models_), std::pair("datasets", &datasets_)})
        for (const std::string& name : *names)
            note(name, site_.ask(key_, "POST", fmt::format("/v1/{}/{}/quarantine", kind, encoded(name)),
                                 {{"reason", id_ + ": was made for a drill"}}));
    adopt_all();
    if (const auto lifted = lift_restrictions(); !lifted.ok()) left.push_back("restrictions: " + lifted.error().line());
    close_incidents(verdict);
    left.insert(left.end(), not_closed_.begin(), not_closed_.end());
    const auto list = [&](const char* what, const std::vector<std::string>& names, const char* how) {
        std::string line;
        for (const std::string& name : names) line += (line.empty() ? "" : ", ") + name;
        if (!line.empty()) left.push_back(fmt::format("{} {}: {}", what, line, how));
    };
    list("accounts", callers_, "disabled, without rights and keys");
    list("models", models_, "in quarantine");
    list("data sets", datasets_, "in quarantine");
    return left;
}

}  // namespace bartizan::drill
