#include "incident/incident.h"

#include <algorithm>

#include "core/json_fields.h"

namespace bartizan::incident {
namespace {

constexpr std::string_view kProgress[] = {"open", "contained", "eradicated", "recovered", "closed", "dismissed"};
constexpr std::string_view kSeverities[] = {"info", "low", "medium", "high", "critical"};
constexpr std::int64_t kSameThreat = 86'400;  // seconds
constexpr std::int64_t kSameHands = 3600;

struct ThreatRow {
    std::string_view detector, threat;
};
constexpr ThreatRow kThreats[] = {
    {"similarity", "evasion"},
    {"squeezing", "evasion"},
    {"outliers", "evasion"},
    {"theft", "extraction"},
    {"membership", "membership"},
    {"drift", "drift"},
    {"golden-set", "tampering"},
    {"volume", "misuse"},
    {"poison", "poisoning"},
    {"backdoor", "backdoor"},
    {"artefact", "tampering"},
    {"key", "leaked-key"},
    {"harm", "drift"},
    {"audit-schedule", "overdue-audit"},
};
constexpr std::string_view kWords[] = {"evasion",   "extraction",    "membership", "drift",
                                       "tampering", "poisoning",     "backdoor",   "leaked-key",
                                       "misuse",    "overdue-audit", "other"};

bool meets(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    return std::ranges::any_of(a, [&](const std::string& one) { return std::ranges::find(b, one) != b.end(); });
}

}  // namespace

std::string_view to_string(Progress progress) { return kProgress[static_cast<std::size_t>(progress)]; }
Result<Progress> progress_from(std::string_view word) {
    const auto found = std::ranges::find(kProgress, word);
    if (found != std::end(kProgress)) return static_cast<Progress>(found - std::begin(kProgress));
    return invalid_input("'" + std::string(word.substr(0, 40)) + "' is no state of an incident",
                         "open, contained, eradicated, recovered, closed or dismissed");
}

Result<int> severity_rank(std::string_view word) {
    const auto found = std::ranges::find(kSeverities, word);
    if (found != std::end(kSeverities)) return static_cast<int>(found - std::begin(kSeverities));
    return invalid_input("'" + std::string(word.substr(0, 40)) + "' is no severity",
                         "info, low, medium, high or critical");
}

std::string threat_of(std::string_view detector) {
    const auto found = std::ranges::find(kThreats, detector, &ThreatRow::detector);
    return std::string(found == std::end(kThreats) ? "other" : found->threat);
}
bool is_threat(std::string_view word) { return std::ranges::find(kWords, word) != std::end(kWords); }

std::string asset_of(std::string_view version) { return std::string(version.substr(0, version.find('@'))); }

bool belongs(const Signal& signal, const Incident& incident, std::int64_t now) {
    if (incident.state == Progress::closed || incident.state == Progress::dismissed) return false;
    const std::int64_t quiet = now - incident.last_signal;
    const std::string asset = asset_of(signal.version);
    const bool same_asset = !asset.empty() && std::ranges::any_of(incident.versions, [&](const std::string& version) {
        return asset_of(version) == asset;
    });
    const bool same_hands = meets(signal.principals, incident.principals);
    if (threat_of(signal.detector) == incident.threat) return quiet <= kSameThreat && (same_asset || same_hands);
    return quiet <= kSameHands && same_asset && same_hands;
}

Json body_of(const Incident& incident) {
    Json signals = Json::array();
    for (const SeenSignal& one : incident.signals)
        signals.push_back({{"detector", one.detector},
                           {"version", one.version},
                           {"title", one.title},
                           {"times", one.times},
                           {"first", one.first},
                           {"last", one.last}});
    Json anchors = Json::object();
    for (const auto& [name, at] : incident.anchors) anchors[name] = at;
    return {{"versions", incident.versions},
            {"principals", incident.principals},
            {"atlas", incident.atlas},
            {"signals", signals},
            {"anchors", anchors},
            {"cause", incident.cause},
            {"lessons", incident.lessons}};
}

Json to_json(const Incident& incident) {
    Json json = {{"incident", incident.number},
                 {"threat", incident.threat},
                 {"title", incident.title},
                 {"severity", incident.severity},
                 {"state", to_string(incident.state)},
                 {"owner", incident.owner.empty() ? Json() : Json(incident.owner)},
                 {"opened", incident.opened},
                 {"last_signal", incident.last_signal}};
    json.update(body_of(incident));
    return json;
}

Result<void> read_body(const Json& body, Incident& incident) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, "a stored incident"));
    incident.versions = BARTIZAN_TRY(fields.texts_or_none("versions"));
    incident.principals = BARTIZAN_TRY(fields.texts_or_none("principals"));
    incident.atlas = BARTIZAN_TRY(fields.texts_or_none("atlas"));
    incident.cause = BARTIZAN_TRY(fields.text_or("cause", "", 100'000));
    incident.lessons = BARTIZAN_TRY(fields.text_or("lessons", "", 100'000));
    const Json* signals = BARTIZAN_TRY(fields.list("signals", 1000, false));
    for (const Json& one : signals == nullptr ? Json::array() : *signals)
        incident.signals.push_back({one.value("detector", ""), one.value("version", ""), one.value("title", ""),
                                    one.value("times", std::uint64_t{1}), one.value("first", std::int64_t{0}),
                                    one.value("last", std::int64_t{0})});
    if (const auto anchors = body.find("anchors"); anchors != body.end() && anchors->is_object())
        for (const auto& [name, at] : anchors->items())
            if (at.is_number_integer()) incident.anchors[name] = at.get<std::int64_t>();
    return {};
}

Json to_json(const TimelineEntry& entry) {
    return {{"position", entry.position}, {"at", entry.at},     {"actor", entry.actor},
            {"kind", entry.kind},         {"text", entry.text}, {"details", entry.details}};
}

Json to_json(const Task& task) {
    return {{"task", task.position},
            {"title", task.title},
            {"owner", task.owner.empty() ? Json() : Json(task.owner)},
            {"due", task.due == 0 ? Json() : Json(task.due)},
            {"done", task.done == 0 ? Json() : Json(task.done)},
            {"done_by", task.done_by.empty() ? Json() : Json(task.done_by)}};
}

}  // namespace bartizan::incident
