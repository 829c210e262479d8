#include "audit/theft.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "audit/attacking.h"
#include "report/rules.h"

namespace bartizan::audit {
namespace theft {
namespace {

constexpr double kGood = 0.9;
constexpr double kExact = 0.999;
constexpr double kBudgetShare = 0.1;

CurvePoint curve_point(std::int64_t queries, const extraction::Share& share) {
    const Interval interval = share.interval();
    return {static_cast<double>(queries), share.value(), interval.low, interval.high};
}

Curve curve_of(const std::vector<extraction::Point>& points) {
    Curve curve{"What the copy is worth for how many queries", "queries", "share", {}, true};
    Series agreement{"agreement with the model", {}}, accuracy{"accuracy of the copy", {}},
        transfer{"examples that fool the model too", {}};
    for (const extraction::Point& point : points) {
        agreement.points.push_back(curve_point(point.queries, point.agreement));
        if (point.accuracy.whole > 0) accuracy.points.push_back(curve_point(point.queries, point.accuracy));
        if (point.transfer.whole > 0) transfer.points.push_back(curve_point(point.queries, point.transfer));
    }
    for (Series* const series : {&agreement, &accuracy, &transfer})
        if (!series->points.empty()) curve.series.push_back(std::move(*series));
    return curve;
}

}  // namespace
}  // namespace theft

std::optional<std::int64_t> suggested_budget(const std::vector<extraction::Point>& points) {
    const auto good = extraction::queries_to(points, theft::kGood).value;
    if (!good) return std::nullopt;
    return std::max<std::int64_t>(1, std::llround(theft::kBudgetShare * *good));
}

Severity severity_of_theft(const std::vector<extraction::Point>& points) {
    if (points.empty()) return Severity::info;
    if (points.back().agreement.value() >= theft::kExact) return Severity::high;
    const auto good = extraction::queries_to(points, theft::kGood).value;
    if (!good) return Severity::info;
    return *good <= 100 ? Severity::high : *good <= 1'000 ? Severity::medium : *good <= 10'000 ? Severity::low : Severity::info;
}

Finding theft_finding(const std::string& model, std::string_view attack, const std::vector<extraction::Point>& points,
                      std::uint64_t seed) {
    const extraction::Point& last = points.back();
    Finding finding = report::finding_for(
        report::rule::kExtraction, severity_of_theft(points),
        fmt::format("A copy trained on {} answers says what the model says on {:.1f} % of new items", last.queries,
                    100 * last.agreement.value()));
    finding.asset = model;
    finding.seed = seed;
    finding.explanation = fmt::format("Carried out as {}: no weights, no training data of the model, only answers to queries.",
                                      attack);
    finding.evidence.push_back(
        proportion("agreement", last.agreement.part, last.agreement.whole, "copy and model give the same class"));
    finding.evidence.push_back({.name = "queries", .value = static_cast<double>(last.queries), .unit = "queries"});
    if (last.accuracy.whole > 0)
        finding.evidence.push_back(proportion("copy_accuracy", last.accuracy.part, last.accuracy.whole, "on true labels"));
    if (last.transfer.whole > 0)
        finding.evidence.push_back(proportion("transfer", last.transfer.part, last.transfer.whole,
                                              "adversarial examples made on the copy that fool the model"));
    for (const auto& [name, level] : {std::pair("queries_to_80", 0.8), {"queries_to_90", 0.9}, {"queries_to_95", 0.95}}) {
        const extraction::QueriesTo to = extraction::queries_to(points, level);
        if (to.value)
            finding.evidence.push_back({.name = name, .value = std::round(*to.value), .unit = "queries", .low = to.low,
                                        .high = to.high, .note = "to this share of agreement"});
    }
    if (points.size() > 1) finding.curves.push_back(theft::curve_of(points));
    return finding;
}

}  // namespace bartizan::audit
