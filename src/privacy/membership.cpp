#include "privacy/membership.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/random.h"

namespace bartizan::privacy {
namespace membership_parts {
namespace {

constexpr std::size_t kFeatures = 32;

/// Random projections of the input, and its class: what the quantile regression may know of an item.
std::vector<float> features_of(const Asked& asked) {
    const std::size_t items = asked.labels.size(), width = asked.x.size() / items;
    const std::size_t all = kFeatures + static_cast<std::size_t>(asked.classes);
    std::vector<float> signs(width * kFeatures), out(items * all, 0);
    Random random(0, 0, 900);
    for (float& sign : signs) sign = random.sign() / std::sqrt(static_cast<float>(width));
    const std::span<const float> x = asked.x;
    for (std::size_t i = 0; i < items; ++i) {
        for (std::size_t d = 0; d < width; ++d)
            for (std::size_t k = 0; x[i * width + d] != 0 && k < kFeatures; ++k)
                out[i * all + k] += x[i * width + d] * signs[d * kFeatures + k];
        out[i * all + kFeatures + static_cast<std::size_t>(asked.labels[i])] = 1;
    }
    return out;
}

std::size_t members_of(const Asked& asked) {
    return static_cast<std::size_t>(std::ranges::count(asked.member, std::uint8_t{1}));
}

/// Attacks that compare with a population take one half of the non-members for it while judging the other.
template <class Score>
std::vector<double> cross_fitted(const Asked& asked, Score score) {
    std::vector<std::uint8_t> half[2] = {std::vector<std::uint8_t>(asked.member.size(), 0),
                                         std::vector<std::uint8_t>(asked.member.size(), 0)};
    for (std::size_t i = members_of(asked); i < asked.member.size(); ++i) half[i % 2][i] = 1;
    const std::vector<double> by[2] = {score(half[0]), score(half[1])};
    std::vector<double> out;
    for (std::size_t i = 0; i < asked.member.size(); ++i)
        out.push_back(half[0][i] != 0 ? by[1][i] : half[1][i] != 0 ? by[0][i] : (by[0][i] + by[1][i]) / 2);
    return out;
}

}  // namespace
}  // namespace membership_parts

void ReferenceTables::add(const Signals& signals, std::span<const std::uint8_t> in) {
    for (const auto& [table, values] : {std::pair(&scaled, &signals.scaled), {&confidence, &signals.confidence}}) {
        table->items = in.size();
        table->values.insert(table->values.end(), values->begin(), values->end());
        table->in.insert(table->in.end(), in.begin(), in.end());
    }
}

MembershipAttack attack_of(std::string name, std::string needs, std::vector<double> scores, const Asked& asked) {
    MembershipAttack out{std::move(name), std::move(needs), std::move(scores), {}};
    out.roc = roc_of(out.scores, asked.member);
    return out;
}

std::vector<MembershipAttack> attacks_without_references(const Asked& asked, const Signals& target) {
    using namespace membership_parts;
    const std::vector<float> features = features_of(asked);
    const std::size_t width = features.size() / asked.member.size();
    const auto by_class = [&](const auto& population) { return attack_p(target.scaled, asked.labels, population); };
    const auto by_likes = [&](const auto& population) {
        return quantile_regression(target.scaled, features, width, population);
    };
    std::vector<MembershipAttack> out;
    out.push_back(attack_of("gap", "labels", {target.correct.begin(), target.correct.end()}, asked));
    out.push_back(attack_of("loss", "scores", target.negative_loss, asked));
    out.push_back(attack_of("modified-entropy", "scores", target.negative_entropy, asked));
    out.push_back(attack_of("attack-p", "scores", cross_fitted(asked, by_class), asked));
    out.push_back(attack_of("quantile-regression", "scores", cross_fitted(asked, by_likes), asked));
    return out;
}

std::vector<MembershipAttack> attacks_with_references(const Asked& asked, const Signals& target,
                                                      const ReferenceTable& scaled, const ReferenceTable& confidence) {
    using namespace membership_parts;
    const auto online = [&](const auto& population) { return rmia_online(target.confidence, confidence, population); };
    const auto offline = [&](const auto& population) { return rmia_offline(target.confidence, confidence, population); };
    std::vector<MembershipAttack> out;
    out.push_back(attack_of("lira-online", "references", lira_online(target.scaled, scaled), asked));
    out.push_back(attack_of("lira-offline", "references", lira_offline(target.scaled, scaled), asked));
    out.push_back(attack_of("rmia-online", "references", cross_fitted(asked, online), asked));
    out.push_back(attack_of("rmia-offline", "references", cross_fitted(asked, offline), asked));
    return out;
}

const MembershipAttack& strongest(const std::vector<MembershipAttack>& attacks) {
    return *std::ranges::max_element(
        attacks, {}, [](const MembershipAttack& one) { return std::pair(one.roc.tpr_at(0.01), one.roc.auc); });
}

Severity severity_of_membership(const MembershipAttack& best) {
    const bool enough = best.roc.nonmembers >= kLeastForPerMille;
    if (enough && best.roc.tpr_interval(0.001).low > 0.005) return Severity::high;
    if (best.roc.tpr_interval(0.01).low > 0.02 || best.roc.auc_interval.low > 0.6) return Severity::medium;
    return Severity::info;
}

}  // namespace bartizan::privacy
