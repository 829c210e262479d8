#pragma once
/// When each asset is audited, scanned and reviewed next: at least once a year, sooner in some sectors, sooner where
/// somebody says so. When it was done last is read from evidence about the bytes that serve now, not typed in; reviews
/// by people are told. What the service can run itself it runs before it is due.
/// Thread rule: all members may be called from any thread.

#include <optional>
#include <string>
#include <vector>

#include "governance/governance.h"
#include "registers/calendar.h"
#include "registers/standing.h"

namespace bartizan::registers {

inline constexpr std::string_view kActivities[] = {"audit", "scan", "review"};

struct Due {
    std::string asset = {};
    std::string version = {};  ///< "model:fashion@3"; empty for services and vendors
    std::string activity = {};
    std::string owner = {};
    std::int64_t days = 365;
    std::string because = {};  ///< why so many: "nobody told the sector", "sector health", "set by anna"
    std::optional<std::int64_t> last = {};
    std::string last_by = {};  ///< evidence, or who did the review
    std::int64_t due = 0;
    std::int64_t warn_from = 0;
    bool automatic = false;  ///< the service can run it

    /// "on time", "due soon", "overdue".
    std::string_view state(std::int64_t now) const;
};
Json to_json(const Due& due, std::int64_t now);

/// How often, when nobody says: 365 days; audits and reviews 180 and scans 7 in health, finance and automotive, and
/// where nobody told the sector; scans else 30.
std::int64_t usual_days(std::string_view activity, const std::string& sector);

class Schedule final {
public:
    static constexpr std::int64_t kFirst = 30;  ///< days: what was never done is due so long after the version came
    static constexpr std::int64_t kWarn = 14;   ///< days before, or a quarter of the cadence

    Schedule(journal::Journal& journal, governance::Governance& governance, Clock clock)
        : journal_(journal), governance_(governance), records_(journal, "schedule", std::move(clock)) {}

    /// The most pressing first.
    Result<std::vector<Due>> list();
    struct Setting {
        std::optional<std::int64_t> days = {};  ///< 1 to 366
        std::optional<std::string> owner = {};
        std::optional<std::int64_t> done = {};  ///< a review took place then
        std::string by = {}, note = {};         ///< who did it, what came of it
    };
    /// Fails with `not_found`, or `invalid_input`: no such activity of such an asset, a cadence above a year, a review
    /// without who did it or in the future.
    Result<Due> set(const std::string& actor, const std::string& asset, const std::string& activity,
                    const Setting& setting);

    struct Notice {
        enum class Kind : std::uint8_t { warn, overdue, run } kind = Kind::warn;
        Due due;
    };
    /// What is to be told or run now; each is given once, whichever process asks.
    Result<std::vector<Notice>> settle(const std::string& actor);
    /// "audit.programme" of the organisation.
    Result<std::optional<Standing>> standing();
    Result<std::vector<DueDate>> dates();

private:
    struct Known;
    Result<Known> known();
    std::optional<Due> due_of(const Known& known, const std::string& asset, std::string_view activity) const;
    Result<bool> mark(const std::string& actor, const Due& due, const char* event, const char* member,
                      std::int64_t value, std::int64_t again_after);
    Result<void> begin(const std::string& actor, const Known& known);

    journal::Journal& journal_;
    governance::Governance& governance_;
    Records records_;
};

}  // namespace bartizan::registers
