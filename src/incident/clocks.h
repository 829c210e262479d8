#pragma once
/// Legal clocks as data: from which event they run, how long, what caps them,
/// where the calendar moves them. What they say is what their rule says; each
/// carries its citation and how sure we are of it. Pure, but for `Clocks`,
/// which keeps those that run for an incident. Thread rule: any thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "incident/cases.h"
#include "incident/options.h"

namespace bartizan::incident {

/// A time of a rule: so much after an event.
struct Span {
    std::string anchor;  ///< "aware", "classified-major"
    std::int64_t seconds = 0;
    std::int64_t months = 0;  ///< of the calendar, on top
};

struct ClockRule {
    std::string id, regime, title, condition;
    Span span;
    std::optional<Span> cap;         ///< not later than this, unless its own event came after it
    bool next_working_noon = false;  ///< a due time on a weekend or holiday moves
                                     ///< to noon of the next working day
    std::string citation, sure, valid_from, valid_to;
};

/// Fails with `invalid_input` naming rule and member.
Result<std::vector<ClockRule>> parse_clock_rules(std::string_view document);
const std::vector<ClockRule>& shipped_clock_rules();

using Anchors = std::map<std::string, std::int64_t>;
/// Seconds since 1970 (UTC); nothing while its event has not come.
std::optional<std::int64_t> due_time(const ClockRule& rule, const Anchors& anchors, const Holidays& holidays = {});

struct RunningClock {
    std::string rule;
    std::int64_t started = 0;
    std::string started_by;
    std::int64_t met = 0;  ///< 0: not yet
    std::string met_by, receipt;
    std::int64_t warned = 0;  ///< percent of its time
};
/// "waiting" (for its event), "running", "missed", "met", "met-late".
std::string state_of(const RunningClock& clock, const std::optional<std::int64_t>& due, std::int64_t now);

class Clocks final {
public:
    Clocks(journal::Journal& journal, Cases& cases, Cases::Clock clock, Holidays holidays)
        : journal_(journal), cases_(cases), clock_(std::move(clock)), holidays_(std::move(holidays)) {}

    /// Fails with `not_found` for a rule that is none.
    Result<void> start(const std::string& actor, std::int64_t incident, const std::string& rule);
    Result<void> meet(const std::string& actor, std::int64_t incident, const std::string& rule,
                      const std::string& receipt);
    Result<std::vector<RunningClock>> list(std::int64_t incident);
    /// With due times, states and how much of their time has passed.
    Result<Json> shown(std::int64_t incident);
    /// Writes on the timeline what passed 50, 75, 90 or 100 percent of its time
    /// since the last look; gives how many.
    Result<std::size_t> warn();

private:
    journal::Journal& journal_;
    Cases& cases_;
    Cases::Clock clock_;
    Holidays holidays_;
};

}  // namespace bartizan::incident
