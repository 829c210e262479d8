#include "monitor/client_table.h"

#include <algorithm>
#include <limits>

namespace bartizan::monitor {

std::size_t NameSketch::place(const std::string& name, std::size_t row) const {
    std::uint64_t hash = key_ + (row + 1) * 0x9e3779b97f4a7c15U;
    for (const char c : name) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
        hash ^= hash >> 29;
    }
    hash *= 0xbf58476d1ce4e5b9U;
    return row * kColumns + (hash >> 40) % kColumns;
}

void NameSketch::add(const std::string& name, std::uint32_t times) {
    for (std::size_t row = 0; row < kRows; ++row) {
        std::uint16_t& count = counts_[place(name, row)];
        count = static_cast<std::uint16_t>(
            std::min<std::uint64_t>(count + std::uint64_t{times}, std::numeric_limits<std::uint16_t>::max()));
    }
    added_ += times;
    if (added_ < kHalveAfter) return;
    added_ = 0;
    for (std::uint16_t& count : counts_) count = static_cast<std::uint16_t>(count / 2);
}

std::uint32_t NameSketch::count(const std::string& name) const {
    std::uint32_t least = std::numeric_limits<std::uint32_t>::max();
    for (std::size_t row = 0; row < kRows; ++row) least = std::min<std::uint32_t>(least, counts_[place(name, row)]);
    return least;
}

}  // namespace bartizan::monitor
