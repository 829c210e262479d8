#pragma once
/// An incident as plain values: what was seen, on which assets and by whom, how
/// bad, and how far it has come.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "core/json.h"

namespace bartizan::incident {

enum class Progress : std::uint8_t { open, contained, eradicated, recovered, closed, dismissed };
std::string_view to_string(Progress progress);
Result<Progress> progress_from(std::string_view word);

/// 0 (info) to 4 (critical). Fails for a word that is none.
Result<int> severity_rank(std::string_view word);

/// What a detector saw, or a person reports.
struct Signal {
    std::string detector;  ///< "theft", "golden-set" ...; "person"
    std::string version;   ///< "model:fashion@3", "data:clothes@1"; may be empty
    std::vector<std::string> principals;
    std::string severity = "medium";
    std::string title;
    std::string atlas;
    Json evidence = Json::object();
    std::int64_t first = 0;  ///< when it began; 0: now
};

/// What a detector's signals are signs of: "evasion", "extraction",
/// "membership", "drift", "tampering", "poisoning", "backdoor", "leaked-key",
/// "misuse", "other".
std::string threat_of(std::string_view detector);
/// Is it one of these?
bool is_threat(std::string_view word);

struct SeenSignal {
    std::string detector, version, title;
    std::uint64_t times = 1;
    std::int64_t first = 0, last = 0;
};

struct Incident {
    std::int64_t number = 0;
    std::string threat, title, severity;
    Progress state = Progress::open;
    std::string owner;
    std::int64_t opened = 0;
    std::int64_t last_signal = 0;
    std::vector<std::string> versions, principals, atlas;
    std::vector<SeenSignal> signals;
    /// When things happened, by name: "began", "aware", "contained",
    /// "eradicated", "recovered", "closed", and anchors of clocks
    /// ("classified-major", "causal-link" ...).
    std::map<std::string, std::int64_t> anchors;
    std::string cause, lessons;  ///< of the review
};
Json to_json(const Incident& incident);
Json body_of(const Incident& incident);
Result<void> read_body(const Json& body, Incident& incident);

/// "model:fashion" of "model:fashion@3".
std::string asset_of(std::string_view version);

/// Does a signal belong to an incident: the same threat on the same asset or by
/// the same principal within a day, or another threat by the same principal on
/// the same asset within an hour?
bool belongs(const Signal& signal, const Incident& incident, std::int64_t now);

struct TimelineEntry {
    std::int64_t position = 0;
    std::int64_t at = 0;
    std::string actor, kind, text;
    Json details = Json::object();
};
Json to_json(const TimelineEntry& entry);

struct Task {
    std::int64_t position = 0;
    std::string title, owner;
    std::int64_t due = 0, done = 0;  ///< 0: none, not yet
    std::string done_by;
};
Json to_json(const Task& task);

}  // namespace bartizan::incident
