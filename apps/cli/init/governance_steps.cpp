/// Steps on what the service keeps for people: risks, money, people, vendors.
#include <ctime>

#include <fmt/format.h>

#include "apps/cli/init/steps.h"
#include "core/time_text.h"

namespace bartizan::program::init {
namespace {

constexpr int kLeast = 10, kMost = 15;  // percent of the budget for AI; a rule of thumb

Outcome no_service() { return {"not-possible", "it is kept by the service: --again guard, then this step again"}; }
bool guarded(const Workspace& workspace) {
    const Outcome* guard = workspace.outcome("guard");
    return guard != nullptr && guard->state == "done";
}

std::string plural(std::size_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

Result<Outcome> risk_step(Workspace& workspace) {
    if (!guarded(workspace)) return no_service();
    BARTIZAN_TRY(workspace.service());
    BARTIZAN_TRY(workspace.run({"risk", "derive", "model:" + workspace.answer("name")}));
    const Ran listed = BARTIZAN_TRY(workspace.run({"risk", "list"}));
    BARTIZAN_TRY(workspace.run({"risk", "list", "--as", "html", "--out", workspace.path("risks.html").string()}));
    std::size_t all = 0, grave = 0;
    for (const Json& one : listed.document.value("risks", Json::array())) {
        const std::string band = one.value("residual", Json::object()).value("band", std::string());
        ++all;
        grave += band == "high" || band == "critical";
    }
    if (all == 0) return Error(Errc::internal, "no risk was derived");
    return Outcome{
        grave > 0 ? "findings" : "done",
        fmt::format("{}, {} of them high or critical with what is shown today; owners and reasons are for people "
                    "to write",
                    plural(all, "risk", "risks"), grave),
        {"risks.html"}};
}

Result<Outcome> budget_step(Workspace& workspace) {
    if (!guarded(workspace)) return no_service();
    const std::int64_t whole = std::stoll(workspace.answer("budget"));
    const std::int64_t security = std::stoll(workspace.answer("security"));
    if (whole == 0) return Outcome{"not-possible", "no amount was given: --answer budget=..., then --again budget"};
    if (security > whole)
        return invalid_input("the part for security is larger than the whole", "--answer security=...");
    BARTIZAN_TRY(workspace.service());
    const std::string year = utc_text(std::time(nullptr)).substr(0, 4);
    const auto line = [&](const char* name, std::int64_t amount, const char* share, const char* category) {
        return workspace.run({"budget", "line", workspace.answer("name"), year, name, "--currency",
                              workspace.answer("currency"), "--planned", std::to_string(amount), "--security", share,
                              "--category", category});
    };
    BARTIZAN_TRY(line("ai", whole - security, "0", "other"));
    BARTIZAN_TRY(line("security", security, "100", "tools"));
    const double percent = 100 * static_cast<double>(security) / static_cast<double>(whole);
    const char* const place = percent < kLeast ? "below" : percent > kMost ? "above" : "within";
    return Outcome{
        percent < kLeast ? "findings" : "done",
        fmt::format("{:.1f} % of what is planned for AI in {} goes into its security, {} the {} to {} % of the "
                    "rule of thumb",
                    percent, year, place, kLeast, kMost)};
}

Result<Outcome> people_step(Workspace& workspace) {
    if (!guarded(workspace)) return no_service();
    BARTIZAN_TRY(workspace.service());
    const std::string person = short_name(workspace.answer("owner"));
    for (const char* activity : {"risk", "release", "incident", "oversight"})
        BARTIZAN_TRY(workspace.run({"people", "assign", person, activity, "A"}));
    const Ran listed = BARTIZAN_TRY(workspace.run({"people", "list"}));
    std::size_t due = 0;
    for (const Json& one : listed.document.value("training", Json::array()))
        due += one.value("state", std::string()) != "holds";
    return Outcome{
        "done",
        fmt::format("{} answers for risks, releases, incidents and oversight; {}: 'bartizan people list'", person,
                    due == 0 ? "no training is due" : plural(due, "training is due", "trainings are due"))};
}

Result<Outcome> vendor_step(Workspace& workspace) {
    if (workspace.answer("maker") == "us") return Outcome{"skipped", "nobody supplied it"};
    if (!guarded(workspace)) return no_service();
    BARTIZAN_TRY(workspace.service());
    const std::string vendor = short_name(workspace.answer("maker"));
    BARTIZAN_TRY(workspace.run({"vendor", "add", vendor, "--owner", workspace.answer("owner"), "--service",
                                workspace.answer("decides"), "--criticality",
                                std::to_string(criticality_of(workspace.answers()))}));
    return Outcome{"done", fmt::format("{} is on the list; until its questions are answered each counts as the worst: "
                                       "'bartizan vendor show {}'",
                                       vendor, vendor)};
}

Result<Outcome> pack_step(Workspace& workspace) {
    if (!guarded(workspace)) return no_service();
    BARTIZAN_TRY(workspace.service());
    const std::string asset = "model:" + workspace.answer("name");
    const std::string pack = workspace.path("evidence.zip").string();
    BARTIZAN_TRY(workspace.run({"card", "make", asset, "--out", workspace.path("card.md").string()}));
    BARTIZAN_TRY(workspace.run({"export", "pack", asset, "--out", pack}));
    const Ran verified = BARTIZAN_TRY(workspace.run({"ledger", "verify", "--pack", pack}));
    if (verified.status != 0) return Error(Errc::internal, "the pack that was just made does not verify");
    BARTIZAN_TRY(workspace.run({"schedule", "calendar", "--out", workspace.path("calendar.ics").string()}));
    return Outcome{"done",
                   "a model card to complete, a pack that 'bartizan ledger verify --pack' checks, and a calendar",
                   {"card.md", "evidence.zip", "calendar.ics"}};
}

}  // namespace bartizan::program::init
