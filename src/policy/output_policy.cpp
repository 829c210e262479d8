#include "policy/output_policy.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

#include "bartizan/params.h"
#include "core/random.h"
#include "crypto/hash.h"

namespace bartizan::policy {
namespace {

constexpr std::size_t kMostSteps = 8;
constexpr std::size_t kLongestText = 256;
constexpr double kTiny = 1e-12;

constexpr StepSpec kSpecs[] = {
    {"labels", "labels", "The class alone: 1 for it, 0 for the others.", ""},
    {"top-k", "top-k:K", "The K largest; what is left is shared evenly by the others.", ""},
    {"round", "round:DIGITS", "Decimal digits that are shown; the first class never ties.",
     "Tramer et al. 2016, Stealing Machine Learning Models via Prediction APIs"},
    {"temperature", "temperature:T", "Softer (above 1) or sharper answers, in the same order.",
     "Guo et al. 2017, On Calibration of Modern Neural Networks"},
    {"noise", "noise:DEVIATION", "Normal noise, the same each time for the same input.", ""},
    {"reverse-sigmoid", "reverse-sigmoid:BETA,GAMMA", "Bends scores so that they mislead a copy's training.",
     "Lee et al. 2018, Defending Against Model Stealing Attacks Using Deceptive Perturbations"},
};

std::size_t label_of(std::span<const double> p) {
    return static_cast<std::size_t>(std::ranges::max_element(p) - p.begin());
}

void normalise(std::span<double> p) {
    const double sum = std::accumulate(p.begin(), p.end(), 0.0);
    for (double& value : p) value = sum > 0 ? value / sum : 1.0 / static_cast<double>(p.size());
}

void only_label(std::span<double> p) {
    const std::size_t label = label_of(p);
    std::ranges::fill(p, 0.0);
    p[label] = 1;
}

void only_top(std::span<double> p, std::size_t k) {
    if (k >= p.size()) return;
    std::vector<std::size_t> order(p.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t i) { return p[i]; });
    double shown = 0;
    for (std::size_t i = 0; i < k; ++i) shown += p[order[i]];
    const double rest = std::max(0.0, 1 - shown) / static_cast<double>(p.size() - k);
    for (std::size_t i = k; i < p.size(); ++i) p[order[i]] = rest;
}

void to_digits(std::span<double> p, double digits) {
    const std::size_t label = label_of(p);
    const double unit = std::pow(10.0, -digits);
    for (double& value : p) value = std::min(1.0, std::round(value / unit) * unit);
    // A tie would hide the class that the model means, and with it the honest user's answer.
    for (std::size_t i = 0; i < p.size(); ++i)
        if (i != label && p[i] >= p[label]) p[label] = std::min(1.0, p[i] + unit);
}

void soften(std::span<double> p, double temperature) {
    const double largest = std::ranges::max(p);
    if (!(largest > 0)) return normalise(p);
    for (double& value : p) value = std::pow(value / largest, 1 / temperature);
    normalise(p);
}

void add_noise(std::span<double> p, double deviation, const Key& key, std::span<const std::byte> input) {
    const crypto::Sha256Digest digest = crypto::hmac_sha256(key, input);
    std::uint64_t words[2];
    std::memcpy(words, digest.data(), sizeof words);
    Random random(words[0], words[1]);
    for (double& value : p) value = std::max(0.0, value + deviation * static_cast<double>(random.normal()));
    normalise(p);
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// Lee et al. 2018, equation 4: y - beta (s(gamma s^-1(y)) - 1/2), scaled to sum to 1.
void bend(std::span<double> p, double beta, double gamma) {
    for (double& value : p) {
        const double y = std::clamp(value, kTiny, 1 - kTiny);
        value = std::max(0.0, value - beta * (sigmoid(gamma * std::log(y / (1 - y))) - 0.5));
    }
    normalise(p);
}

Result<double> bounded(std::string_view step, std::string_view text, double low, double high, bool whole) {
    const double value = BARTIZAN_TRY_WITHIN(parse_number(text), "policy step '" + std::string(step) + "'");
    if (value < low || value > high || (whole && value != std::floor(value)))
        return invalid_input(fmt::format("policy step '{}' takes a {}number from {:g} to {:g}, not {}", step,
                                         whole ? "whole " : "", low, high, text));
    return value;
}

}  // namespace

std::span<const StepSpec> step_specs() { return kSpecs; }

Result<OutputPolicy::Step> OutputPolicy::parse_step(std::string_view text) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view name = text.substr(0, colon);
    const std::string_view value = text.substr(std::min(colon + 1, text.size()));
    const auto spec = std::ranges::find(kSpecs, name, &StepSpec::name);
    if (spec == std::end(kSpecs)) {
        std::string forms;
        for (const StepSpec& one : kSpecs) forms += (forms.empty() ? "" : ", ") + std::string(one.form);
        return invalid_input("no output policy called '" + std::string(name) + "'", "there are none, " + forms);
    }
    const auto kind = static_cast<Kind>(spec - std::begin(kSpecs));
    if ((kind == Kind::labels) != value.empty())
        return invalid_input("policy step '" + std::string(text) + "' is not of the form " + std::string(spec->form));
    switch (kind) {
        case Kind::labels:
            return Step{kind};
        case Kind::top_k:
            return Step{kind, BARTIZAN_TRY(bounded(name, value, 1, 1e6, true))};
        case Kind::round:
            return Step{kind, BARTIZAN_TRY(bounded(name, value, 0, 15, true))};
        case Kind::temperature:
            return Step{kind, BARTIZAN_TRY(bounded(name, value, 0.01, 1000, false))};
        case Kind::noise:
            return Step{kind, BARTIZAN_TRY(bounded(name, value, 0, 10, false))};
        case Kind::reverse_sigmoid:
            break;
    }
    const std::size_t comma = value.find(',');
    if (comma == std::string_view::npos)
        return invalid_input("policy step '" + std::string(text) + "' is not of the form " + std::string(spec->form));
    return Step{kind, BARTIZAN_TRY(bounded(name, value.substr(0, comma), 0, 10, false)),
                BARTIZAN_TRY(bounded(name, value.substr(comma + 1), 0, 10, false))};
}

Result<OutputPolicy> OutputPolicy::parse(std::string_view text) {
    OutputPolicy policy;
    if (text == "none") return policy;
    if (text.empty() || text.size() > kLongestText) return invalid_input("an output policy of no or too many letters");
    while (true) {
        const std::size_t plus = std::min(text.find('+'), text.size());
        if (policy.steps_.size() == kMostSteps)
            return invalid_input(fmt::format("an output policy of more than {} steps", kMostSteps));
        policy.steps_.push_back(BARTIZAN_TRY(parse_step(text.substr(0, plus))));
        if (plus == text.size()) return policy;
        text.remove_prefix(plus + 1);
    }
}

OutputPolicy OutputPolicy::with_key(const Key& key) const {
    OutputPolicy keyed = *this;
    keyed.key_ = key;
    return keyed;
}

void OutputPolicy::apply(const Step& step, std::span<double> p, std::span<const std::byte> input) const {
    switch (step.kind) {
        case Kind::labels:
            return only_label(p);
        case Kind::top_k:
            return only_top(p, static_cast<std::size_t>(step.first));
        case Kind::round:
            return to_digits(p, step.first);
        case Kind::temperature:
            return soften(p, step.first);
        case Kind::noise:
            return add_noise(p, step.first, key_, input);
        case Kind::reverse_sigmoid:
            return bend(p, step.first, step.second);
    }
}

void OutputPolicy::apply(std::span<double> probabilities, std::span<const std::byte> input) const {
    if (probabilities.empty()) return;
    for (const Step& step : steps_) apply(step, probabilities, input);
}

bool OutputPolicy::shows_labels_alone() const {
    return std::ranges::any_of(steps_, [](const Step& step) { return step.kind == Kind::labels; });
}

std::string OutputPolicy::text() const {
    std::string text;
    for (const Step& step : steps_) {
        const StepSpec& spec = kSpecs[static_cast<std::size_t>(step.kind)];
        text += (text.empty() ? "" : "+") + std::string(spec.name);
        if (step.kind == Kind::reverse_sigmoid)
            text += fmt::format(":{:g},{:g}", step.first, step.second);
        else if (step.kind != Kind::labels)
            text += fmt::format(":{:g}", step.first);
    }
    return text.empty() ? "none" : text;
}

}  // namespace bartizan::policy
