#include "audit/cost.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "attacks/forward_pass.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::audit {
namespace costs {
namespace {

constexpr std::int64_t kTimedRows = 256, kTimedGradients = 32;
/// A training step costs about a gradient and the optimiser's work.
constexpr double kTraining = 1.3;
/// Integrated gradients, five times with the sensitivity, and again with fresh weights; as measured on convolutions.
constexpr double kExplained = 2'500, kCurves = 400;
/// The search for a trigger takes at most so many items a step.
constexpr double kTriggerRows = 64;

struct Numbers {
    const PlannedProbe& planned;
    const Subject& subject;

    double of(std::string_view name) const { return planned.params.number(name); }
    double items() const { return static_cast<double>(subject.batch.y.size()); }
    double classes() const { return static_cast<double>(subject.classifier->classes()); }
    double attacked() const { return std::min(items(), static_cast<double>(subject.samples)); }
    double attacked_by(std::string_view name) const { return std::min(attacked(), of(name)); }
    /// Targeted attacks take the nine likeliest.
    double targets() const { return std::clamp(classes() - 1, 1.0, 9.0); }
};

using Estimate = Cost (*)(const Numbers&);
struct Entry {
    std::string_view probe;
    Estimate estimate;
};

constexpr Entry kEstimates[] = {
    {"quality", [](const Numbers& n) { return Cost{n.items(), 0}; }},
    {"evasion-whitebox",
     [](const Numbers& n) {
         const double targeted = n.classes() >= 4 ? n.targets() : 0;
         return Cost{0, n.attacked() * (5 * n.of("steps") + (1 + targeted) * n.of("final-steps"))};
     }},
    {"evasion-blackbox", [](const Numbers& n) { return Cost{n.attacked_by("samples") * n.of("queries"), 0}; }},
    {"minimal-perturbation",
     [](const Numbers& n) { return Cost{0, n.attacked_by("samples") * n.of("steps") * n.targets()}; }},
    {"corruption", [](const Numbers& n) { return Cost{std::min(n.items(), n.of("samples")) * 15, 0}; }},
    {"bias", [](const Numbers& n) { return Cost{n.items(), n.attacked() * 40}; }},
    {"backdoor",
     [](const Numbers& n) {
         return Cost{n.items(), n.classes() * n.of("steps") * std::min(n.of("samples"), kTriggerRows)};
     }},
    {"poison", [](const Numbers& n) { return Cost{n.of("samples") * (1 + n.of("blends")), 0}; }},
    {"extraction",
     [](const Numbers& n) {
         return Cost{n.items() * 4, 32 * n.of("steps") * kTraining};
     }},
    {"privacy",
     [](const Numbers& n) {
         const double items = 2 * std::min(n.items(), n.of("samples"));
         return Cost{items * (1 + n.of("references")), n.of("references") * n.of("epochs") * items / 2 * kTraining};
     }},
    {"explain",
     [](const Numbers& n) {
         const double inputs = std::min(n.items(), n.of("samples"));
         return Cost{inputs * kCurves, inputs * kExplained};
     }},
    {"reliability",
     [](const Numbers& n) { return Cost{n.attacked_by("samples") * 40, n.attacked_by("samples") * n.of("steps") * 6}; }},
};

/// The fastest of a few: the first pays for what is made once.
template <class Work>
Result<double> seconds_of(const RunContext& ctx, Work work) {
    double best = INFINITY;
    for (int round = 0; round < 3; ++round) {
        const auto begin = ctx.now();
        BARTIZAN_TRY(work());
        best = std::min(best, std::chrono::duration<double>(ctx.now() - begin).count());
    }
    return best;
}

std::string duration(double seconds) {
    if (seconds < 1) return "under 1 s";
    return seconds < 100 ? fmt::format("{:.0f} s", seconds) : fmt::format("{:.0f} min", std::ceil(seconds / 60));
}

}  // namespace
}  // namespace costs

std::optional<Cost> cost_of(const PlannedProbe& planned, const Subject& subject) {
    const auto found = std::ranges::find(costs::kEstimates, planned.spec->name, &costs::Entry::probe);
    if (found == std::end(costs::kEstimates)) return std::nullopt;
    return found->estimate({planned, subject});
}

Result<void> expect_costs(const Subject& subject, Plan& plan, const RunContext& ctx) {
    using namespace costs;
    const std::int64_t items = std::ssize(subject.batch.y);
    if (items == 0) return {};
    const std::int64_t rows = std::min(items, kTimedRows), few = std::min(items, kTimedGradients);
    const NdArray part = BARTIZAN_TRY(subject.batch.x.rows(0, rows));
    const double look = BARTIZAN_TRY(seconds_of(ctx, [&]() -> Result<void> {
                            BARTIZAN_TRY(model::predict(*subject.classifier, part, ctx));
                            return {};
                        })) /
                        static_cast<double>(rows);
    double gradient = 3 * look;
    if (subject.classifier->differentiable().ok()) {
        const at::Tensor x = BARTIZAN_TRY(model::to_tensor(BARTIZAN_TRY(subject.batch.x.rows(0, few))));
        gradient = BARTIZAN_TRY(seconds_of(ctx, [&]() -> Result<void> {
                       auto pass = BARTIZAN_TRY(
                           attacks::ForwardPass::of(*subject.classifier, x, attacks::ForwardPass::Way::forth_and_back));
                       BARTIZAN_TRY(pass.back(at::zeros({few, subject.classifier->classes()})));
                       return {};
                   })) /
                   static_cast<double>(few) / std::max(1, ctx.threads());
    }
    for (PlannedProbe& planned : plan.probes) {
        const auto probe = make_probe(*planned.spec, planned.params);
        if (!probe.ok() || (*probe)->obstacle(subject)) continue;
        if (const auto cost = cost_of(planned, subject))
            planned.expected_seconds = cost->looks * look + cost->gradients * gradient;
    }
    return {};
}

std::string costs_text(const Subject& subject, const Plan& plan) {
    std::vector<const PlannedProbe*> known;
    std::string by_data;
    double whole = 0;
    for (const PlannedProbe& planned : plan.probes) {
        if (planned.expected_seconds) {
            known.push_back(&planned);
            whole += *planned.expected_seconds;
        } else if (const auto probe = make_probe(*planned.spec, planned.params); probe.ok() && !(*probe)->obstacle(subject)) {
            by_data += fmt::format(", {} as long as reading the data takes", planned.spec->title);
        }
    }
    std::ranges::stable_sort(known, std::ranges::greater(), [](const PlannedProbe* one) { return *one->expected_seconds; });
    std::string out = fmt::format("the audit will take at most about {}", costs::duration(whole));
    for (std::size_t i = 0; i < known.size(); ++i)
        out += fmt::format("{} {} {}", i == 0 ? ":" : ",", known[i]->spec->title, costs::duration(*known[i]->expected_seconds));
    return out + by_data + "\n";
}

}  // namespace bartizan::audit
