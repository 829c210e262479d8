#include "apps/engine/hardening_worth.h"

#include <cmath>
#include <utility>

#include "attacks/attack.h"
#include "attacks/runner.h"
#include "core/statistics.h"

namespace bartizan::engine {
namespace hardening_worth {
namespace {

constexpr const char* kAttackSteps = "50";
constexpr double kLevel = 0.01;

}  // namespace
}  // namespace hardening_worth

Result<HardeningWorth> hardening_worth_of(const model::Classifier& classifier, const data::Batch& batch, double eps,
                                          RunContext& ctx) {
    const attacks::ThreatModel threat{.norm = catalog::Norm::linf, .eps = eps};
    const auto attack =
        BARTIZAN_TRY(attacks::make_attack(kJudgingAttack, threat, {{"steps", hardening_worth::kAttackSteps}}));
    const attacks::RunResult result = BARTIZAN_TRY(attacks::run(classifier, *attack, threat, batch, ctx));
    if (!result.complete) return Error(Errc::cancelled, "stopped");
    HardeningWorth worth{.samples = result.samples, .clean = result.clean_correct, .robust = result.robust_correct};
    worth.clean_ok = result.clean_ok;
    for (std::size_t i = 0; i < result.success.size(); ++i)
        worth.robust_ok.push_back(result.clean_ok[i] != 0 && result.success[i] == 0 ? 1 : 0);
    return worth;
}

Json hardening_worth_json(const HardeningWorth& worth) {
    const Interval clean = wilson_interval(worth.clean, worth.samples);
    const Interval robust = wilson_interval(worth.robust, worth.samples);
    return {{"samples", worth.samples},
            {"accuracy", worth.share(worth.clean)},
            {"accuracy_interval", {clean.low, clean.high}},
            {"robust_accuracy", worth.share(worth.robust)},
            {"robust_accuracy_interval", {robust.low, robust.high}}};
}

std::vector<JudgedPart> judged_parts_of(const data::Batch& batch, std::int64_t classes,
                                        const std::vector<std::string>& names,
                                        const std::vector<data::Grouping>& groupings) {
    std::vector<JudgedPart> parts;
    for (std::int64_t c = 0; c < classes; ++c) {
        const auto at = static_cast<std::size_t>(c);
        parts.push_back({"class", at < names.size() ? names[at] : std::to_string(c), {}});
    }
    for (std::size_t row = 0; row < batch.y.size(); ++row)
        parts[static_cast<std::size_t>(batch.y[row])].rows.push_back(row);
    for (const data::Grouping& grouping : groupings) {
        const std::size_t first = parts.size();
        for (const std::string& group : grouping.groups) parts.push_back({grouping.name, group, {}});
        for (std::size_t row = 0; row < grouping.of_item.size(); ++row)
            if (grouping.of_item[row] >= 0)
                parts[first + static_cast<std::size_t>(grouping.of_item[row])].rows.push_back(row);
    }
    return parts;
}

JudgedCounts judged_counts_of(const HardeningWorth& worth, const JudgedPart& part) {
    JudgedCounts counts;
    for (const std::size_t row : part.rows) {
        counts.clean += worth.clean_ok[row];
        counts.robust += worth.robust_ok[row];
    }
    return counts;
}

double sign_test(std::int64_t lost, std::int64_t won) {
    const auto n = static_cast<double>(lost + won);
    double tail = 0;
    for (std::int64_t k = lost; k <= lost + won; ++k) {
        const auto many = static_cast<double>(k);
        tail += std::exp(std::lgamma(n + 1) - std::lgamma(many + 1) - std::lgamma(n - many + 1) - n * std::log(2.0));
    }
    return std::min(1.0, tail);
}

std::vector<HardeningHarm> hardening_harms(const std::vector<JudgedPart>& parts, const HardeningWorth& before,
                                           const HardeningWorth& after) {
    std::vector<HardeningHarm> found;
    for (const JudgedPart& part : parts)
        for (const bool attacked : {false, true}) {
            const auto& was = attacked ? before.robust_ok : before.clean_ok;
            const auto& is = attacked ? after.robust_ok : after.clean_ok;
            HardeningHarm harm{.part = &part, .attacked = attacked};
            for (const std::size_t row : part.rows) {
                harm.lost += was[row] != 0 && is[row] == 0 ? 1 : 0;
                harm.won += was[row] == 0 && is[row] != 0 ? 1 : 0;
            }
            harm.p = sign_test(harm.lost, harm.won);
            if (harm.p * 2 * static_cast<double>(parts.size()) < hardening_worth::kLevel) found.push_back(harm);
        }
    return found;
}

}  // namespace bartizan::engine
