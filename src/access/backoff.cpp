#include "access/backoff.h"

#include <algorithm>

namespace bartizan::access {

std::chrono::milliseconds Backoff::wait(std::string_view who, Time now) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(std::string(who));
    if (found == entries_.end() || found->second.until <= now) return {};
    return std::chrono::ceil<std::chrono::milliseconds>(found->second.until - now);
}

void Backoff::failed(std::string_view who, Time now) {
    const std::lock_guard lock(mutex_);
    const std::string name(who);
    if (!entries_.contains(name) && entries_.size() >= limits_.most) make_room(now);
    Entry& entry = entries_[name];
    if (now - entry.last > limits_.memory) entry = {};
    entry.last = now;
    const int beyond = ++entry.failures - limits_.free;
    if (beyond <= 0) return;
    entry.until = now + std::min(limits_.longest, limits_.first * (std::int64_t{1} << std::min(beyond - 1, 20)));
}

void Backoff::succeeded(std::string_view who) {
    const std::lock_guard lock(mutex_);
    entries_.erase(std::string(who));
}

std::size_t Backoff::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

void Backoff::make_room(Time now) {
    std::erase_if(entries_, [&](const auto& entry) { return now - entry.second.last > limits_.memory; });
    if (entries_.size() < limits_.most) return;
    const auto least = std::ranges::min_element(
        entries_, {}, [](const auto& entry) { return std::pair(entry.second.until, entry.second.last); });
    entries_.erase(least);
}

}  // namespace bartizan::access
