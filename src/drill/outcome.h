#pragma once
/// What a scenario showed: seen, blocked, answered, recovered, each with its time. What was not measured is empty and
/// never a pass. Plain values; pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "drill/scenarios.h"

namespace bartizan::drill {

/// One part of a scenario. `held` empty: it does not apply, or could not be told; `note` says why.
struct Part {
    std::optional<bool> held = {};
    std::optional<double> seconds = {};
    std::string note = {};
};

struct Exercise {
    std::int64_t incident = 0;
    std::string run = {};
    std::string mode = {};   ///< "drill", "execute" (unattended, by the service itself), "dry"
    std::string state = {};  ///< "done", "waiting", "failed"
    std::string playbook = {};
};

struct Outcome {
    const Scenario* scenario = nullptr;
    bool carried_out = false;
    std::string reason = {};                   ///< why it was not, or not to its end
    Part seen = {};                            ///< seconds from the first query
    std::optional<std::int64_t> queries = {};  ///< of the adversary, by the detector's own count, when it was seen
    std::int64_t asked = 0;                    ///< rows that he was answered in all
    std::vector<std::string> detectors = {};
    Part blocked = {};   ///< seconds from when it was seen or reported
    Part answered = {};  ///< the playbook; seconds that it ran
    Exercise exercise = {};
    Part recovered = {};  ///< seconds from when it was reported, until the good version or full answers again
    std::int64_t others_asked = 0, others_refused = 0;  ///< an honest caller meanwhile
    Json gained = nullptr;                              ///< what the adversary got out of it, as his tool says
};

enum class Verdict : std::uint8_t { pass, fail, inconclusive, skipped };
std::string_view to_string(Verdict verdict);
/// `fail` when a part did not hold, `inconclusive` when the playbook waits for people or nothing was measured.
Verdict verdict_of(const Outcome& outcome);

/// What a drill shows of a check of the framework.
struct Check {
    std::string check, summary;
    Verdict verdict = Verdict::inconclusive;
    std::optional<double> value = {};
    std::string unit = {};
    std::int64_t samples = 0;
    std::vector<std::string> limitations = {};
};
/// monitor.detection, drill.rollback, drill.quarantine, drill.stop, exercise.playbook: those on which the outcomes
/// bear.
std::vector<Check> checks_of(const std::vector<Outcome>& outcomes);

struct Drill {
    std::string id;             ///< "drill-1a2b3c4d"
    std::string server;         ///< its address
    std::string asset, digest;  ///< "model:fashion@3" and the SHA-256 of its bytes
    bool in_place = false;      ///< the questions went to the model itself, not to its copy
    std::string started, ended;
    bool complete = true;
    std::vector<Outcome> outcomes = {};
    std::vector<std::string> left = {};  ///< what it leaves behind on the server
};
/// Members of "bartizan.drill/1" after the schema.
Json to_json(const Drill& drill);
/// What a person reads on a terminal.
std::string drill_text(const Drill& drill);
std::string drill_html(const Drill& drill);
/// The worst of its scenarios; `inconclusive` when it was cut short.
Verdict verdict_of(const Drill& drill);

}  // namespace bartizan::drill
