#include "apps/engine/extraction_output.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace bartizan::engine {
namespace extraction_output {
namespace {

Json share_json(const extraction::Share& share) {
    if (share.whole == 0) return Json();
    return Json(share.value());
}
Json interval_json(const extraction::Share& share) {
    if (share.whole == 0) return Json();
    const Interval interval = share.interval();
    return {interval.low, interval.high};
}

Json points_json(const std::vector<extraction::Point>& points, const std::vector<Carried>& runs) {
    Json out = Json::array();
    for (std::size_t p = 0; p < points.size(); ++p) {
        const extraction::Point& point = points[p];
        Json by_seed = Json::array();
        for (const Carried& one : runs) by_seed.push_back(one.run.points[p].agreement.value());
        out.push_back({{"queries", point.queries},
                       {"agreement", share_json(point.agreement)},
                       {"agreement_interval", interval_json(point.agreement)},
                       {"agreement_by_seed", by_seed},
                       {"accuracy", share_json(point.accuracy)},
                       {"accuracy_interval", interval_json(point.accuracy)},
                       {"transfer", share_json(point.transfer)},
                       {"transfer_interval", interval_json(point.transfer)},
                       {"score_distance", point.score_gap}});
    }
    return out;
}

Json optional_json(const std::optional<double>& value) { return value ? Json(std::round(*value)) : Json(); }

Json queries_json(const std::vector<extraction::Point>& points) {
    Json out = Json::object();
    for (const auto& [name, level] : {std::pair("q80", 0.8), {"q90", 0.9}, {"q95", 0.95}}) {
        const extraction::QueriesTo to = extraction::queries_to(points, level);
        out[name] = {{"queries", optional_json(to.value)}, {"interval", {optional_json(to.low), optional_json(to.high)}}};
    }
    return out;
}

Json policies_json(const std::vector<PolicyRow>& rows, bool labelled) {
    Json out = Json::array();
    for (const PolicyRow& row : rows) {
        Json one = {{"policy", row.policy.text()},
                    {"agreement", row.refused.empty() ? share_json(row.point.agreement) : Json()},
                    {"agreement_interval", row.refused.empty() ? interval_json(row.point.agreement) : Json()},
                    {"distance", row.cost.distance},
                    {"argmax_kept", row.cost.argmax_kept.value()}};
        if (labelled) {
            one["calibration_error"] = row.cost.calibration_error;
            one["calibration_error_before"] = row.cost.calibration_error_before;
        }
        if (!row.refused.empty()) one["refused"] = row.refused;
        out.push_back(std::move(one));
    }
    return out;
}

std::string share_text(const extraction::Share& share) {
    if (share.whole == 0) return "-";
    const Interval interval = share.interval();
    return fmt::format("{:.1f} % ({:.1f}-{:.1f})", 100 * share.value(), 100 * interval.low, 100 * interval.high);
}

std::string queries_text(const std::vector<extraction::Point>& points) {
    std::string text;
    for (const auto& [name, level] : {std::pair("80 %", 0.8), {"90 %", 0.9}, {"95 %", 0.95}}) {
        const extraction::QueriesTo to = extraction::queries_to(points, level);
        text += fmt::format("  {} agreement: ", name);
        if (!to.value) {
            text += "not reached\n";
            continue;
        }
        const auto shown = [](const std::optional<double>& value, const char* otherwise) {
            return value ? fmt::format("{:.0f}", *value) : std::string(otherwise);
        };
        const bool first = std::llround(*to.value) <= points.front().queries && points.front().agreement.value() > level;
        text += fmt::format("{}{:.0f} queries ({} to {})\n", first ? "at most " : "", *to.value,
                            shown(to.low, "fewer"), shown(to.high, "more"));
    }
    return text;
}

std::string policies_text(const std::vector<PolicyRow>& rows) {
    if (rows.empty()) return {};
    std::string text = fmt::format("\n{:<28}{:>24}{:>18}{:>12}{:>14}\n", "policy", "copy's agreement", "users: distance",
                                   "same class", "calibration");
    for (const PolicyRow& row : rows)
        text += fmt::format("{:<28}{:>24}{:>18.3f}{:>10.2f} %{:>14.3f}\n", row.policy.text(),
                            row.refused.empty() ? share_text(row.point.agreement) : "attack refused", row.cost.distance,
                            100 * row.cost.argmax_kept.value(), row.cost.calibration_error);
    return text;
}

}  // namespace
}  // namespace extraction_output

std::string extraction_text(const ExtractionOutcome& outcome) {
    using namespace extraction_output;
    const std::vector<extraction::Point>& points = outcome.curve;
    std::string text = fmt::format(
        "{}; {} classes, judged by {} items{}\n\n", outcome.attack, outcome.classes, points.back().agreement.whole,
        outcome.accuracy.whole > 0 ? " (the model is right on " + share_text(outcome.accuracy) + ")" : "");
    text += fmt::format("{:>9} {:>24} {:>24} {:>24}\n", "queries", "agreement", "accuracy of the copy",
                        outcome.eps > 0 ? fmt::format("transfer, linf {:.3g}", outcome.eps) : "transfer");
    for (const extraction::Point& point : points)
        text += fmt::format("{:>9} {:>24} {:>24} {:>24}\n", point.queries, share_text(point.agreement),
                            share_text(point.accuracy), share_text(point.transfer));
    text += "\n" + queries_text(points);
    if (outcome.suggested_budget)
        text += fmt::format("  a caller's budget of {} queries would be a tenth of the way\n", *outcome.suggested_budget);
    text += policies_text(outcome.policies);
    for (const std::string& note : outcome.notes) text += "note: " + note + "\n";
    return text;
}

void fill_extraction_json(Json& json, const ExtractionOutcome& outcome) {
    using namespace extraction_output;
    std::int64_t measured = outcome.samples;
    for (const Carried& one : outcome.runs) measured += one.measured;
    json["attack"] = outcome.attack;
    json["complete"] = outcome.complete;
    json["severity"] = outcome.severity;
    json["classes"] = outcome.classes;
    json["copy"] = outcome.runs.front().run.copy.kind;
    json["out"] = outcome.out.empty() ? Json() : Json(outcome.out);
    json["agreement"] = share_json(outcome.curve.back().agreement);
    json["queries"] = outcome.runs.front().asked;
    json["queries_allowed"] = outcome.queries_allowed;
    json["queries_for_measuring"] = measured;
    json["pool"] = outcome.pool;
    json["samples"] = outcome.samples;
    json["victim_accuracy"] = share_json(outcome.accuracy);
    json["eps"] = outcome.eps > 0 ? Json(outcome.eps) : Json();
    json["seeds"] = outcome.seeds;
    json["points"] = points_json(outcome.curve, outcome.runs);
    json["queries_to"] = queries_json(outcome.curve);
    json["suggested_budget"] = outcome.suggested_budget ? Json(*outcome.suggested_budget) : Json();
    json["policies"] = policies_json(outcome.policies, outcome.accuracy.whole > 0);
    json["notes"] = outcome.notes;
}

}  // namespace bartizan::engine
