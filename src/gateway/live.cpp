#include "gateway/live.h"

#include <algorithm>

namespace bartizan::gateway {
namespace live {
namespace {

using namespace std::chrono_literals;
constexpr auto kSecond = 1s;
constexpr std::size_t kMostAlerts = 100;  // in one second

std::string event(std::string_view name, const Json& data) {
    std::string out = "event: ";
    out.append(name).append("\ndata: ");
    out += data.dump(-1, ' ', false, Json::error_handler_t::replace);  // one line: a dump breaks none
    return out + "\n\n";
}

bool may_see(const access::Identity& caller, const std::string& version) {
    return caller.may(access::Permission::see, version.substr(0, version.rfind('@')));
}

}  // namespace
}  // namespace live

void Live::start() {
    thread_ = std::thread([this] { run(); });
}

void Live::stop() {
    std::vector<std::shared_ptr<Stream>> streams;
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        streams.swap(streams_);
    }
    wake_.notify_all();
    for (const auto& stream : streams) stream->call->end();
    if (thread_.joinable()) thread_.join();
}

std::size_t Live::size() const {
    const std::lock_guard lock(mutex_);
    return streams_.size();
}

std::optional<Problem> Live::join(const http::CallPointer& call, const access::Identity& caller,
                                  http::Headers headers) {
    const std::lock_guard lock(mutex_);
    const auto his = std::ranges::count_if(
        streams_, [&](const auto& stream) { return stream->caller.name() == caller.name(); });
    if (ending_) return Problem{503, "overloaded", "the server is ending", 1};
    if (streams_.size() >= kMostStreams || static_cast<std::size_t>(his) >= kMostOfPrincipal)
        return Problem{429, "too-many-streams", "you look on in as many places as you may; close one", 5};
    headers.emplace_back("Cache-Control", "no-store");
    headers.emplace_back("X-Accel-Buffering", "no");  // what a proxy would keep back would come too late
    headers.emplace_back("X-Content-Type-Options", "nosniff");
    call->begin({.content_type = "text/event-stream", .headers = std::move(headers)});
    call->push("retry: 3000\n\n");
    streams_.push_back(std::make_shared<Stream>(Stream{call, caller}));
    return {};
}

void Live::run() {
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            wake_.wait_for(lock, live::kSecond, [&] { return ending_; });
            if (ending_) return;
        }
        tell(look());
    }
}

/// In this thread alone; also while nobody looks on, so that the first second is one, and not all there ever was.
Live::Second Live::look() {
    Second second{.at = parts_.now()};
    auto totals = parts_.traffic.totals();
    for (const auto& [model, sum] : totals) {
        const Traffic::Sum& before = totals_[model];
        if (sum.answered == before.answered && sum.refused == before.refused) continue;
        second.traffic[model] = {sum.answered - before.answered, sum.refused - before.refused, sum.rows - before.rows,
                                 sum.nanoseconds - before.nanoseconds};
    }
    totals_ = std::move(totals);
    Json alerts = parts_.alerts.list(alert_, live::kMostAlerts);
    if (!alerts.empty()) {
        alert_ = alerts[0].value("number", alert_);
        std::ranges::reverse(alerts);
        second.alerts = std::move(alerts);
    }
    second.epoch = parts_.access.people()->epoch();
    second.changed = second.epoch != epoch_;
    epoch_ = second.epoch;
    second.entries = parts_.entries();
    Json detectors = parts_.watch.seen();
    if (std::string text = detectors.dump(-1, ' ', false, Json::error_handler_t::replace); text != detectors_) {
        detectors_ = std::move(text);
        second.detectors = std::move(detectors);
    }
    look_at_incidents(second.changed);
    const std::lock_guard lock(mutex_);
    second.incidents = std::exchange(fresh_incidents_, Json());
    return second;
}

/// What the database says comes with a later second: it may be slow.
void Live::look_at_incidents(bool changed) {
    {
        const std::lock_guard lock(mutex_);
        if (asking_ || ending_ || (!changed && incidents_known_)) return;
        asking_ = true;
    }
    const bool taken = parts_.elsewhere([this] {
        const auto list = parts_.incidents();
        const std::lock_guard lock(mutex_);
        asking_ = false;
        if (!list.ok() || !list->is_array()) return;
        for (const Json& one : *list) {
            std::string text = one.dump(-1, ' ', false, Json::error_handler_t::replace);
            std::string& known = incidents_[one.value("incident", std::int64_t{0})];
            if (known == text) continue;
            known = std::move(text);
            if (!incidents_known_) continue;  // what was there before is no news
            if (fresh_incidents_.is_null()) fresh_incidents_ = Json::array();
            fresh_incidents_.push_back(one);
        }
        incidents_known_ = true;
    });
    if (taken) return;
    const std::lock_guard lock(mutex_);
    asking_ = false;
}

std::string Live::text_for(const Stream& stream, const Second& second) const {
    const access::Identity& caller = stream.caller;
    Json models = Json::array();
    for (const auto& [model, sum] : second.traffic)
        if (live::may_see(caller, "model:" + model))
            models.push_back({{"model", model},
                              {"answered", sum.answered},
                              {"refused", sum.refused},
                              {"rows", sum.rows},
                              {"mean_ms", sum.mean_ms()}});
    std::string out =
        live::event("traffic", {{"at", second.at}, {"models", models}, {"ledger_entries", second.entries}});
    if (second.changed) out += live::event("changed", {{"epoch", second.epoch}});
    if (!second.detectors.is_null() || !stream.greeted) {
        Json shown = Json::array();
        const Json all = second.detectors.is_null() ? parts_.watch.seen() : second.detectors;
        for (const Json& one : all)
            if (live::may_see(caller, one.value("version", ""))) shown.push_back(one);
        out += live::event("detectors", {{"versions", shown}});
    }
    if (!caller.may(access::Permission::read_ledger, "*")) return out;
    for (const auto& [name, list] : {std::pair("alert", &second.alerts), {"incident", &second.incidents}})
        if (list->is_array())
            for (const Json& one : *list) out += live::event(name, one);
    return out;
}

void Live::tell(const Second& second) {
    std::vector<std::shared_ptr<Stream>> streams;
    {
        const std::lock_guard lock(mutex_);
        streams = streams_;
    }
    std::vector<std::shared_ptr<Stream>> lost;
    for (const auto& stream : streams) {
        auto now = parts_.access.again(stream->caller);
        if (now) {
            {
                const std::lock_guard lock(mutex_);
                stream->caller = std::move(*now);
            }
            if (stream->call->push(text_for(*stream, second))) {
                stream->greeted = true;
                continue;
            }
        } else {
            stream->call->push(live::event("end", {{"reason", "the session has ended"}}));
        }
        stream->call->end();
        lost.push_back(stream);
    }
    const std::lock_guard lock(mutex_);
    std::erase_if(streams_, [&](const auto& stream) { return std::ranges::find(lost, stream) != lost.end(); });
}

}  // namespace bartizan::gateway
