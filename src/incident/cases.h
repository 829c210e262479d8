#pragma once
/// Incidents in the database, each change with its entry in the ledger and on
/// the incident's timeline: signals joined to incidents, states, owners, tasks,
/// notes, and evidence holds. Thread rule: any thread.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "incident/incident.h"
#include "journal/journal.h"

namespace bartizan::incident {

struct Hold {
    std::string id;
    std::int64_t incident = 0;
    std::int64_t taken = 0;
    std::string taken_by;
    std::string digest;  ///< SHA-256 of the manifest
    Json manifest;
    std::int64_t released = 0;
};
Json to_json(const Hold& hold, bool whole);

class Cases final {
public:
    using Clock = std::function<std::int64_t()>;
    static constexpr std::size_t kMostListed = 200;  ///< of principals, versions and signals of one incident
    Cases(journal::Journal& journal, Clock clock) : journal_(journal), clock_(std::move(clock)) {}

    struct Taken {
        Incident incident;
        bool fresh = false;  ///< it was opened for this signal
        bool worse = false;  ///< its severity rose
    };
    /// Joins a signal to an incident that it belongs to, or opens one.
    Result<Taken> take(const Signal& signal);
    /// What a person reports. `threat` empty: by the signal's detector.
    Result<Incident> open(const std::string& actor, const Signal& signal, const std::string& threat);

    Result<Incident> find(std::int64_t number);
    /// Newest first. `state` empty: those that are neither closed nor dismissed;
    /// "all": all.
    Result<std::vector<Incident>> list(const std::string& state, std::size_t limit);
    Result<std::vector<TimelineEntry>> timeline(std::int64_t number);
    Result<std::vector<Task>> tasks(std::int64_t number);

    /// Forward, to `dismissed`, or back to `open`. Fails with `conflict` for any
    /// other step; a reason is needed to dismiss and to open again.
    Result<Incident> move(const std::string& actor, std::int64_t number, Progress to, const std::string& reason);
    Result<Incident> assign(const std::string& actor, std::int64_t number, const std::string& owner);
    Result<void> note(const std::string& actor, std::int64_t number, const std::string& kind, const std::string& text,
                      const Json& details = Json::object());
    Result<Task> add_task(const std::string& actor, std::int64_t number, const std::string& title,
                          const std::string& owner, std::int64_t due);
    Result<Task> finish_task(const std::string& actor, std::int64_t number, std::int64_t task);
    /// When something happened that a clock runs from. Told again: the old time
    /// stays on the timeline.
    Result<Incident> set_anchor(const std::string& actor, std::int64_t number, const std::string& name,
                                std::int64_t at);
    Result<Incident> review(const std::string& actor, std::int64_t number, const std::string& cause,
                            const std::string& lessons);
    /// A change that somebody else of this module makes together with a line on
    /// the timeline.
    using Change = std::function<Result<TimelineEntry>(store::Transaction&, Incident&)>;
    Result<Incident> change(const std::string& actor, std::int64_t number, const Change& work);

    /// Keeps what was as it was; contents of the versions named are not removed
    /// while it lasts.
    Result<Hold> hold(const std::string& actor, std::int64_t number, const Json& manifest,
                      const std::vector<std::string>& versions);
    /// Newest first.
    Result<std::vector<Hold>> holds(std::int64_t number);
    Result<void> release_hold(const std::string& actor, const std::string& id, const std::string& reason);

private:
    journal::Journal& journal_;
    Clock clock_;
};

}  // namespace bartizan::incident
