#include "gateway/traffic.h"

#include <algorithm>
#include <chrono>

namespace bartizan::gateway {
namespace traffic {
namespace {

std::int64_t steady_minutes() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::minutes>(now).count();
}

std::size_t place_of(std::int64_t minute) { return static_cast<std::size_t>(minute) % Traffic::kMinutes; }

}  // namespace
}  // namespace traffic

Traffic::Traffic(Clock clock) : clock_(clock ? std::move(clock) : Clock(traffic::steady_minutes)) {}

void Traffic::Sum::add(const Sum& other) {
    answered += other.answered;
    refused += other.refused;
    rows += other.rows;
    nanoseconds += other.nanoseconds;
}

/// Empties the minutes since the newest.
void Traffic::turn(Ring& ring, std::int64_t minute) {
    const std::int64_t first = std::max(ring.newest + 1, minute - static_cast<std::int64_t>(kMinutes) + 1);
    for (std::int64_t at = first; at <= minute; ++at) ring.minutes[traffic::place_of(at)] = {};
    ring.newest = std::max(ring.newest, minute);
}

void Traffic::see(const Event& event) {
    Sum one;
    (event.status == 200 ? one.answered : one.refused) = 1;
    if (event.status == 200) {
        one.rows = event.rows;
        one.nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(event.latency.count(), 0));
    }
    const std::int64_t minute = clock_();
    const std::lock_guard lock(mutex_);
    auto found = rings_.find(event.model);
    if (found == rings_.end()) {
        if (rings_.size() >= kMostModels) return;
        found = rings_.emplace(event.model, Ring{}).first;
        found->second.newest = minute;
    }
    turn(found->second, minute);
    found->second.minutes[traffic::place_of(minute)].add(one);
    found->second.ever.add(one);
}

Traffic::Hour Traffic::of(const std::string& model) const {
    const std::int64_t minute = clock_();
    Ring ring;
    {
        const std::lock_guard lock(mutex_);
        const auto found = rings_.find(model);
        if (found == rings_.end()) return {};
        ring = found->second;
    }
    turn(ring, minute);
    Hour out;
    out.ever = ring.ever;
    for (std::size_t i = 0; i < kMinutes; ++i) {
        const std::int64_t at = minute - static_cast<std::int64_t>(kMinutes - 1 - i);
        if (at < 0) continue;
        out.minutes[i] = ring.minutes[traffic::place_of(at)];
        out.total.add(out.minutes[i]);
    }
    return out;
}

std::map<std::string, Traffic::Sum> Traffic::totals() const {
    std::map<std::string, Sum> out;
    const std::lock_guard lock(mutex_);
    for (const auto& [model, ring] : rings_) out.emplace(model, ring.ever);
    return out;
}

Json to_json(const Traffic::Hour& hour) {
    Json answered = Json::array(), refused = Json::array();
    for (const Traffic::Sum& minute : hour.minutes) {
        answered.push_back(minute.answered);
        refused.push_back(minute.refused);
    }
    return {{"answered", hour.total.answered}, {"refused", hour.total.refused}, {"rows", hour.total.rows},
            {"mean_ms", hour.total.mean_ms()}, {"minutes", answered},           {"refused_minutes", refused}};
}

}  // namespace bartizan::gateway
