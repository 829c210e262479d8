/// Binds each entry of catalog/probes.h to its code.
#include <algorithm>

#include "audit/probes/probes.h"
#include "report/rules.h"

namespace bartizan::audit {
namespace {

struct Entry {
    std::string_view name;
    std::unique_ptr<Probe> (*make)(const Params&);
};

constexpr Entry kProbes[] = {
    {"quality", &quality::make},
    {"data-seal", &data_seal::make},
    {"data-quality", &data_quality::make},
    {"evasion-whitebox", &whitebox::make},
    {"evasion-blackbox", &blackbox::make},
    {"minimal-perturbation", &minimal::make},
    {"corruption", &corruption::make},
    {"bias", &bias::make},
    {"backdoor", &backdoor::make},
    {"poison", &poison::make},
    {"extraction", &extraction_probe::make},
    {"privacy", &privacy_probe::make},
    {"explain", &explain_probe::make},
    {"reliability", &reliability::make},
};

}  // namespace

Result<std::unique_ptr<Probe>> make_probe(const catalog::ProbeSpec& spec, const Params& params) {
    const auto found = std::ranges::find(kProbes, spec.name, &Entry::name);
    if (found == std::end(kProbes)) return internal_error("probe '" + std::string(spec.name) + "' has no code");
    return found->make(params);
}

Finding begin_finding(std::string_view rule, const Subject& subject) {
    Finding finding = report::finding_for(rule, Severity::info, {});
    finding.asset = subject.model_path.string();
    return finding;
}

std::optional<std::string> attack_obstacle(const Subject& subject, bool needs_gradients) {
    if (subject.batch.y.empty()) return "the data has no labels";
    if (!needs_gradients) return std::nullopt;
    const auto differentiable = subject.classifier->differentiable();
    if (!differentiable.ok()) return differentiable.error().line();
    return std::nullopt;
}

}  // namespace bartizan::audit
