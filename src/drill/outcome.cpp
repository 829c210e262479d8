#include "drill/outcome.h"

#include <algorithm>

#include <fmt/format.h>

namespace bartizan::drill {
namespace {

constexpr std::string_view kVerdicts[] = {"pass", "fail", "inconclusive", "skipped"};

Json number_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json to_json(const Part& part) {
    return {{"held", part.held ? Json(*part.held) : Json()},
            {"seconds", number_or_null(part.seconds)},
            {"note", part.note.empty() ? Json() : Json(part.note)}};
}

Json to_json(const Outcome& one) {
    Json seen = to_json(one.seen);
    seen["queries"] = one.queries ? Json(*one.queries) : Json();
    seen["detectors"] = one.detectors;
    Json answered = to_json(one.answered);
    answered["incident"] = one.exercise.incident == 0 ? Json() : Json(one.exercise.incident);
    answered["playbook"] = one.exercise.playbook;
    answered["run"] = one.exercise.run.empty() ? Json() : Json(one.exercise.run);
    answered["mode"] = one.exercise.mode;
    answered["state"] = one.exercise.state;
    return {{"scenario", one.scenario->name},
            {"title", one.scenario->title},
            {"adversary", one.scenario->adversary},
            {"atlas", one.scenario->atlas},
            {"verdict", to_string(verdict_of(one))},
            {"reason", one.reason.empty() ? Json() : Json(one.reason)},
            {"asked", one.asked},
            {"seen", std::move(seen)},
            {"blocked", to_json(one.blocked)},
            {"answered", std::move(answered)},
            {"recovered", to_json(one.recovered)},
            {"others", {{"asked", one.others_asked}, {"refused", one.others_refused}}},
            {"gained", one.gained}};
}

const Outcome* named(const std::vector<Outcome>& outcomes, std::string_view name) {
    const auto found = std::ranges::find_if(
        outcomes, [&](const Outcome& one) { return one.scenario->name == name && one.carried_out; });
    return found == outcomes.end() ? nullptr : &*found;
}

Verdict of_part(const Part& part) {
    return !part.held ? Verdict::inconclusive : *part.held ? Verdict::pass : Verdict::fail;
}

/// All attacks that some detector watches for, as one piece of evidence: a newer one would hide an older one.
std::optional<Check> detection(const std::vector<Outcome>& outcomes) {
    Check out{.check = "monitor.detection", .summary = "", .verdict = Verdict::pass, .unit = "queries"};
    for (const Outcome& one : outcomes) {
        if (one.scenario->seen_by.empty() || !one.carried_out) continue;
        ++out.samples;
        const bool seen = one.seen.held.value_or(false);
        if (!seen) out.verdict = Verdict::fail;
        if (seen && one.queries) out.value = std::max(out.value.value_or(0), static_cast<double>(*one.queries));
        out.summary += fmt::format("{}{} {}", out.summary.empty() ? "" : "; ", one.scenario->name,
                                   !seen         ? "was not seen"
                                   : one.queries ? fmt::format("was seen after {} queries", *one.queries)
                                                 : std::string("was seen"));
    }
    if (out.samples == 0) return {};
    if (out.verdict == Verdict::fail) out.value.reset();
    out.limitations = {"holds for the attacks, settings and data of this drill, each tried once",
                       "an adversary who knows the detectors may go unseen: docs/detectors.md"};
    return out;
}

std::optional<Check> exercise(const std::vector<Outcome>& outcomes) {
    Check out{.check = "exercise.playbook", .summary = "", .verdict = Verdict::pass};
    for (const Outcome& one : outcomes) {
        if (!one.carried_out || one.exercise.run.empty() || one.exercise.mode == "dry") continue;
        ++out.samples;
        if (one.exercise.state == "failed") out.verdict = Verdict::fail;
        if (one.exercise.state != "done" && out.verdict == Verdict::pass) out.verdict = Verdict::inconclusive;
        out.summary +=
            fmt::format("{}{} is {}", out.summary.empty() ? "" : "; ", one.exercise.playbook, one.exercise.state);
    }
    if (out.samples == 0) return {};
    out.limitations = {"manual steps were agreed to by the drill, not done"};
    return out;
}

std::optional<Check> timed(const Outcome* outcome, const Part& part, const char* check, const std::string& limitation) {
    if (outcome == nullptr) return {};
    Check out{.check = check,
              .summary = part.note,
              .verdict = of_part(part),
              .value = part.seconds,
              .unit = "s",
              .samples = 1};
    out.limitations = {limitation};
    return out;
}

}  // namespace

std::string_view to_string(Verdict verdict) { return kVerdicts[static_cast<std::size_t>(verdict)]; }

Verdict verdict_of(const Outcome& outcome) {
    if (!outcome.carried_out) return Verdict::skipped;
    const Part* parts[] = {&outcome.seen, &outcome.blocked, &outcome.answered, &outcome.recovered};
    if (std::ranges::any_of(parts, [](const Part* part) { return part->held && !*part->held; })) return Verdict::fail;
    if (outcome.exercise.state == "waiting" || !outcome.reason.empty()) return Verdict::inconclusive;
    return std::ranges::any_of(parts, [](const Part* part) { return part->held.has_value(); }) ? Verdict::pass
                                                                                               : Verdict::inconclusive;
}

Verdict verdict_of(const Drill& drill) {
    Verdict worst = drill.complete ? Verdict::pass : Verdict::inconclusive;
    bool any = false;
    for (const Outcome& one : drill.outcomes) {
        const Verdict verdict = verdict_of(one);
        if (verdict == Verdict::fail) return verdict;
        if (verdict == Verdict::inconclusive) worst = verdict;
        any |= verdict != Verdict::skipped;
    }
    return any ? worst : Verdict::skipped;
}

std::vector<Check> checks_of(const std::vector<Outcome>& outcomes) {
    std::vector<Check> out;
    const auto add = [&](std::optional<Check> one) {
        if (one) out.push_back(std::move(*one));
    };
    const Outcome* bad = named(outcomes, "bad-version");
    const Outcome* poisoned = named(outcomes, "poisoned-upload");
    const Outcome* stop = named(outcomes, "stop");
    add(detection(outcomes));
    add(timed(bad, bad == nullptr ? Part{} : bad->recovered, "drill.rollback",
              "one rollback of a copy of the model, between two versions of the same bytes but one"));
    add(timed(poisoned, poisoned == nullptr ? Part{} : poisoned->blocked, "drill.quarantine",
              "one data set with one model made from it"));
    add(timed(stop, stop == nullptr ? Part{} : stop->blocked, "drill.stop", "one model was stopped, not the service"));
    add(exercise(outcomes));
    return out;
}

Json to_json(const Drill& drill) {
    Json out = {{"drill", drill.id},
                {"server", drill.server},
                {"asset", {{"path", drill.asset}, {"sha256", drill.digest}}},
                {"in_place", drill.in_place},
                {"started", drill.started},
                {"ended", drill.ended},
                {"complete", drill.complete},
                {"verdict", to_string(verdict_of(drill))}};
    out["scenarios"] = Json::array();
    for (const Outcome& one : drill.outcomes) out["scenarios"].push_back(to_json(one));
    out["checks"] = Json::array();
    for (const Check& one : checks_of(drill.outcomes))
        out["checks"].push_back({{"check", one.check},
                                 {"verdict", to_string(one.verdict)},
                                 {"value", number_or_null(one.value)},
                                 {"unit", one.unit},
                                 {"samples", one.samples},
                                 {"summary", one.summary},
                                 {"limitations", one.limitations}});
    out["left_behind"] = drill.left;
    return out;
}

}  // namespace bartizan::drill
