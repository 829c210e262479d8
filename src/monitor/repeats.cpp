#include "monitor/repeats.h"

#include <bit>

namespace bartizan::monitor {

bool Repeats::again(std::span<const float> row) {
    std::uint64_t hash = key_;
    for (const float value : row) {
        hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 0x9e3779b97f4a7c15ULL;
        hash ^= hash >> 29;
    }
    if (!held_.insert(hash).second) return true;
    order_.push_back(hash);
    if (order_.size() > most_) {
        held_.erase(order_.front());
        order_.pop_front();
    }
    return false;
}

}  // namespace bartizan::monitor
