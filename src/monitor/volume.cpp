#include "monitor/volume.h"

#include <algorithm>
#include <cmath>

namespace bartizan::monitor {
namespace volume {
namespace {

constexpr double kWeight = 0.05;  // of the newest minute: the mean forgets half in 14
constexpr std::int64_t kDay = 86'400;

}  // namespace
}  // namespace volume

void ClientVolume::close_minute() {
    if (in_minute_ == 0 || strange_) return;
    const double step = static_cast<double>(in_minute_) - mean_;
    const double weight = std::max(volume::kWeight, 1.0 / (minutes_ + 1));
    mean_ += weight * step;
    variance_ = (1 - weight) * (variance_ + weight * step * step);
    ++minutes_;
}

std::optional<VolumeSign> ClientVolume::see(std::int64_t seconds, std::uint64_t queries, const VolumeOptions& options) {
    const std::int64_t minute = seconds / 60, day = seconds / volume::kDay;
    if (first_day_ < 0) first_day_ = day;
    if (minute != minute_) {
        close_minute();
        minute_ = minute;
        in_minute_ = 0;
        told_ = strange_ = false;
    }
    in_minute_ += queries;
    const int hour = static_cast<int>(seconds % volume::kDay / 3600);
    bool& asked = hours_[static_cast<std::size_t>(hour)];
    const bool strange_hour = !asked && day - first_day_ >= options.days_known;
    asked = true;
    if (strange_hour) return VolumeSign{VolumeSign::Kind::hour, in_minute_, mean_, hour};
    // A Poisson count varies by its mean at least, however even the past was.
    const double deviation = std::sqrt(std::max({variance_, mean_, 1.0}));
    const auto now = static_cast<double>(in_minute_);
    strange_ = minutes_ >= options.minutes_known && in_minute_ >= options.least &&
               now > mean_ + options.deviations * deviation && now > options.factor * mean_;
    if (!strange_ || told_) return {};
    told_ = true;
    return VolumeSign{VolumeSign::Kind::rate, in_minute_, mean_, hour};
}

}  // namespace bartizan::monitor
