#include "gateway/quota.h"

#include <algorithm>
#include <cmath>

namespace bartizan::gateway {
namespace {

using namespace std::chrono_literals;
constexpr auto kDay = 24h;

std::int64_t whole_seconds(double seconds) { return std::max<std::int64_t>(1, std::llround(std::ceil(seconds))); }

}  // namespace

Quota::Verdict Quota::take(const std::string& principal, const std::string& model, std::uint64_t rows,
                           const QuotaLimits& limits, Time now) {
    const std::lock_guard lock(mutex_);
    if (const auto held = held_.find(principal); held != held_.end()) {
        if (now < held->second)
            return {Verdict::Why::rate, whole_seconds(std::chrono::duration<double>(held->second - now).count())};
        held_.erase(held);
    }
    Bucket& bucket = buckets_[principal];
    now = bucket.fresh ? now : std::max(now, bucket.filled);  // threads may come in another order than their times
    const double passed = std::chrono::duration<double>(now - bucket.filled).count();
    bucket.tokens =
        bucket.fresh ? limits.burst : std::min(limits.burst, bucket.tokens + passed * limits.requests_per_second);
    bucket.filled = now;
    bucket.fresh = false;
    if (bucket.tokens < 1) return {Verdict::Why::rate, whole_seconds((1 - bucket.tokens) / limits.requests_per_second)};
    Budget& budget = budgets_[name_of(principal, model)];
    if (budget.spent == 0 || now - budget.began >= kDay) budget = {0, now};
    if (rows > limits.queries_per_day || budget.spent > limits.queries_per_day - rows)
        return {Verdict::Why::budget, whole_seconds(std::chrono::duration<double>(budget.began + kDay - now).count())};
    bucket.tokens -= 1;
    budget.spent += rows;
    return {};
}

void Quota::give_back(const std::string& principal, const std::string& model, std::uint64_t rows) {
    const std::lock_guard lock(mutex_);
    const auto found = budgets_.find(name_of(principal, model));
    if (found != budgets_.end()) found->second.spent -= std::min(found->second.spent, rows);
}

void Quota::hold(const std::string& principal, Time until) {
    const std::lock_guard lock(mutex_);
    Time& held = held_[principal];
    held = std::max(held, until);
}

std::uint64_t Quota::spent(const std::string& principal, const std::string& model) const {
    const std::lock_guard lock(mutex_);
    const auto found = budgets_.find(name_of(principal, model));
    return found == budgets_.end() ? 0 : found->second.spent;
}

void Quota::sweep(Time now) {
    const std::lock_guard lock(mutex_);
    std::erase_if(buckets_, [&](const auto& entry) { return now - entry.second.filled >= kDay; });
    std::erase_if(held_, [&](const auto& entry) { return now >= entry.second; });
    std::erase_if(budgets_, [&](const auto& entry) { return now - entry.second.began >= kDay; });
}

}  // namespace bartizan::gateway
