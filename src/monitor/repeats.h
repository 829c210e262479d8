#pragma once
/// Rows that came before, bit for bit: health checks, retries, a picture asked for again. They are no attack and say
/// nothing new of a client, and left in, a thousand of one row look like no honest client. Thread rule: used by one
/// thread at a time.

#include <cstdint>
#include <deque>
#include <span>
#include <unordered_set>

namespace bartizan::monitor {

/// The last `most` rows, by a keyed hash: about 60 bytes each.
class Repeats {
public:
    explicit Repeats(std::uint64_t key, std::size_t most = 4096) : key_(key | 1), most_(most) {}
    /// Was this row among them? It is from now on.
    bool again(std::span<const float> row);

private:
    std::uint64_t key_;
    std::size_t most_;
    std::unordered_set<std::uint64_t> held_;
    std::deque<std::uint64_t> order_;
};

}  // namespace bartizan::monitor
