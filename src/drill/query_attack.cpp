/// Attacks that ask: evasion, theft, membership probing. The adversary's tool runs as a process of its own while the
/// drill looks at what the service notices, answers it, and asks with his key whether he still gets what he came for.
#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "core/file.h"
#include "drill/child.h"
#include "drill/play.h"

namespace bartizan::drill {
namespace {

using namespace std::chrono_literals;
constexpr auto kLook = 40ms;
constexpr auto kBetweenProbes = 100ms;
constexpr double kGrace = 3;         // seconds after his end in which the detectors may still come to it
constexpr double kUntilBlocked = 5;  // seconds after the answer
constexpr double kRulesFirst = 0.3;  // seconds in which the service's own rules may begin a run
constexpr std::int64_t kEvaded = 20;

bool is_listed(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const auto end = std::min(list.find('|'), list.size());
        if (list.substr(0, end) == word) return true;
        list.remove_prefix(std::min(list.size(), end + 1));
    }
    return false;
}

bool names(const Json& object, const char* member, const std::string& who) {
    const auto list = object.find(member);
    return list != object.end() && list->is_array() && std::ranges::find(*list, Json(who)) != list->end();
}

struct Attack {
    Play& play;
    Outcome& outcome;
    Caller adversary;
    Child child;
    const Traffic& others;  ///< whose rows the service counts, too
    std::int64_t asked_before = 0;
    std::uint64_t alerts_before = 0;
    std::optional<Steady::time_point> first_query = {}, seen = {};
    std::int64_t incident = 0;
    std::string not_ours = {};
};

/// Rows that the version was asked so far.
std::int64_t asked_so_far(const Play& play) {
    const auto told = play.site.ask(play.stage.key(), "GET", "/v1/detectors");
    if (!told.ok()) return 0;
    for (const Json& one : told->value("versions", Json::array()))
        if (one.value("version", "") == play.version) return one.value("queries", std::int64_t{0});
    return 0;
}

std::int64_t asked_by_him(const Attack& attack) {
    return asked_so_far(attack.play) - attack.asked_before - static_cast<std::int64_t>(attack.others.count());
}

Json alerts_after(const Play& play, std::uint64_t number) {
    const auto told = play.site.ask(play.stage.key(), "GET", fmt::format("/v1/alerts?after={}", number));
    return told.ok() ? told->value("alerts", Json::array()) : Json::array();
}

std::vector<std::string> words_for(const Play& play, const Scenario& scenario, const std::filesystem::path& data,
                                   const std::filesystem::path& members) {
    const std::string url = play.site.address() + "/v2/models/" + encoded(play.target);
    const std::string queries = std::to_string(play.queries(scenario));
    std::vector<std::string> words;
    if (scenario.name == "evasion")
        words = {"attack",    url,
                 "--data",    data,
                 "--attack",  "square",
                 "--sample",  std::to_string(kEvaded),
                 "--queries", std::to_string(std::max<std::int64_t>(play.queries(scenario) / kEvaded, 1)),
                 "--eps",     "0.1"};
    else if (scenario.name == "extraction")
        words = {"extract", url, "--data", data, "--attack", "jbda", "--queries", queries};
    else
        words = {"privacy",      url,
                 "--members",    members,
                 "--nonmembers", data,
                 "--references", "0",
                 "--limit",      std::to_string(std::max<std::int64_t>(play.queries(scenario) / 2, 1))};
    const std::vector<std::string> common{
        "--format", "json", "--quiet", "--fail-on", "never", "--seed", std::to_string(play.options.seed)};
    words.insert(words.end(), common.begin(), common.end());
    return words;
}

/// His records of the training set, labelled as the model labels them.
Result<std::filesystem::path> members_of(Play& play) {
    const auto found = play.source.attachments.find("members");
    if (found == play.source.attachments.end() || found->second.empty())
        return Error(Errc::conflict, play.source.text() + " has no list of what it was trained on",
                     "registry push --members FILE");
    const Items items = BARTIZAN_TRY(items_of(play.site, play.stage.key(), play.oracle, found->second, 200));
    const auto file = play.options.folder / "members.npz";
    BARTIZAN_TRY(write_items(file, items));
    return file;
}

/// How many of his queries the detector had looked at.
std::optional<std::int64_t> count_in(const Json& evidence) {
    for (const char* member : {"queries", "of"})
        if (evidence.contains(member) && evidence[member].is_number_integer())
            return evidence[member].get<std::int64_t>();
    return {};
}

void look_at_alerts(Attack& attack) {
    const bool before = attack.seen.has_value();
    for (const Json& alert : alerts_after(attack.play, attack.alerts_before)) {
        const std::string detector = alert.value("detector", "");
        if (!names(alert, "principals", attack.adversary.name)) continue;
        auto& known = attack.outcome.detectors;
        if (std::ranges::find(known, detector) == known.end()) known.push_back(detector);
        if (before || !is_listed(attack.outcome.scenario->seen_by, detector)) continue;
        if (!attack.seen) attack.seen = Steady::now();
        const auto count = count_in(alert.value("evidence", Json::object()));
        if (!count || (attack.outcome.queries && *attack.outcome.queries <= *count)) continue;
        attack.outcome.queries = count;
        // One alert again replaces the evidence of the first.
        attack.outcome.seen.note =
            alert.value("times", 1) > 1 ? "at most so many queries: he was named again since" : "";
    }
}

void look_for_incident(Attack& attack) {
    if (attack.incident != 0 || !attack.not_ours.empty()) return;
    const auto told = attack.play.site.ask(attack.play.stage.key(), "GET", "/v1/incidents");
    if (!told.ok()) return;
    for (const Json& one : told->value("incidents", Json::array())) {
        if (!names(one, "principals", attack.adversary.name)) continue;
        attack.not_ours = attack.play.stage.adopt(one);
        if (attack.not_ours.empty()) attack.incident = one.value("incident", std::int64_t{0});
        return;
    }
}

/// Watches until he is seen and an incident is open, he has ended, or his time is over.
void watch(Attack& attack) {
    const auto began = Steady::now();
    std::optional<Steady::time_point> ended;
    const double most = attack.play.seconds(*attack.outcome.scenario);
    while (!attack.play.stopped()) {
        if (!attack.first_query && asked_by_him(attack) > 1) attack.first_query = Steady::now();
        look_at_alerts(attack);
        if (attack.seen) look_for_incident(attack);
        if (attack.seen && (attack.incident != 0 || !attack.not_ours.empty() || since(*attack.seen) > kGrace)) return;
        if (!ended && !attack.child.running()) ended = Steady::now();
        if (!ended && since(began) > most) {
            attack.child.stop();
            ended = Steady::now();
        }
        if (ended && since(*ended) > kGrace) return;
        std::this_thread::sleep_for(kLook);
    }
}

/// A run that the service's own rules began.
bool take_unattended(Attack& attack) {
    const auto began = Steady::now();
    do {
        const auto report =
            attack.play.site.ask(attack.play.stage.key(), "GET", fmt::format("/v1/incidents/{}", attack.incident));
        if (report.ok())
            for (const Json& run : report->value("runs", Json::array())) {
                auto& exercise = attack.outcome.exercise;
                exercise = {.incident = attack.incident,
                            .run = run.value("run", ""),
                            .mode = run.value("mode", ""),
                            .state = run.value("state", ""),
                            .playbook = run.value("playbook", "")};
                attack.outcome.answered.held = exercise.state != "failed";
                attack.outcome.answered.note = "begun by the service itself";
                return true;
            }
        std::this_thread::sleep_for(kLook);
    } while (since(began) < kRulesFirst);
    return false;
}

/// Asks with his key until he is refused or sees labels alone.
void probe(Attack& attack, const NdArray& row, bool labels_before) {
    Part& blocked = attack.outcome.blocked;
    const auto began = Steady::now();
    while (!attack.play.stopped()) {
        const auto said = infer(attack.play.site, attack.adversary.key, attack.play.question, row);
        if (said.ok() && (said->status == 429 || said->status == 403 || said->status == 401)) {
            blocked = {true, since(*attack.seen), fmt::format("answered {}", said->status)};
            return;
        }
        if (said.ok() && !labels_before && said->labels_alone())
            blocked = {true, since(*attack.seen), "labels alone"};  // and perhaps a refusal soon: a limit has a burst
        if (since(began) > (blocked.held ? 1.5 : kUntilBlocked)) break;
        std::this_thread::sleep_for(kBetweenProbes);
    }
    if (!blocked.held) blocked = {false, {}, "he is still answered as before"};
}

/// What the tool says he got, without its long lists.
void take_gain(Attack& attack) {
    attack.outcome.asked = std::max<std::int64_t>(asked_by_him(attack), 0);
    const auto json = parse_json(attack.child.output());
    if (!json.ok() || !json->is_object()) {
        attack.outcome.gained = {
            {"ended", attack.child.complaint().empty() ? "it was stopped" : attack.child.complaint()}};
        return;
    }
    attack.outcome.gained = Json::object();
    for (const char* member : {"success_rate", "robust_accuracy", "agreement", "queries", "queries_mean", "auc",
                               "balanced_accuracy", "samples", "severity", "complete"})
        if (json->contains(member) && (*json)[member].is_primitive()) attack.outcome.gained[member] = (*json)[member];
}

/// Honest callers get whole answers again once the drill lifts what its incident put on the model.
void recover(Attack& attack, const Caller& honest, const NdArray& row, bool labels_before) {
    const auto began = Steady::now();
    if (const auto lifted = attack.play.stage.lift_restrictions(); !lifted.ok()) {
        attack.outcome.recovered = {false, {}, lifted.error().line()};
        return;
    }
    while (since(began) < kUntilBlocked) {
        const auto said = infer(attack.play.site, honest.key, attack.play.question, row);
        if (said.ok() && said->status == 200 && (labels_before || !said->labels_alone())) {
            attack.outcome.recovered = {true, since(began), "whole answers again after the restrictions were lifted"};
            return;
        }
        std::this_thread::sleep_for(kLook);
    }
    attack.outcome.recovered = {false, {}, "an honest caller does not get whole answers again"};
}

void respond(Attack& attack, const NdArray& row, bool labels_before) {
    Play& play = attack.play;
    if (attack.incident == 0) {
        attack.outcome.answered = {false, {}, attack.not_ours.empty() ? "no incident was opened" : attack.not_ours};
        if (!attack.not_ours.empty()) attack.outcome.answered.held.reset();
        return;
    }
    attack.outcome.exercise.incident = attack.incident;
    if (!take_unattended(attack))
        answer(play, attack.outcome, attack.incident, play.options.in_place ? "dry" : "drill");
    if (attack.outcome.exercise.mode == "dry") {
        attack.outcome.blocked.note = "not tried: for the model itself the playbook runs dry";
        return;
    }
    probe(attack, row, labels_before);
}

}  // namespace

Result<void> query_attack(Play& play, Outcome& outcome) {
    const Scenario& scenario = *outcome.scenario;
    if (!play.items) return Error(Errc::conflict, play.no_items);
    const auto folder = play.options.folder / scenario.name;
    BARTIZAN_TRY(make_folder(folder));
    std::filesystem::path data = play.options.data, members;
    if (data.empty()) {
        data = folder / "items.npz";
        BARTIZAN_TRY(write_items(data, *play.items));
    }
    if (scenario.name == "membership") members = BARTIZAN_TRY(members_of(play));
    const std::string grant = "consumer@model:" + play.target;
    const Caller adversary = BARTIZAN_TRY(play.stage.add_caller(std::string(scenario.name), grant));
    const Caller honest = BARTIZAN_TRY(play.stage.add_caller(std::string(scenario.name) + "-honest", grant));
    const NdArray row = BARTIZAN_TRY(play.items->x.rows(0, 1));
    const bool labels_before = BARTIZAN_TRY(infer(play.site, honest.key, play.question, row)).labels_alone();
    std::uint64_t newest = 0;
    for (const Json& one : alerts_after(play, 0)) newest = std::max(newest, one.value("number", std::uint64_t{0}));
    std::this_thread::sleep_for(kBetweenProbes);  // until what was asked so far is counted
    const std::int64_t before = asked_so_far(play);
    Traffic others(play.site, honest.key, play.question, row, 200ms);  // one row again and again: no attack
    Attack attack{play,
                  outcome,
                  adversary,
                  BARTIZAN_TRY(Child::start(play.options.program, words_for(play, scenario, data, members),
                                            adversary.key, folder)),
                  others,
                  before,
                  newest};
    outcome.carried_out = true;
    watch(attack);
    outcome.seen.held = attack.seen.has_value();
    if (attack.seen && attack.first_query)
        outcome.seen.seconds = std::max(between(*attack.first_query, *attack.seen), 0.0);
    if (!attack.seen) outcome.seen.note = "no detector named him";
    if (attack.seen) respond(attack, row, labels_before);
    const auto answered = Steady::now();
    while (attack.child.running() && since(answered) < kUntilBlocked && !play.stopped())
        std::this_thread::sleep_for(kLook);
    attack.child.stop();
    take_gain(attack);
    if (outcome.blocked.held.value_or(false)) recover(attack, honest, row, labels_before);
    others.stop();
    for (const Traffic::One& one : others.seen()) {
        ++outcome.others_asked;
        outcome.others_refused += one.status == 200 ? 0 : 1;
    }
    if (outcome.asked == 0) return Error(Errc::unavailable, "the attack asked nothing: " + attack.child.complaint());
    return {};
}

}  // namespace bartizan::drill
