/// Binds each entry of the catalogue to its code.
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "attacks/attack.h"
#include "attacks/evasion/apgd.h"
#include "attacks/evasion/ascent.h"
#include "attacks/evasion/fab.h"
#include "attacks/evasion/sequence.h"
#include "attacks/evasion/square.h"

namespace bartizan::attacks {
namespace make {
namespace {

using evasion::ApgdOptions;
using evasion::AscentOptions;
using evasion::FabOptions;
using evasion::SquareOptions;
using Made = Result<std::unique_ptr<Attack>>;
using Parts = std::vector<std::unique_ptr<Attack>>;

Made fgsm(const ThreatModel& threat, const Params&) { return evasion::make_ascent(threat, {.to_worst_point = true}); }

Made bim(const ThreatModel& threat, const Params& params) {
    return evasion::make_ascent(
        threat,
        {.steps = params.integer("steps"), .step = params.number("step-size"), .sparsity = params.number("sparsity")});
}

/// The step of the parameters, or `share` of eps spread over the steps where none is given.
double step_or(const Params& params, double share) {
    const double step = params.number("step-size");
    return step > 0 ? step : share / static_cast<double>(params.integer("steps"));
}

Made pgd(const ThreatModel& threat, const Params& params) {
    Parts parts;
    for (std::int64_t restart = 0; restart < params.integer("restarts"); ++restart) {
        const AscentOptions options{.steps = params.integer("steps"),
                                    .step = step_or(params, 2.5),
                                    .random_start = params.flag("random-start") || restart > 0,
                                    .sparsity = params.number("sparsity"),
                                    .restart = restart};
        parts.push_back(BARTIZAN_TRY(evasion::make_ascent(threat, options)));
    }
    return evasion::make_sequence(std::move(parts));
}

Made mim(const ThreatModel& threat, const Params& params) {
    return evasion::make_ascent(threat, {.steps = params.integer("steps"),
                                         .step = step_or(params, 1),
                                         .momentum = true,
                                         .decay = params.number("decay"),
                                         .sparsity = params.number("sparsity")});
}

/// One stage for each target class and start.
Result<void> add_apgd(Parts& parts, const ThreatModel& threat, ApgdOptions options, std::int64_t restarts,
                      std::int64_t targets) {
    for (options.rank = 0; options.rank < targets; ++options.rank)
        for (options.restart = 0; options.restart < restarts; ++options.restart)
            parts.push_back(BARTIZAN_TRY(evasion::make_apgd(threat, options)));
    return {};
}

Made apgd(const ThreatModel& threat, const Params& params, Loss loss) {
    Parts parts;
    const ApgdOptions options{.loss = loss,
                              .steps = params.integer("steps"),
                              .rho = params.number("rho"),
                              .eot = params.integer("eot"),
                              .shrink = params.flag("shrink")};
    BARTIZAN_TRY(add_apgd(parts, threat, options, params.integer("restarts"), 1));
    return evasion::make_sequence(std::move(parts));
}

Made apgd_ce(const ThreatModel& threat, const Params& params) {
    return apgd(threat, params, threat.targeted ? Loss::targeted_cross_entropy : Loss::cross_entropy);
}

Made apgd_dlr(const ThreatModel& threat, const Params& params) { return apgd(threat, params, Loss::dlr); }

Made apgd_t(const ThreatModel& threat, const Params& params) {
    Parts parts;
    const ApgdOptions options{.loss = Loss::targeted_dlr,
                              .steps = params.integer("steps"),
                              .rho = params.number("rho"),
                              .shrink = params.flag("shrink")};
    BARTIZAN_TRY(add_apgd(parts, threat, options, params.integer("restarts"), params.integer("targets")));
    return evasion::make_sequence(std::move(parts));
}

FabOptions fab_options(const Params& params) {
    return {.steps = params.integer("steps"),
            .restarts = params.integer("restarts"),
            .alpha_max = params.number("alpha-max"),
            .eta = params.number("eta"),
            .beta = params.number("beta")};
}

Made fab(const ThreatModel& threat, const Params& params) { return evasion::make_fab(threat, fab_options(params)); }

Made fab_t(const ThreatModel& threat, const Params& params) {
    FabOptions options = fab_options(params);
    options.targets = params.integer("targets");
    return evasion::make_fab(threat, options);
}

Made square(const ThreatModel& threat, const Params& params) {
    Parts parts;
    for (std::int64_t restart = 0; restart < params.integer("restarts"); ++restart)
        parts.push_back(BARTIZAN_TRY(evasion::make_square(threat, {.queries = params.integer("queries"),
                                                                   .p_init = params.number("p-init"),
                                                                   .rescale = params.flag("rescale"),
                                                                   .restart = restart})));
    return evasion::make_sequence(std::move(parts));
}

// What the standard ensemble changes for l1 (Croce & Hein 2021, section 4).
constexpr std::int64_t kRestartsL1 = 5;
constexpr std::int64_t kTargetsL1 = 5;

Made autoattack(const ThreatModel& threat, const Params& params) {
    const bool l1 = threat.norm == Norm::l1;
    const std::int64_t steps = params.integer("steps"), targets = params.integer("targets");
    Parts parts;
    BARTIZAN_TRY(add_apgd(parts, threat, {.loss = Loss::cross_entropy, .steps = steps}, l1 ? kRestartsL1 : 1, 1));
    BARTIZAN_TRY(add_apgd(parts, threat, {.loss = Loss::targeted_dlr, .steps = steps}, 1,
                          l1 ? std::min(targets, kTargetsL1) : targets));
    for (std::int64_t rank = 0; rank < targets; ++rank)
        parts.push_back(BARTIZAN_TRY(
            evasion::make_fab(threat, {.steps = steps, .targets = 1, .first_rank = rank, .stop_within_eps = true})));
    parts.push_back(
        BARTIZAN_TRY(evasion::make_square(threat, {.queries = params.integer("queries"), .rescale = false})));
    return evasion::make_sequence(std::move(parts));
}

struct Binding {
    std::string_view name;
    Made (*make)(const ThreatModel& threat, const Params& params);
};

constexpr Binding kBindings[] = {
    {"fgsm", fgsm},
    {"bim", bim},
    {"pgd", pgd},
    {"mim", mim},
    {"apgd-ce", apgd_ce},
    {"apgd-dlr", apgd_dlr},
    {"apgd-t", apgd_t},
    {"fab", fab},
    {"fab-t", fab_t},
    {"square", square},
    {"autoattack", autoattack},
};

}  // namespace
}  // namespace make

Result<std::unique_ptr<Attack>> make_attack(std::string_view name, const ThreatModel& threat,
                                            const std::map<std::string, std::string>& given) {
    const catalog::AttackSpec* spec = BARTIZAN_TRY(catalog::find_attack(name));
    const std::string place = "attack '" + std::string(name) + "'";
    if (std::ranges::find(spec->norms, threat.norm) == spec->norms.end()) {
        std::string known;
        for (const Norm norm : spec->norms)
            known += (known.empty() ? "" : ", ") + std::string(catalog::to_string(norm));
        return unsupported(place + " has no form for " + std::string(catalog::to_string(threat.norm)),
                           "it knows " + known);
    }
    if (threat.targeted && !spec->can_target)
        return unsupported(place + " cannot aim at a class", "pgd, apgd-ce and square can");
    const Params params = BARTIZAN_TRY_WITHIN(Params::make(spec->params, given), place);
    const auto binding = std::ranges::find(make::kBindings, name, &make::Binding::name);
    if (binding == std::end(make::kBindings)) return internal_error(place + " is listed, but no code is bound to it");
    return binding->make(threat, params).within(place);
}

}  // namespace bartizan::attacks
