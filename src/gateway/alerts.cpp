#include "gateway/alerts.h"

#include <algorithm>

#include "core/time_text.h"

namespace bartizan::gateway {
namespace alerts {
namespace {

Json as_json(const Alert& alert) {
    Json json = {{"number", alert.number},     {"detector", alert.detector}, {"version", alert.version},
                 {"severity", alert.severity}, {"title", alert.title},       {"principals", alert.principals},
                 {"first", alert.first},       {"last", alert.last},         {"times", alert.times}};
    if (!alert.atlas.empty()) json["atlas"] = alert.atlas;
    json["evidence"] = alert.evidence;
    return json;
}

}  // namespace
}  // namespace alerts

void Alerts::raise(Alert alert, std::int64_t now) {
    metrics_.alerts.at({alert.detector, alert.severity}).add();
    {
        const std::lock_guard lock(mutex_);
        const auto same = std::find_if(alerts_.rbegin(), alerts_.rend(), [&](const Alert& one) {
            return one.detector == alert.detector && one.version == alert.version && one.title == alert.title &&
                   one.principals == alert.principals && now - one.last <= kSameFor;
        });
        if (same != alerts_.rend()) {
            ++same->times;
            same->last = now;
            same->evidence = std::move(alert.evidence);
            return;
        }
        alert.number = next_++;
        alert.first = alert.last = now;
        if (alerts_.size() >= kMost) alerts_.pop_front();
        alerts_.push_back(alert);
        if (unwritten_.size() < kMost)
            unwritten_.push_back({"alert.raised",
                                  "detector:" + alert.detector,
                                  alert.version,
                                  {{"severity", alert.severity},
                                   {"title", alert.title},
                                   {"principals", alert.principals},
                                   {"evidence", alert.evidence}}});
    }
    log_.say("warning", "alert", alerts::as_json(alert));
    if (told_) told_(alert);
}

Result<void> Alerts::flush() {
    for (;;) {
        ledger::Event event;
        {
            const std::lock_guard lock(mutex_);
            if (unwritten_.empty()) return {};
            event = unwritten_.front();
        }
        auto written = ledger_.append(event);
        // What the ledger will never take must not stand in the way of the others.
        if (!written.ok() && written.error().code() != Errc::invalid_input) return std::move(written).error();
        metrics_.ledger_entries.at({"alert"}).add();
        const std::lock_guard lock(mutex_);
        unwritten_.pop_front();
    }
}

Json Alerts::list(std::uint64_t after, std::size_t most) const {
    Json out = Json::array();
    const std::lock_guard lock(mutex_);
    for (auto one = alerts_.rbegin(); one != alerts_.rend() && out.size() < most && one->number > after; ++one)
        out.push_back(alerts::as_json(*one));
    return out;
}

}  // namespace bartizan::gateway
