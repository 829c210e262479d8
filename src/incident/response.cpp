#include "incident/response.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "core/time_text.h"

namespace bartizan::incident {
namespace response {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::chrono::seconds kClockTick{30};

void wait_between_tries(int tries) { std::this_thread::sleep_for(std::chrono::milliseconds(200) * tries * tries); }

}  // namespace
}  // namespace response

Response::Response(Parts parts, ResponseOptions options)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      cases_(parts_.journal, parts_.clock),
      runs_(parts_.journal, cases_, parts_.actions, parts_.clock),
      clocks_(parts_.journal, cases_, parts_.clock, options_.holidays),
      messages_(parts_.journal, cases_, clocks_, parts_.delivery, parts_.clock, response::wait_between_tries),
      restrictions_(parts_.journal, parts_.clock) {}

void Response::start() {
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void Response::stop() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Response::offer(Signal signal) {
    {
        const std::lock_guard lock(mutex_);
        if (queue_.size() < kMostWaiting && !ending_) {
            queue_.push_back(std::move(signal));
            changed_.notify_one();
            return;
        }
    }
    parts_.complain("incident.signal-let-go", signal.title);
}

std::size_t Response::waiting() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
}

void Response::run() {
    auto looked = std::chrono::steady_clock::now();
    for (;;) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, response::kClockTick, [&] { return ending_ || !queue_.empty(); });
        if (queue_.empty() && ending_) return;
        if (!queue_.empty()) {
            const Signal signal = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            const auto answered = answer(signal);
            if (!answered.ok())
                parts_.complain("incident.not-opened", answered.error().line());
            else if (!answered->not_run_because.empty())
                parts_.complain("playbook.not-run", answered->not_run_because);
            else if (answered->run && answered->run->state == "failed")
                parts_.complain("playbook.failed", answered->run->reason);
            continue;
        }
        lock.unlock();
        const auto now = std::chrono::steady_clock::now();
        if (now - looked < response::kClockTick) continue;
        looked = now;
        if (const auto warned = clocks_.warn(); !warned.ok()) parts_.complain("clocks.not-read", warned.error().line());
        if (const auto late = runs_.expire(); !late.ok()) parts_.complain("playbook.failed", late.error().line());
    }
}

Result<Response::Answered> Response::answer(const Signal& signal) {
    Answered out{.taken = BARTIZAN_TRY(cases_.take(signal)), .run = {}, .not_run_because = {}};
    if (!out.taken.fresh) return out;
    const auto rule = std::ranges::find(options_.unattended, signal.detector, &UnattendedRule::detector);
    if (rule == options_.unattended.end()) return out;
    const auto ran = run_unattended(*rule, out);
    if (!ran.ok()) out.not_run_because = ran.error().line();
    if (!out.not_run_because.empty())
        (void)cases_.note("response", out.taken.incident.number, "playbook-not-run", out.not_run_because);
    return out;
}

Result<void> Response::run_unattended(const UnattendedRule& rule, Answered& out) {
    if (options_.principal.empty())
        return Error(Errc::denied, "no principal is configured that unattended playbooks act for");
    const auto playbook = BARTIZAN_TRY(runs_.playbook(rule.playbook));
    if (!BARTIZAN_TRY(runs_.drilled(playbook.digest, options_.drill_days * response::kDay)))
        return Error(Errc::denied,
                     fmt::format("no drill of '{}' as it is now ended well in the last {} days", rule.playbook,
                                 options_.drill_days),
                     "bartizan playbook run " + rule.playbook + " --mode drill");
    out.run =
        BARTIZAN_TRY(runs_.start(options_.principal, rule.playbook, out.taken.incident.number, RunMode::execute, {}));
    return {};
}

namespace response {
namespace {

/// Seconds from one time to another; null where one has not come.
Json between(const Anchors& anchors, const char* from, const char* to) {
    const auto a = anchors.find(from), b = anchors.find(to);
    if (a == anchors.end() || b == anchors.end()) return {};
    return b->second - a->second;
}

std::string shown_seconds(const Json& seconds) {
    if (!seconds.is_number_integer()) return "not yet";
    const auto value = seconds.get<std::int64_t>();
    if (value < 120) return fmt::format("{} s", value);
    if (value < 7200) return fmt::format("{} min", value / 60);
    return fmt::format("{:.1f} h", static_cast<double>(value) / 3600);
}

std::string text_or(const Json& json, const char* name, const std::string& preset) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() && !found->get<std::string>().empty() ? found->get<std::string>()
                                                                                           : preset;
}

}  // namespace
}  // namespace response

Result<Json> report_of(Response& parts, std::int64_t number) {
    const Incident incident = BARTIZAN_TRY(parts.cases().find(number));
    Json timeline = Json::array(), tasks = Json::array(), runs = Json::array(), messages = Json::array(),
         holds = Json::array(), detectors = Json::array();
    for (const TimelineEntry& one : BARTIZAN_TRY(parts.cases().timeline(number))) timeline.push_back(to_json(one));
    for (const Task& one : BARTIZAN_TRY(parts.cases().tasks(number))) tasks.push_back(to_json(one));
    for (const Run& one : BARTIZAN_TRY(parts.runs().list(number))) runs.push_back(to_json(one, nullptr));
    for (const Hold& one : BARTIZAN_TRY(parts.cases().holds(number))) holds.push_back(to_json(one, false));
    for (const Message& one : BARTIZAN_TRY(parts.messages().list(number))) {
        Json row = to_json(one);
        row.erase("html");
        row.erase("text");
        messages.push_back(std::move(row));
    }
    for (const SeenSignal& one : incident.signals)
        if (std::ranges::find(detectors, Json(one.detector)) == detectors.end()) detectors.push_back(one.detector);
    Json out = {{"schema", "bartizan.incident-report/1"}, {"incident", to_json(incident)}};
    out["times"] = {{"to_detect", response::between(incident.anchors, "began", "aware")},
                    {"to_contain", response::between(incident.anchors, "aware", "contained")},
                    {"to_recover", response::between(incident.anchors, "aware", "recovered")}};
    out["detected_by"] = detectors;
    out["cause"] = incident.cause.empty() ? Json() : Json(incident.cause);
    out["lessons"] = incident.lessons.empty() ? Json() : Json(incident.lessons);
    out["holds"] = std::move(holds);
    out["runs"] = std::move(runs);
    out["messages"] = std::move(messages);
    out["clocks"] = BARTIZAN_TRY(parts.clocks().shown(number));
    out["tasks"] = std::move(tasks);
    out["timeline"] = std::move(timeline);
    return out;
}

std::string report_markdown(const Json& report) {
    using namespace response;
    const Json& incident = report["incident"];
    const Json& times = report["times"];
    std::string out =
        fmt::format("# Incident {}: {}\n\nSeverity {}, {}. Threat: {}.\n\n## Times\n\n", incident["incident"].dump(),
                    text_or(incident, "title", "-"), text_or(incident, "severity", "-"),
                    text_or(incident, "state", "-"), text_or(incident, "threat", "-"));
    out += fmt::format(
        "- to detect: {}\n- to contain: {}\n- to recover: "
        "{}\n\n## What detected it\n\n",
        shown_seconds(times["to_detect"]), shown_seconds(times["to_contain"]), shown_seconds(times["to_recover"]));
    for (const Json& one : report["detected_by"]) out += "- " + one.get<std::string>() + "\n";
    out += fmt::format("\n## Cause\n\n{}\n\n## Lessons\n\n{}\n\n## What is still to do\n\n",
                       text_or(report, "cause", "Not found yet."), text_or(report, "lessons", "Not written yet."));
    bool open = false;
    for (const Json& task : report["tasks"])
        if (task["done"].is_null()) {
            out += "- " + text_or(task, "title", "-") + "\n";
            open = true;
        }
    out += open ? "\n## Timeline\n\n" : "Nothing.\n\n## Timeline\n\n";
    for (const Json& entry : report["timeline"])
        out += fmt::format("- {} {}: {}\n", utc_text(entry.value("at", std::int64_t{0})), text_or(entry, "actor", "-"),
                           text_or(entry, "text", "-"));
    return out;
}

}  // namespace bartizan::incident
