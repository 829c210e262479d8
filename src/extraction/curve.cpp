#include "extraction/curve.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "attacks/attack.h"
#include "attacks/runner.h"

namespace bartizan::extraction {
namespace curve {
namespace {

constexpr std::int64_t kLeastPoint = 16;
constexpr const char* kTransferSteps = "20";

/// Share of examples made on the copy, within eps of items, that change the victim's answer (transfer, Papernot et al.
/// 2017): the attacker keeps the victim's answers as labels, and has no others.
Result<Share> transfer_of(const Copy& copy, Victim& victim, const Judges& judges, RunContext& ctx) {
    Share share;
    if (!(judges.eps > 0) || !copy.classifier->differentiable().ok()) return share;
    const std::int64_t rows = std::min(judges.transfer_items, judges.items.x.shape()[0]);
    data::Batch batch{.x = BARTIZAN_TRY(judges.items.x.rows(0, rows))};
    for (std::int64_t i = 0; i < rows; ++i) batch.y.push_back(judges.answers.label(i)), batch.ids.push_back(i);
    const attacks::ThreatModel threat{.norm = catalog::Norm::linf, .eps = judges.eps};
    const auto attack = BARTIZAN_TRY(attacks::make_attack("pgd", threat, {{"steps", kTransferSteps}}));
    const attacks::RunResult result = BARTIZAN_TRY(attacks::run(*copy.classifier, *attack, threat, batch, ctx));
    if (!result.complete) return Error(Errc::cancelled, "stopped");
    const Answers fooled = BARTIZAN_TRY(victim.measure(result.adversarial, ctx));
    share.whole = rows;
    for (std::int64_t i = 0; i < rows; ++i) share.part += fooled.label(i) != batch.y[static_cast<std::size_t>(i)] ? 1 : 0;
    return share;
}

/// Expected calibration error (Guo et al. 2017, equation 3) with 15 bins.
double calibration_error(const Answers& answers, const std::vector<std::int64_t>& labels) {
    constexpr std::size_t kBins = 15;
    std::array<double, kBins> confidence{}, right{};
    for (std::int64_t i = 0; i < answers.rows(); ++i) {
        const double top = std::ranges::max(answers.row(i));
        const auto bin = std::min(kBins - 1, static_cast<std::size_t>(top * kBins));
        confidence[bin] += top;
        right[bin] += answers.label(i) == labels[static_cast<std::size_t>(i)] ? 1 : 0;
    }
    double sum = 0;
    for (std::size_t bin = 0; bin < kBins; ++bin) sum += std::abs(confidence[bin] - right[bin]);
    return answers.rows() == 0 ? 0 : sum / static_cast<double>(answers.rows());
}

double distance(std::span<const double> a, std::span<const double> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
    return sum;
}

/// Where the line of `height` over log queries passes `level`.
template <class Height>
std::optional<double> passes(const std::vector<Point>& points, double level, bool from_first, Height height) {
    for (std::size_t i = 0; i < points.size(); ++i) {
        const double here = height(points[i]);
        if (here < level) continue;
        if (i == 0) return from_first ? std::optional(static_cast<double>(points[0].queries)) : std::nullopt;
        const double before = height(points[i - 1]);
        const double a = std::log(static_cast<double>(points[i - 1].queries));
        const double b = std::log(static_cast<double>(points[i].queries));
        return std::exp(a + (b - a) * (level - before) / (here - before));
    }
    return std::nullopt;
}

}  // namespace
}  // namespace curve

std::vector<std::int64_t> query_points(std::int64_t queries, bool learns) {
    std::vector<std::int64_t> points;
    for (std::int64_t part = 16; learns && part > 1; part /= 2)
        if (queries / part >= curve::kLeastPoint) points.push_back(queries / part);
    points.push_back(queries);
    return points;
}

Result<Point> judge(const Copy& copy, Victim& victim, const Judges& judges, std::int64_t queries, RunContext& ctx) {
    Point point{.queries = queries};
    Victim mine(copy.classifier, {}, 0);
    const Answers answers = BARTIZAN_TRY(mine.measure(judges.items.x, ctx));
    for (std::int64_t i = 0; i < answers.rows(); ++i) {
        const std::int64_t said = answers.label(i);
        point.agreement.part += said == judges.answers.label(i) ? 1 : 0;
        if (!judges.items.y.empty()) point.accuracy.part += said == judges.items.y[static_cast<std::size_t>(i)] ? 1 : 0;
        point.score_gap += curve::distance(answers.row(i), judges.answers.row(i)) / static_cast<double>(answers.rows());
    }
    point.agreement.whole = answers.rows();
    point.accuracy.whole = judges.items.y.empty() ? 0 : answers.rows();
    point.transfer = BARTIZAN_TRY(curve::transfer_of(copy, victim, judges, ctx));
    return point;
}

Result<Run> run(Attack& attack, Victim& victim, const Judges& judges, const std::vector<std::int64_t>& points,
                RunContext& ctx) {
    Run out;
    for (const std::int64_t queries : points) {
        const auto step = [&]() -> Result<void> {
            BARTIZAN_TRY(attack.ask(victim, queries, ctx));
            Copy copy = BARTIZAN_TRY(attack.copy(ctx));
            const Point point = BARTIZAN_TRY(judge(copy, victim, judges, victim.asked(), ctx));
            const bool again = !out.points.empty() && out.points.back().queries == point.queries;
            if (again) out.points.pop_back();  // nothing was left to ask
            out.points.push_back(point);
            out.copy = std::move(copy);
            return {};
        };
        const Result<void> done = step();
        if (done.ok()) continue;
        if (done.error().code() != Errc::cancelled || out.points.empty()) return done.error();
        out.complete = false;
        break;
    }
    out.note = attack.note();
    return out;
}

QueriesTo queries_to(const std::vector<Point>& points, double level) {
    return {curve::passes(points, level, true, [](const Point& point) { return point.agreement.value(); }),
            curve::passes(points, level, false, [](const Point& point) { return point.agreement.interval().high; }),
            curve::passes(points, level, true, [](const Point& point) { return point.agreement.interval().low; })};
}

UserCost user_cost(const policy::OutputPolicy& policy, const Judges& judges) {
    UserCost cost;
    const Answers seen = seen_through(policy, judges.answers, judges.items.x);
    cost.argmax_kept.whole = seen.rows();
    for (std::int64_t i = 0; i < seen.rows(); ++i) {
        cost.argmax_kept.part += seen.label(i) == judges.answers.label(i) ? 1 : 0;
        cost.distance += curve::distance(seen.row(i), judges.answers.row(i)) / static_cast<double>(seen.rows());
    }
    if (judges.items.y.empty()) return cost;
    cost.calibration_error = curve::calibration_error(seen, judges.items.y);
    cost.calibration_error_before = curve::calibration_error(judges.answers, judges.items.y);
    return cost;
}

}  // namespace bartizan::extraction
