#pragma once
/// Readers of the events: the partitions are shared among all consumers that live, each is read by one of them, in
/// order. What was read is counted in the bucket, once, whoever read it and however often it came.
/// Thread rule: `take` comes on threads of the consumer, for one partition one at a time.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "stream/bus.h"

namespace bartizan::stream {

using Tally = std::map<std::string, std::uint64_t>;

struct PartitionState {
    std::string owner = {};
    std::uint64_t sequence = 0;  ///< of the last event that is counted
    Tally tally = {};
};

struct ConsumerOptions {
    std::string id;                               ///< of this reader, unlike any other: letters, digits, '-'
    std::chrono::milliseconds beat{500};          ///< between two signs of life
    std::chrono::milliseconds dead_after{3'000};  ///< without one
};

class Consumer {
public:
    /// Adds to `tally` what the event counts for. False: not now; it comes again.
    using Take = std::function<bool(std::string_view bytes, Tally& tally)>;
    /// `bus` must outlive it.
    static Result<std::unique_ptr<Consumer>> start(Bus& bus, ConsumerOptions options, Take take);
    virtual ~Consumer() = default;  ///< lets go of its partitions

    /// All partitions, as the bucket last told.
    virtual std::vector<PartitionState> seen() const = 0;
    virtual std::vector<std::size_t> owned() const = 0;
};

/// The value of a partition in the bucket. Fails with `invalid_input`.
std::string to_text(const PartitionState& state);
Result<PartitionState> parse_partition(std::string_view text);

/// Who of the living should read a partition: as even as can be, and the same for all who know the same.
std::string reader_of(std::size_t partition, const std::vector<std::string>& living);

}  // namespace bartizan::stream
