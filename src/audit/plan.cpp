#include "audit/plan.h"

#include <algorithm>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "core/file.h"

namespace bartizan::audit {
namespace {

constexpr std::uint64_t kMaxPlanBytes = 64 * 1024;
constexpr std::int64_t kMaxSamples = 10'000'000;

Error at_line(const YAML::Node& node, const std::string& message, std::string hint = {}) {
    return invalid_input(fmt::format("line {}: {}", node.Mark().line + 1, message), std::move(hint));
}

Result<std::string> scalar(const YAML::Node& node) {
    if (!node.IsScalar()) return at_line(node, "a single value is needed here");
    return node.Scalar();
}

bool says_off(const YAML::Node& node) {
    return node.IsScalar() && (node.Scalar() == "off" || node.Scalar() == "false" || node.Scalar() == "no");
}

Result<Params> probe_params(const catalog::ProbeSpec& spec, const YAML::Node& node) {
    std::map<std::string, std::string> given;
    if (node.IsMap()) {
        for (const auto& entry : node)
            given[BARTIZAN_TRY(scalar(entry.first))] = BARTIZAN_TRY(scalar(entry.second));
    } else if (!node.IsNull() && !(node.IsScalar() && (node.Scalar() == "on" || node.Scalar() == "true"))) {
        return at_line(node, "a probe is 'on', 'off' or {parameter: value}");
    }
    return Params::make(spec.params, given).within(fmt::format("line {}", node.Mark().line + 1));
}

Result<void> apply_probes(const YAML::Node& node, Plan& plan) {
    if (!node.IsMap()) return at_line(node, "'probes' is a map from probe to parameters");
    for (const auto& entry : node) {
        const std::string name = BARTIZAN_TRY(scalar(entry.first));
        const auto found = catalog::find_probe(name);
        if (!found.ok()) return at_line(entry.first, found.error().message(), found.error().hint());
        const auto is_it = [&](const PlannedProbe& probe) { return probe.spec == *found; };
        if (says_off(entry.second)) {
            std::erase_if(plan.probes, is_it);
            continue;
        }
        Params params = BARTIZAN_TRY(probe_params(**found, entry.second));
        const auto planned = std::ranges::find_if(plan.probes, is_it);
        if (planned != plan.probes.end()) planned->params = std::move(params);
    }
    return {};
}

Result<void> apply(const YAML::Node& root, const data::Info& info, Plan& plan) {
    bool has_eps = false;
    for (const auto& entry : root) {
        const std::string key = BARTIZAN_TRY(scalar(entry.first));
        if (key == "norm") {
            plan.norm = BARTIZAN_TRY(catalog::norm_from(BARTIZAN_TRY(scalar(entry.second))));
        } else if (key == "eps") {
            plan.eps = BARTIZAN_TRY(parse_number(BARTIZAN_TRY(scalar(entry.second))));
            has_eps = true;
            if (plan.eps <= 0) return at_line(entry.second, "eps must be above 0");
        } else if (key == "samples") {
            const double samples = BARTIZAN_TRY(parse_number(BARTIZAN_TRY(scalar(entry.second))));
            if (samples < 1 || samples > kMaxSamples) return at_line(entry.second, "samples must be at least 1");
            plan.samples = static_cast<std::int64_t>(samples);
        } else if (key == "probes") {
            BARTIZAN_TRY(apply_probes(entry.second, plan));
        } else {
            return at_line(entry.first, "no setting called '" + key + "'", "there are norm, eps, samples, probes");
        }
    }
    if (!has_eps) plan.eps = reference_eps(info, plan.norm);
    return {};
}

/// Channels of an image: 1 or 3 by its shape; 0 if it is none.
int channels_of(const data::Info& info) {
    if (info.kind != data::Kind::image) return 0;
    if (info.item_shape.size() == 2) return 1;
    if (info.item_shape.size() != 3) return 0;
    return info.item_shape.front() == 3 || info.item_shape.back() == 3 ? 3 : 1;
}

struct NamedPlan {
    std::string_view name, yaml;
};

/// What a plan changes of the defaults.
constexpr NamedPlan kNamed[] = {
    {"quick", R"(
samples: 64
probes:
  evasion-whitebox: {steps: 10, final-steps: 20, pictures: 4}
  evasion-blackbox: {queries: 200, samples: 32}
  minimal-perturbation: {steps: 10, samples: 16}
  corruption: {samples: 200}
  bias: {resamples: 300}
  backdoor: {samples: 64, steps: 40, classes: 12}
  data-quality: {samples: 5000}
  poison: {samples: 2000, blends: 0}
  extraction: {queries: 200, steps: 200}
  privacy: {samples: 2000}
  explain: {samples: 6}
  reliability: {samples: 16, steps: 10}
)"},
    {"standard", ""},
    {"deep", R"(
samples: 1000
probes:
  evasion-whitebox: {steps: 100, final-steps: 200}
  evasion-blackbox: {queries: 5000, samples: 256}
  minimal-perturbation: {steps: 100, samples: 256}
  corruption: {samples: 5000}
  bias: {resamples: 5000}
  backdoor: {steps: 400, classes: 200}
  poison: {samples: 100000, blends: 100}
  extraction: {queries: 5000, steps: 5000}
  privacy: {references: 16}
  explain: {samples: 64}
  reliability: {samples: 256, steps: 100}
)"},
};

}  // namespace

bool is_named_plan(std::string_view name) {
    return std::ranges::find(kNamed, name, &NamedPlan::name) != std::end(kNamed);
}

Result<Plan> named_plan(std::string_view name, const data::Info& info) {
    const auto found = std::ranges::find(kNamed, name, &NamedPlan::name);
    if (found == std::end(kNamed))
        return Error(Errc::not_found, "no plan called '" + std::string(name) + "'", "there are quick, standard, deep");
    return parse_plan(found->yaml, info);
}

std::vector<double> Plan::curve() const { return {eps / 8, eps / 4, eps / 2, eps, 2 * eps}; }

double reference_eps(const data::Info& info, catalog::Norm norm) {
    const int channels = channels_of(info);
    switch (norm) {
        case catalog::Norm::linf: return channels == 3 ? 8.0 / 255 : channels == 1 ? 0.1 : 0.05;
        case catalog::Norm::l2: return channels == 3 ? 0.5 : channels == 1 ? 1.5 : 0.25;
        case catalog::Norm::l1: return channels == 3 ? 12 : channels == 1 ? 10 : 0.5;
        case catalog::Norm::l0: return 10;
    }
    return 0;
}

Result<Plan> default_plan(const data::Info& info) {
    Plan plan;
    plan.eps = reference_eps(info, plan.norm);
    for (const catalog::ProbeSpec& spec : catalog::probes())
        plan.probes.push_back({&spec, BARTIZAN_TRY(Params::make(spec.params, {}))});
    return plan;
}

Result<Plan> parse_plan(std::string_view yaml, const data::Info& info) {
    if (yaml.size() > kMaxPlanBytes)
        return exhausted(fmt::format("a plan of {} bytes, at most {} are read", yaml.size(), kMaxPlanBytes));
    Plan plan = BARTIZAN_TRY(default_plan(info));
    try {
        const YAML::Node root = YAML::Load(std::string(yaml));
        if (root.IsNull()) return plan;
        if (!root.IsMap()) return invalid_input("a plan is a map of settings", "begin with 'norm: linf'");
        BARTIZAN_TRY(apply(root, info, plan));
    } catch (const YAML::Exception& error) {
        return invalid_input(fmt::format("line {}: {}", error.mark.line + 1, error.msg));
    }
    return plan;
}

Result<Plan> read_plan(const std::filesystem::path& path, const data::Info& info) {
    const std::string text = BARTIZAN_TRY(read_file(path, kMaxPlanBytes));
    return parse_plan(text, info).within("plan '" + path.string() + "'");
}

}  // namespace bartizan::audit
