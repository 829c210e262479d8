#include "gateway/identifiers.h"

#include <atomic>
#include <random>

#include <fmt/format.h>

namespace bartizan::gateway {
namespace {

/// SplitMix64 (Steele et al. 2014) over a counter with a start that differs from process to process.
std::uint64_t next_number() {
    static const std::uint64_t start = std::uint64_t{std::random_device{}()} << 32 | std::random_device{}();
    static std::atomic<std::uint64_t> counter{0};
    std::uint64_t z = start + (counter.fetch_add(1, std::memory_order_relaxed) + 1) * 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

bool hexadecimal(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

/// "00-" 32 digits "-" 16 digits "-" 2 digits, neither id all zeros.
bool well_formed(std::string_view text) {
    return text.size() == 55 && text.starts_with("00-") && text[35] == '-' && text[52] == '-' &&
           hexadecimal(text.substr(3, 32)) && hexadecimal(text.substr(36, 16)) && hexadecimal(text.substr(53)) &&
           text.substr(3, 32) != std::string(32, '0') && text.substr(36, 16) != std::string(16, '0');
}

}  // namespace

std::string new_request_id() { return fmt::format("{:016x}", next_number()); }

std::string traceparent_of(std::string_view given) {
    const bool taken = well_formed(given);
    const std::string trace = taken ? std::string(given.substr(3, 32)) : new_request_id() + new_request_id();
    return "00-" + trace + "-" + new_request_id() + "-" + (taken ? std::string(given.substr(53)) : "00");
}

}  // namespace bartizan::gateway
