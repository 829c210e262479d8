#include "incident/clocks.h"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "core/json_fields.h"
#include "core/time_text.h"
#include "incident/data_made.h"

namespace bartizan::incident {
namespace clocks {
namespace {

constexpr std::int64_t kHour = 3600, kDay = 24 * kHour;
constexpr int kNoon = 12;
constexpr std::int64_t kWarnings[] = {50, 75, 90, 100};

Result<Span> read_span(const JsonFields& fields) {
    Span out{.anchor = BARTIZAN_TRY(fields.text("anchor", 60))};
    const std::int64_t hours = BARTIZAN_TRY(fields.integer_or("hours", 0, 0, 100'000));
    const std::int64_t days = BARTIZAN_TRY(fields.integer_or("days", 0, 0, 10'000));
    out.months = BARTIZAN_TRY(fields.integer_or("months", 0, 0, 120));
    out.seconds = hours * kHour + days * kDay;
    if (out.seconds == 0 && out.months == 0) return fields.fault("hours", "expected hours, days or months");
    return out;
}

Result<ClockRule> read_rule(const Json& json, const std::string& place) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, place));
    BARTIZAN_TRY(fields.only({"id", "regime", "title", "condition", "anchor", "hours", "days", "months", "cap",
                              "calendar", "citation", "sure", "valid_from", "valid_to"}));
    ClockRule out{.id = BARTIZAN_TRY(fields.text("id", 60)),
                  .regime = BARTIZAN_TRY(fields.text("regime")),
                  .title = BARTIZAN_TRY(fields.text("title")),
                  .condition = BARTIZAN_TRY(fields.text("condition")),
                  .span = BARTIZAN_TRY(read_span(fields))};
    if (json.contains("cap"))
        out.cap = BARTIZAN_TRY(read_span(BARTIZAN_TRY(JsonFields::of(json["cap"], fields.place("cap")))));
    const std::string calendar = BARTIZAN_TRY(fields.text_or("calendar", ""));
    if (!calendar.empty() && calendar != "next-working-noon")
        return fields.fault("calendar", "expected next-working-noon");
    out.next_working_noon = !calendar.empty();
    out.citation = BARTIZAN_TRY(fields.text("citation"));
    out.sure = BARTIZAN_TRY(fields.text("sure"));
    out.valid_from = BARTIZAN_TRY(fields.text_or("valid_from", ""));
    out.valid_to = BARTIZAN_TRY(fields.text_or("valid_to", ""));
    return out;
}

std::tm parts_of(std::int64_t time) {
    const auto seconds = static_cast<std::time_t>(time);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return parts;
}

int days_in(int year, int month) {
    constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 1 && leap ? 29 : kDays[month];
}

/// A month after 31 January is the last of February.
std::int64_t after(std::int64_t time, const Span& span) {
    std::int64_t out = time + span.seconds;
    if (span.months == 0) return out;
    std::tm parts = parts_of(out);
    const int months = parts.tm_mon + static_cast<int>(span.months);
    parts.tm_year += months / 12;
    parts.tm_mon = months % 12;
    parts.tm_mday = std::min(parts.tm_mday, days_in(parts.tm_year + 1900, parts.tm_mon));
    return ::timegm(&parts);
}

bool works(const std::tm& parts, const Holidays& holidays) {
    if (parts.tm_wday == 0 || parts.tm_wday == 6) return false;
    const std::string day = fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
    return std::ranges::find(holidays, day) == holidays.end();
}

std::int64_t to_working_noon(std::int64_t time, const Holidays& holidays) {
    std::tm parts = parts_of(time);
    if (works(parts, holidays)) return time;
    for (int days = 0; days < 30 && !works(parts, holidays); ++days) {
        time += kDay;
        parts = parts_of(time);
    }
    parts.tm_hour = kNoon;
    parts.tm_min = parts.tm_sec = 0;
    return ::timegm(&parts);
}

const ClockRule* find_rule(std::string_view id) {
    const auto found = std::ranges::find(shipped_clock_rules(), id, &ClockRule::id);
    return found == shipped_clock_rules().end() ? nullptr : &*found;
}

/// Percent of the time between its event and its due time; 0 while that has not
/// come.
std::int64_t share(const ClockRule& rule, const Anchors& anchors, const std::optional<std::int64_t>& due,
                   std::int64_t now) {
    if (!due) return 0;
    const std::int64_t began = anchors.at(rule.span.anchor);
    return *due <= began ? 100 : std::clamp<std::int64_t>((now - began) * 100 / (*due - began), 0, 1000);
}

}  // namespace
}  // namespace clocks

Result<std::vector<ClockRule>> parse_clock_rules(std::string_view document) {
    const Json json = BARTIZAN_TRY(parse_json(document, {.bytes = 1 << 20, .depth = 8}));
    const auto top = BARTIZAN_TRY(JsonFields::of(json, ""));
    if (BARTIZAN_TRY(top.text("schema")) != "bartizan.clocks/1")
        return top.fault("schema", "this is no bartizan.clocks/1");
    std::vector<ClockRule> out;
    for (const Json& rule : *BARTIZAN_TRY(top.list("rules", 200))) {
        ClockRule one = BARTIZAN_TRY(clocks::read_rule(rule, fmt::format("rules[{}]", out.size())));
        if (std::ranges::find(out, one.id, &ClockRule::id) != out.end())
            return invalid_input(fmt::format("rules[{}].id: '{}' is there twice", out.size(), one.id));
        out.push_back(std::move(one));
    }
    return out;
}

const std::vector<ClockRule>& shipped_clock_rules() {
    static const std::vector<ClockRule> rules = [] {
        for (const EmbeddedFile& file : kFiles)
            if (file.name == "clocks.json") return parse_clock_rules(file.content).value_or({});
        return std::vector<ClockRule>{};
    }();
    return rules;
}

std::optional<std::int64_t> due_time(const ClockRule& rule, const Anchors& anchors, const Holidays& holidays) {
    const auto anchor = anchors.find(rule.span.anchor);
    if (anchor == anchors.end()) return {};
    std::int64_t due = clocks::after(anchor->second, rule.span);
    if (rule.cap) {
        // Regulation 2025/301, Art. 5(2): whoever classifies only after the cap has
        // the whole span from then.
        if (const auto capped = anchors.find(rule.cap->anchor); capped != anchors.end())
            if (const std::int64_t latest = clocks::after(capped->second, *rule.cap); anchor->second <= latest)
                due = std::min(due, latest);
    }
    return rule.next_working_noon ? clocks::to_working_noon(due, holidays) : due;
}

std::string state_of(const RunningClock& clock, const std::optional<std::int64_t>& due, std::int64_t now) {
    if (clock.met != 0) return due && clock.met > *due ? "met-late" : "met";
    if (!due) return "waiting";
    return now > *due ? "missed" : "running";
}

Result<void> Clocks::start(const std::string& actor, std::int64_t incident, const std::string& id) {
    const ClockRule* rule = clocks::find_rule(id);
    if (rule == nullptr)
        return Error(Errc::not_found, "there is no clock '" + id.substr(0, 60) + "'", "bartizan incident clocks");
    const auto done =
        cases_.change(actor, incident, [&](store::Transaction& transaction, Incident&) -> Result<TimelineEntry> {
            const auto rows =
                BARTIZAN_TRY(transaction.run("INSERT INTO incident_clock VALUES (:incident, :rule, :now, :by, "
                                             "0, "
                                             ":nobody, :receipt, 0) ON CONFLICT DO "
                                             "NOTHING RETURNING rule",
                                             {incident, id, clock_(), actor, std::string(), std::string()}));
            if (rows.empty()) return Error(Errc::conflict, "that clock runs already");
            return TimelineEntry{.kind = "clock",
                                 .text = rule->regime + ": " + rule->title,
                                 .details = {{"rule", id}, {"citation", rule->citation}}};
        });
    return done.ok() ? Result<void>() : Result<void>(done.error());
}

Result<void> Clocks::meet(const std::string& actor, std::int64_t incident, const std::string& id,
                          const std::string& receipt) {
    if (receipt.empty() || receipt.size() > 2000) return invalid_input("a clock is met with a receipt: what, to whom");
    const auto done =
        cases_.change(actor, incident, [&](store::Transaction& transaction, Incident&) -> Result<TimelineEntry> {
            const auto rows =
                BARTIZAN_TRY(transaction.run("UPDATE incident_clock SET met = :now, met_by = :by, receipt = "
                                             ":receipt WHERE incident = :incident AND "
                                             "rule = :rule AND met = 0 RETURNING rule",
                                             {clock_(), actor, receipt, incident, id}));
            if (rows.empty()) return Error(Errc::not_found, "no such clock runs for the incident");
            return TimelineEntry{.kind = "clock-met", .text = id, .details = {{"rule", id}, {"receipt", receipt}}};
        });
    return done.ok() ? Result<void>() : Result<void>(done.error());
}

Result<std::vector<RunningClock>> Clocks::list(std::int64_t incident) {
    std::vector<RunningClock> out;
    for (const store::Row& row :
         BARTIZAN_TRY(journal_.database().run("SELECT rule, started, started_by, met, met_by, receipt, warned "
                                              "FROM incident_clock WHERE incident = "
                                              ":incident ORDER BY started, rule",
                                              {incident})))
        out.push_back(
            {row.text(0), row.integer(1), row.text(2), row.integer(3), row.text(4), row.text(5), row.integer(6)});
    return out;
}

Result<Json> Clocks::shown(std::int64_t incident) {
    const Incident found = BARTIZAN_TRY(cases_.find(incident));
    const std::int64_t now = clock_();
    Json out = Json::array();
    for (const RunningClock& one : BARTIZAN_TRY(list(incident))) {
        const ClockRule* rule = clocks::find_rule(one.rule);
        if (rule == nullptr) continue;
        const auto due = due_time(*rule, found.anchors, holidays_);
        out.push_back({{"rule", one.rule},
                       {"regime", rule->regime},
                       {"title", rule->title},
                       {"state", state_of(one, due, now)},
                       {"anchor", rule->span.anchor},
                       {"due", due ? Json(*due) : Json()},
                       {"seconds_left", due ? Json(*due - now) : Json()},
                       {"percent", clocks::share(*rule, found.anchors, due, one.met != 0 ? one.met : now)},
                       {"met", one.met == 0 ? Json() : Json(one.met)},
                       {"receipt", one.receipt.empty() ? Json() : Json(one.receipt)},
                       {"citation", rule->citation},
                       {"sure", rule->sure}});
    }
    return out;
}

Result<std::size_t> Clocks::warn() {
    std::size_t told = 0;
    const auto rows =
        BARTIZAN_TRY(journal_.database().run("SELECT incident, rule, warned FROM incident_clock WHERE met = 0 ORDER "
                                             "BY incident, rule"));
    for (const store::Row& row : rows) {
        const ClockRule* rule = clocks::find_rule(row.text(1));
        const auto found = cases_.find(row.integer(0));
        if (rule == nullptr || !found.ok()) continue;
        const auto due = due_time(*rule, found->anchors, holidays_);
        const std::int64_t percent = clocks::share(*rule, found->anchors, due, clock_());
        std::int64_t level = 0;
        for (const std::int64_t warning : clocks::kWarnings)
            if (percent >= warning) level = warning;
        if (level <= row.integer(2)) continue;
        BARTIZAN_TRY(cases_.change(
            "clock", row.integer(0), [&](store::Transaction& transaction, Incident&) -> Result<TimelineEntry> {
                BARTIZAN_TRY(
                    transaction.run("UPDATE incident_clock SET warned = :level WHERE "
                                    "incident = :incident AND rule = :rule",
                                    {level, row.integer(0), row.text(1)}));
                return TimelineEntry{.kind = level >= 100 ? "clock-missed" : "clock-warning",
                                     .text = fmt::format("{}: {} percent of the time has passed, due {}", rule->title,
                                                         level, utc_text(static_cast<std::time_t>(*due))),
                                     .details = {{"rule", row.text(1)}, {"percent", level}, {"due", *due}}};
            }));
        ++told;
    }
    return told;
}

}  // namespace bartizan::incident
