/// A stolen key, and the overseer who stops a model.
#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "drill/play.h"

namespace bartizan::drill {
namespace {

using namespace std::chrono_literals;
constexpr auto kPause = 10ms;
constexpr auto kLook = 20ms;
constexpr double kUntilRefused = 30;
constexpr double kSettled = 1;
constexpr std::size_t kBefore = 5;

bool is_answered(const Play& play, const Traffic& traffic) {
    const auto began = Steady::now();
    while (since(began) < kUntilRefused && !play.stopped()) {
        const auto seen = traffic.seen();
        const auto good = std::ranges::count_if(seen, [](const Traffic::One& one) { return one.status == 200; });
        if (static_cast<std::size_t>(good) >= kBefore) return true;
        std::this_thread::sleep_for(kLook);
    }
    return false;
}

/// From when on nothing was answered any more, for a whole second.
void time_refusal(const Play& play, Traffic& traffic, Steady::time_point reported, const char* what, Outcome& outcome) {
    const auto began = Steady::now();
    std::optional<Steady::time_point> refused;
    int status = 0;
    while (since(began) < kUntilRefused && !play.stopped()) {
        refused.reset();
        for (const Traffic::One& one : traffic.seen()) {
            if (one.status == 200) refused.reset();
            if (one.status < 400 || refused) continue;
            refused = one.answered;
            status = one.status;
        }
        if (refused && since(*refused) >= kSettled) break;
        refused.reset();
        std::this_thread::sleep_for(kLook);
    }
    traffic.stop();
    for (const Traffic::One& one : traffic.seen())
        if (one.sent > reported && one.status == 200) ++outcome.asked;
    if (refused)
        outcome.blocked = {true, std::max(between(reported, *refused), 0.0), fmt::format("{} ({})", what, status)};
    else
        outcome.blocked = {false, {}, "still answered"};
}

}  // namespace

Result<void> stolen_key(Play& play, Outcome& outcome) {
    if (!play.items) return Error(Errc::conflict, play.no_items);
    const Caller owner = BARTIZAN_TRY(play.stage.add_caller("owner", "consumer@model:" + play.target));
    const std::string other = BARTIZAN_TRY(play.stage.add_key(owner.name));
    const NdArray row = BARTIZAN_TRY(play.items->x.rows(0, 1));
    Traffic thief(play.site, owner.key, play.question, row, kPause);
    if (!is_answered(play, thief)) return Error(Errc::unavailable, "the key does not hold before it is reported");
    outcome.carried_out = true;
    outcome.seen.note = "no detector watches where a key is used from: its owner has to report it";
    const auto reported = Steady::now();
    const auto incident = BARTIZAN_TRY(play.stage.open_incident(*outcome.scenario, "", {owner.name}));
    answer(play, outcome, incident, "drill");
    time_refusal(play, thief, reported, "from the report until the key was refused", outcome);
    const auto said = infer(play.site, other, play.question, row);
    if (said.ok() && said->status == 200) {
        outcome.blocked.held = false;
        outcome.blocked.note += "; another key of the account still holds";
    }
    outcome.gained = {{"answers_after_the_report", outcome.asked}};
    return {};
}

Result<void> stop_model(Play& play, Outcome& outcome) {
    if (!play.items) return Error(Errc::conflict, play.no_items);
    const std::string name = BARTIZAN_TRY(play.stage.copy(play.source, "stop"));
    const Caller honest = BARTIZAN_TRY(play.stage.add_caller("stop-honest", "consumer@model:" + name));
    Traffic traffic(play.site, honest.key, {name, play.question.input}, BARTIZAN_TRY(play.items->x.rows(0, 1)), kPause);
    if (!is_answered(play, traffic)) return Error(Errc::unavailable, "the copy does not answer");
    outcome.carried_out = true;
    const auto ordered = Steady::now();
    BARTIZAN_TRY(play.site.ask(play.stage.key(), "POST", "/v1/models/" + encoded(name) + "/quarantine",
                               {{"reason", play.stage.id() + ": the overseer stops it"}}));
    time_refusal(play, traffic, ordered, "from the order until nobody was answered", outcome);
    return {};
}

}  // namespace bartizan::drill
