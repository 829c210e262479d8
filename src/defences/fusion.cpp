#include "defences/fusion.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace bartizan::defences {
namespace fusion {
namespace {

constexpr int kVotesNeeded = 2;
constexpr double kCertain = 3.29;       // of the Wilson bound: one class in a thousand by chance
constexpr double kShareByVotes = 0.05;  // of a class: chance gives each detector 1 %

}  // namespace
}  // namespace fusion

Result<Vote> calibrated_vote(std::string name, std::vector<double> scores, std::vector<double> clean, double rate) {
    if (!(rate > 0 && rate < 1) || static_cast<double>(clean.size()) * rate < 1)
        return invalid_input(std::to_string(clean.size()) + " trusted items cannot show a false-positive rate of " +
                             std::to_string(rate));
    const auto finite = [](double value) { return std::isfinite(value); };
    if (!std::ranges::all_of(clean, finite) || !std::ranges::all_of(scores, finite))
        return invalid_input("the scores of " + name + " hold NaN or infinity");
    Vote vote{std::move(name), std::move(scores), 0, 0, {}, std::ssize(clean)};
    std::ranges::sort(clean);
    const auto above = static_cast<std::size_t>(std::floor(rate * static_cast<double>(clean.size())));
    vote.threshold = clean[clean.size() - 1 - above];
    const auto alarms = std::ranges::count_if(clean, [&](double value) { return value > vote.threshold; });
    vote.clean_rate = static_cast<double>(alarms) / static_cast<double>(clean.size());
    vote.clean_interval = wilson_interval(alarms, std::ssize(clean));
    return vote;
}

PoisonCheck fuse(const ScanResult& scan, std::span<const Vote> votes, std::span<const std::int64_t> labels) {
    std::vector<int> gathered(labels.size(), 0);
    for (const Vote& vote : votes)
        for (std::size_t i = 0; i < labels.size(); ++i) gathered[i] += vote.scores[i] > vote.threshold ? 1 : 0;
    PoisonCheck out;
    std::map<std::int64_t, ClassVerdict> classes;
    std::map<std::int64_t, std::int64_t> voted;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto row = static_cast<std::int64_t>(i);
        ClassVerdict& one = classes[labels[i]];
        one.label = labels[i];
        ++one.items;
        const bool outvoted = gathered[i] >= fusion::kVotesNeeded;
        voted[labels[i]] += outvoted ? 1 : 0;
        if (!outvoted && !std::ranges::binary_search(scan.suspects, row)) continue;
        ++one.suspects;
        out.suspects.push_back(row);
    }
    for (const ScanClass& one : scan.classes) {
        classes[one.label].index = one.index;
        classes[one.label].by_scan = one.flagged;
    }
    bool found = false;
    for (auto& [label, one] : classes) {
        one.by_votes = wilson_interval(voted[label], one.items, fusion::kCertain).low > fusion::kShareByVotes;
        found = found || one.by_scan || one.by_votes;
        out.classes.push_back(one);
    }
    out.verdict = found ? PoisonVerdict::suspicious : scan.verdict;
    return out;
}

}  // namespace bartizan::defences
