#pragma once
/// What the gateway counts, in the text format of Prometheus (version 0.0.4). Labels are few and bounded: model, route,
/// status; never a principal, a key or an address. Beyond `kMostSeries` series of a metric, further label values are
/// counted under "other".
/// Thread rule: all members may be called from any thread; `Counter` and `Histogram` take no lock.

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace bartizan::gateway {

inline constexpr std::size_t kMostSeries = 500;

class Counter {
public:
    void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// Of durations, in seconds.
class Histogram {
public:
    static constexpr std::array<double, 14> kBounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                       0.075,  0.1,   0.25,   0.5,   1,    5,     10};
    void add(double seconds);
    void write(std::string& out, std::string_view name, std::string_view labels) const;

private:
    std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> counts_{};
    std::atomic<std::uint64_t> nanoseconds_{0};
};

/// Counters or histograms of one name, one for each combination of label values.
template <class Metric>
class Family {
public:
    Family(std::string_view name, std::string_view help, std::vector<std::string_view> labels)
        : name_(name), help_(help), labels_(std::move(labels)) {}
    /// Lives as long as the family. Cost: no lock where this thread asked for the same values before.
    Metric& at(std::initializer_list<std::string_view> values);
    void write(std::string& out) const;

private:
    Metric& find(std::initializer_list<std::string_view> values);
    static std::uint64_t next_number();

    std::string_view name_, help_;
    std::vector<std::string_view> labels_;
    std::uint64_t number_ = next_number();  ///< of this family among all there ever were
    mutable std::mutex mutex_;
    std::map<std::string, std::unique_ptr<Metric>, std::less<>> series_;
};

struct Metrics {
    Family<Counter> requests{"bartizan_requests_total", "Requests answered.", {"route", "code"}};
    Family<Histogram> duration{"bartizan_request_duration_seconds", "From head to answer.", {"route"}};
    Family<Counter> inferences{"bartizan_inferences_total", "Inferences answered.", {"model", "version", "code"}};
    Family<Histogram> worker{
        "bartizan_inference_duration_seconds", "What the worker took, as the gateway sees it.", {"model"}};
    Family<Counter> refusals{"bartizan_refusals_total", "Requests refused, by reason.", {"reason"}};
    Family<Counter> worker_starts{"bartizan_worker_starts_total", "Workers started.", {"model"}};
    Family<Counter> worker_ends{"bartizan_worker_ends_total", "Workers that ended unasked.", {"model"}};
    Family<Counter> ledger_entries{"bartizan_ledger_records_total", "Decisions written to the ledger.", {"kind"}};
    Family<Counter> alerts{"bartizan_detector_alerts_total", "What detectors raised.", {"detector", "severity"}};
    Family<Counter> watched{
        "bartizan_watched_queries_total", "Queries that detectors saw, or had to let go.", {"outcome"}};
    std::atomic<std::int64_t> in_flight{0};
    std::function<std::string()> others;  ///< set before the first request; what else there is to tell
    std::atomic<bool> database_well{true};  ///< reached at the last look
    std::atomic<bool> ledger_well{true};    ///< written at the last try

    std::string text() const;
};

/// One line of a gauge with its head.
std::string gauge_text(std::string_view name, std::string_view help, double value);

}  // namespace bartizan::gateway
