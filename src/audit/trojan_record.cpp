#include "audit/trojan_record.h"

#include <cmath>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "crypto/hash.h"

namespace bartizan::audit {
namespace trojan_record {
namespace {

constexpr std::size_t kMostClasses = 100'000, kMostPairs = 1'000'000;
constexpr double kInfinite = std::numeric_limits<double>::infinity();

struct Field {
    const char* name;
    std::vector<double> defences::ClassStatistics::*values;
    double low, high;
};
constexpr Field kFields[] = {
    {"margins", &defences::ClassStatistics::margins, -kInfinite, kInfinite},
    {"trigger_sizes", &defences::ClassStatistics::sizes, 0, kInfinite},
    {"trigger_successes", &defences::ClassStatistics::successes, 0, 1},
    {"universal_losses", &defences::ClassStatistics::universal, 0, kInfinite},
    {"striped_losses", &defences::ClassStatistics::striped, 0, kInfinite},
    {"paired_losses", &defences::ClassStatistics::paired, 0, kInfinite},
};

template <typename Value>
void feed(crypto::Sha256& hash, std::span<const Value> values) {
    hash.update(std::as_bytes(values));
}

Result<std::vector<double>> numbers(const Json& record, const Field& field) {
    const auto list = record.find(field.name);
    if (list == record.end() || !list->is_array() || list->size() > kMostPairs)
        return invalid_input(fmt::format("measurements: '{}' is not a list of numbers", field.name));
    std::vector<double> values;
    values.reserve(list->size());
    for (const Json& one : *list) {
        const double value = one.is_number() ? one.get<double>() : std::nan("");
        if (!std::isfinite(value) || value < field.low || value > field.high)
            return invalid_input(
                fmt::format("measurements: '{}' holds something else than numbers in their range", field.name));
        values.push_back(value);
    }
    return values;
}

}  // namespace
}  // namespace trojan_record

std::string trojan_settings(const data::Batch* clean, const defences::TrojanOptions& options, std::uint64_t seed) {
    using namespace trojan_record;
    const auto universal = [](const defences::UniversalOptions& one) {
        return fmt::format("{} {} {} {}", static_cast<int>(one.ball), one.radius, one.steps, one.samples);
    };
    const std::string words = fmt::format(
        "2 {} | {} {} {} | {} {} {} {} {} | {} | {} | {} {}", seed, options.margins.restarts, options.margins.steps,
        options.margins.step, options.sketches.steps, options.sketches.rows, options.sketches.samples,
        options.sketches.cost, options.sketches.rate, universal(options.universal), universal(options.striped),
        universal(options.paired), options.paired_classes);
    crypto::Sha256 hash;
    feed(hash, std::span<const char>(words));
    if (clean != nullptr) {
        feed(hash, clean->x.values<float>());
        feed(hash, std::span<const std::int64_t>(clean->y));
    }
    return crypto::to_hex(hash.finish());
}

Json measurements_json(const defences::ClassStatistics& statistics, const std::string& settings) {
    Json json = {{"settings", settings}};
    for (const trojan_record::Field& field : trojan_record::kFields) json[field.name] = statistics.*field.values;
    return json;
}

Result<defences::ClassStatistics> measurements_from(std::string_view text, const std::string& settings) {
    using namespace trojan_record;
    const Json json = BARTIZAN_TRY(parse_json(text));
    if (!json.is_object() || !json.contains("measurements") || !json["measurements"].is_object())
        return invalid_input("no result of `bartizan backdoor`: it holds no measurements");
    const Json& record = json["measurements"];
    const auto how = record.find("settings");
    if (how == record.end() || !how->is_string() || how->get_ref<const std::string&>() != settings)
        return invalid_input(
            "the reference was measured on other items, or with other options or another seed",
            "scan the reference model again with the same --data and --seed, or name the model");
    defences::ClassStatistics statistics;
    for (const Field& field : kFields) statistics.*field.values = BARTIZAN_TRY(numbers(record, field));
    const std::size_t classes = statistics.margins.size();
    const auto none_or = [](const std::vector<double>& values, std::size_t count) {
        return values.empty() || values.size() == count;
    };
    if (classes < 2 || classes > kMostClasses || !none_or(statistics.sizes, classes) ||
        statistics.successes.size() != statistics.sizes.size() || !none_or(statistics.universal, classes) ||
        !none_or(statistics.striped, 2 * classes) || !none_or(statistics.paired, classes * (classes - 1)))
        return invalid_input("measurements: the lists are not of the same classes");
    return statistics;
}

}  // namespace bartizan::audit
