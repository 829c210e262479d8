#include "gateway/metrics.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

namespace bartizan::gateway {
namespace {

std::string escaped(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

void write_one(const Counter& counter, std::string& out, std::string_view name, std::string_view labels) {
    out += fmt::format("{}{{{}}} {}\n", name, labels, counter.value());
}
void write_one(const Histogram& histogram, std::string& out, std::string_view name, std::string_view labels) {
    histogram.write(out, name, labels);
}

}  // namespace

void Histogram::add(double seconds) {
    const auto at = std::ranges::lower_bound(kBounds, seconds) - kBounds.begin();
    counts_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
    nanoseconds_.fetch_add(static_cast<std::uint64_t>(std::max(seconds, 0.0) * 1e9), std::memory_order_relaxed);
}

void Histogram::write(std::string& out, std::string_view name, std::string_view labels) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i <= kBounds.size(); ++i) {
        sum += counts_[i].load(std::memory_order_relaxed);
        const std::string bound = i < kBounds.size() ? fmt::format("{:g}", kBounds[i]) : "+Inf";
        out += fmt::format("{}_bucket{{{},le=\"{}\"}} {}\n", name, labels, bound, sum);
    }
    const double seconds = static_cast<double>(nanoseconds_.load(std::memory_order_relaxed)) * 1e-9;
    out += fmt::format("{0}_sum{{{1}}} {2:.9g}\n{0}_count{{{1}}} {3}\n", name, labels, seconds, sum);
}

template <class Metric>
std::uint64_t Family<Metric>::next_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

template <class Metric>
Metric& Family<Metric>::at(std::initializer_list<std::string_view> values) {
    // What this thread found before, of all families: labels are made into text only once.
    thread_local std::unordered_map<std::string, Metric*> found;
    thread_local std::string key;
    key.assign(reinterpret_cast<const char*>(&number_), sizeof number_);
    for (const std::string_view value : values) {
        key += value;
        key += '\0';
    }
    if (const auto known = found.find(key); known != found.end()) return *known->second;
    if (found.size() >= 8 * kMostSeries) found.clear();
    Metric& metric = find(values);
    found[key] = &metric;
    return metric;
}

template <class Metric>
Metric& Family<Metric>::find(std::initializer_list<std::string_view> values) {
    std::string key;
    for (std::size_t i = 0; i < values.size(); ++i)
        key += fmt::format("{}{}=\"{}\"", i == 0 ? "" : ",", labels_[i], escaped(values.begin()[i]));
    const std::lock_guard lock(mutex_);
    auto found = series_.find(key);
    if (found == series_.end() && series_.size() >= kMostSeries) {
        key.clear();
        for (const std::string_view label : labels_)
            key += fmt::format("{}{}=\"other\"", key.empty() ? "" : ",", label);
        found = series_.find(key);
    }
    if (found == series_.end()) found = series_.emplace(key, std::make_unique<Metric>()).first;
    return *found->second;
}

template <class Metric>
void Family<Metric>::write(std::string& out) const {
    constexpr const char* kType = std::is_same_v<Metric, Counter> ? "counter" : "histogram";
    out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name_, help_, kType);
    const std::lock_guard lock(mutex_);
    for (const auto& [labels, metric] : series_) write_one(*metric, out, name_, labels);
}

template class Family<Counter>;
template class Family<Histogram>;

std::string gauge_text(std::string_view name, std::string_view help, double value) {
    return fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n{0} {2:.17g}\n", name, help, value);
}

std::string Metrics::text() const {
    std::string out;
    requests.write(out);
    duration.write(out);
    inferences.write(out);
    worker.write(out);
    refusals.write(out);
    worker_starts.write(out);
    worker_ends.write(out);
    ledger_entries.write(out);
    alerts.write(out);
    watched.write(out);
    out += gauge_text("bartizan_inflight_requests", "Requests being answered.",
                      static_cast<double>(in_flight.load(std::memory_order_relaxed)));
    if (others) out += others();
    out += gauge_text("bartizan_database_up", "Is the database reached?", database_well ? 1 : 0);
    out += gauge_text("bartizan_ledger_up", "Can the ledger be written?", ledger_well ? 1 : 0);
    return out;
}

}  // namespace bartizan::gateway
