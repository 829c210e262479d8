#pragma once
/// What an inference leaves behind for those who watch: who, which model, what came of it; never the input itself.
/// Detectors with memory, sums and streams are all consumers of this one value.

#include <chrono>
#include <cstdint>
#include <string>

namespace bartizan::gateway {

struct Event {
    std::string request_id;
    std::string principal;
    std::string model;
    std::int64_t version = 0;
    std::uint64_t rows = 0;
    int status = 0;
    std::string code;  ///< of the problem; empty: answered
    std::chrono::nanoseconds latency{};
    std::int64_t epoch = 0;  ///< of the state that decided
};

/// Watches many requests. Thread rule: `see` may be called from any thread, and must not block.
class Detector {
public:
    virtual ~Detector() = default;
    virtual void see(const Event& event) = 0;
};

}  // namespace bartizan::gateway
