#include "defences/fusion.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace bartizan::defences {
namespace fusion {
namespace {

constexpr int kVotesNeeded = 2;
constexpr double kCertain = 3.29;       // of the Wilson bound: one class in a thousand by chance
constexpr double kShareByVotes = 0.05;  // of a class, at the least; a class that is hard to tell has its own
constexpr double kMostOfClass = 0.1;    // of a suspicious class: beyond, a list of suspects is none
constexpr std::int64_t kLeastTrusted = 20;
constexpr double kTiny = 1e-12;
constexpr double kMostLevel = 0.2;      // of each vote: beyond, two detectors agree by habit

/// For each trusted item how many votes fall on it when each is wrong about `above` of them.
std::vector<int> gathered_at(const std::vector<Scores>& scores, const std::vector<std::vector<double>>& sorted,
                             std::size_t above) {
    std::vector<int> gathered(sorted.front().size(), 0);
    for (std::size_t k = 0; k < scores.size(); ++k) {
        const double threshold = sorted[k][sorted[k].size() - 1 - above];
        for (std::size_t i = 0; i < gathered.size(); ++i) gathered[i] += scores[k].clean[i] > threshold ? 1 : 0;
    }
    return gathered;
}

/// One class: positions among the suspect and among the trusted items.
struct Members {
    std::vector<std::size_t> rows, trusted;
};

std::vector<bool> voted_items(const Votes& votes, std::size_t items) {
    constexpr int needed = kVotesNeeded;
    std::vector<int> gathered(items, 0);
    for (const Vote& vote : votes.votes)
        for (std::size_t i = 0; i < items; ++i) gathered[i] += vote.scores[i] > vote.threshold ? 1 : 0;
    std::vector<bool> out(items);
    for (std::size_t i = 0; i < items; ++i) out[i] = gathered[i] >= needed;
    return out;
}

/// Classes that are hard to tell gather more votes, trusted or not.
double usual_share(const Votes& votes, const Members& members) {
    if (members.trusted.empty() || votes.clean_suspects.empty()) return kShareByVotes;
    std::int64_t alarms = 0;
    for (const std::size_t i : members.trusted) alarms += votes.clean_suspects[i];
    return std::max(kShareByVotes, wilson_interval(alarms, std::ssize(members.trusted)).high);
}

bool exceeds(const std::vector<std::size_t>& rows, const std::vector<bool>& voted, double share) {
    const auto alarms = std::ranges::count_if(rows, [&](std::size_t row) { return voted[row]; });
    return wilson_interval(alarms, std::ssize(rows), kCertain).low > share;
}

struct Spread {
    double mean = 0, deviation = 1;
};
Spread spread_of(const std::vector<double>& scores, const std::vector<std::size_t>& rows) {
    Spread out{0, 0};
    const double n = static_cast<double>(rows.size());
    for (const std::size_t row : rows) out.mean += scores[row] / n;
    for (const std::size_t row : rows) out.deviation += (scores[row] - out.mean) * (scores[row] - out.mean) / n;
    out.deviation = std::max(std::sqrt(out.deviation), kTiny);
    return out;
}

/// The two loudest detectors of an item together, each in deviations of the trusted items of its class: a detector that
/// this attack escapes does not drown out the others.
double loudness(const Votes& votes, const std::vector<Spread>& spreads, std::size_t row, bool clean) {
    double first = -std::numeric_limits<double>::infinity(), second = first;
    for (std::size_t k = 0; k < votes.votes.size(); ++k) {
        const std::vector<double>& scores = clean ? votes.votes[k].clean : votes.votes[k].scores;
        const double z = (scores[row] - spreads[k].mean) / spreads[k].deviation;
        if (z > first) second = std::exchange(first, z);
        else second = std::max(second, z);
    }
    return first + second;
}

void mark_loud(const Votes& votes, const Members& members, std::size_t items, std::vector<bool>& loud) {
    if (std::ssize(members.trusted) < kLeastTrusted) return;
    std::vector<Spread> spreads;
    for (const Vote& vote : votes.votes) spreads.push_back(spread_of(vote.clean, members.trusted));
    std::vector<double> usual;
    for (const std::size_t row : members.trusted) usual.push_back(loudness(votes, spreads, row, true));
    std::ranges::sort(usual);
    const double share = std::min(kMostOfClass, votes.rate * static_cast<double>(items) / static_cast<double>(members.rows.size()));
    const auto above = static_cast<std::size_t>(std::floor(share * static_cast<double>(usual.size())));
    const double threshold = usual[usual.size() - 1 - above];
    for (const std::size_t row : members.rows) loud[row] = loudness(votes, spreads, row, false) > threshold;
}

}  // namespace
}  // namespace fusion

Result<Vote> calibrated_vote(std::string name, std::vector<double> scores, std::vector<double> clean, double rate) {
    if (!(rate > 0 && rate < 1) || static_cast<double>(clean.size()) * rate < 1)
        return invalid_input(std::to_string(clean.size()) + " trusted items cannot show a false-positive rate of " +
                             std::to_string(rate));
    const auto finite = [](double value) { return std::isfinite(value); };
    if (!std::ranges::all_of(clean, finite) || !std::ranges::all_of(scores, finite))
        return invalid_input("the scores of " + name + " hold NaN or infinity");
    Vote vote{std::move(name), std::move(scores), clean, 0, 0, {}, std::ssize(clean)};
    std::ranges::sort(clean);
    const auto above = static_cast<std::size_t>(std::floor(rate * static_cast<double>(clean.size())));
    vote.threshold = clean[clean.size() - 1 - above];
    const auto alarms = std::ranges::count_if(clean, [&](double value) { return value > vote.threshold; });
    vote.clean_rate = static_cast<double>(alarms) / static_cast<double>(clean.size());
    vote.clean_interval = wilson_interval(alarms, std::ssize(clean));
    return vote;
}

Result<Votes> calibrate_together(std::vector<Scores> scores, double rate) {
    Votes out;
    out.rate = rate;
    if (scores.empty()) return out;
    std::vector<std::vector<double>> sorted;
    for (const Scores& one : scores) {
        BARTIZAN_TRY(calibrated_vote(one.name, one.suspect, one.clean, rate));  // checks numbers and their number
        if (one.clean.size() != scores.front().clean.size())
            return internal_error("the detectors judged different trusted items");
        sorted.push_back(one.clean);
        std::ranges::sort(sorted.back());
    }
    const double items = static_cast<double>(sorted.front().size());
    constexpr int needed = fusion::kVotesNeeded;
    const auto suspects = [&](std::size_t above) {
        return std::ranges::count_if(fusion::gathered_at(scores, sorted, above), [&](int votes) { return votes >= needed; });
    };
    // More votes each, more pairs: the count only rises, so the largest level is found by halving.
    const double most = scores.size() < 2 ? rate : fusion::kMostLevel;  // one detector has nobody to agree with
    std::size_t low = 0, high = static_cast<std::size_t>(std::floor(most * items)) + 1;
    while (low + 1 < high) {
        const std::size_t middle = (low + high) / 2;
        (static_cast<double>(suspects(middle)) <= rate * items ? low : high) = middle;
    }
    out.level = static_cast<double>(low) / items;
    const std::vector<int> gathered = fusion::gathered_at(scores, sorted, low);
    for (const int votes : gathered) out.clean_suspects.push_back(votes >= needed ? 1 : 0);
    const auto alarms = std::ranges::count(out.clean_suspects, 1);
    out.clean_rate = static_cast<double>(alarms) / items;
    out.clean_interval = wilson_interval(alarms, std::ssize(gathered));
    for (std::size_t k = 0; k < scores.size(); ++k) {
        Vote vote{std::move(scores[k].name), std::move(scores[k].suspect), std::move(scores[k].clean),
                  sorted[k][sorted[k].size() - 1 - low], 0, {}, std::ssize(sorted[k])};
        const auto wrong = std::ranges::count_if(vote.clean, [&](double value) { return value > vote.threshold; });
        vote.clean_rate = static_cast<double>(wrong) / items;
        vote.clean_interval = wilson_interval(wrong, std::ssize(sorted[k]));
        out.votes.push_back(std::move(vote));
    }
    return out;
}

PoisonCheck fuse(const ScanResult& scan, const Votes& votes, std::span<const std::int64_t> labels,
                 std::span<const std::int64_t> trusted) {
    using namespace fusion;
    std::map<std::int64_t, Members> classes;
    for (std::size_t i = 0; i < labels.size(); ++i) classes[labels[i]].rows.push_back(i);
    for (std::size_t i = 0; i < trusted.size(); ++i)
        if (const auto found = classes.find(trusted[i]); found != classes.end()) found->second.trusted.push_back(i);
    const std::vector<bool> voted = voted_items(votes, labels.size());
    PoisonCheck out;
    bool found = false;
    for (const auto& [label, members] : classes) {
        ClassVerdict one{.label = label, .items = std::ssize(members.rows)};
        if (const auto scanned = std::ranges::find(scan.classes, label, &ScanClass::label); scanned != scan.classes.end()) {
            one.index = scanned->index;
            one.by_scan = scanned->flagged;
        }
        const double usual = usual_share(votes, members);
        one.by_votes = exceeds(members.rows, voted, usual);
        std::vector<std::size_t> rest;  // what SCAn does not name
        for (const std::size_t row : members.rows)
            if (!std::ranges::binary_search(scan.suspects, static_cast<std::int64_t>(row))) rest.push_back(row);
        std::vector<bool> loud(labels.size(), false);
        if (one.by_votes && exceeds(rest, voted, usual)) mark_loud(votes, members, labels.size(), loud);
        for (const std::size_t row : members.rows) {
            const auto at = static_cast<std::int64_t>(row);
            const bool named = std::ranges::binary_search(scan.suspects, at) || voted[row] || loud[row];
            if (!named) continue;
            (one.by_scan || one.by_votes ? one.rows : out.doubtful).push_back(at);
        }
        found = found || one.by_scan || one.by_votes;
        out.suspects.insert(out.suspects.end(), one.rows.begin(), one.rows.end());
        out.classes.push_back(std::move(one));
    }
    std::ranges::sort(out.suspects);
    std::ranges::sort(out.doubtful);
    out.verdict = found ? PoisonVerdict::suspicious : scan.verdict;
    return out;
}

}  // namespace bartizan::defences
