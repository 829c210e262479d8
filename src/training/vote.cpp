#include "training/vote.h"

#include <algorithm>

namespace bartizan::training {

Vote decide(std::span<const std::int64_t> counts) {
    Vote vote{.winner = std::ranges::max_element(counts) - counts.begin()};
    std::int64_t rival = 0;
    for (std::int64_t c = 0; c < std::ssize(counts); ++c)
        if (c != vote.winner) rival = std::max(rival, counts[static_cast<std::size_t>(c)] + (c < vote.winner ? 1 : 0));
    vote.radius = (counts[static_cast<std::size_t>(vote.winner)] - rival) / 2;
    return vote;
}

std::vector<std::int64_t> certified_counts(std::span<const Vote> votes, std::span<const std::int64_t> labels) {
    std::vector<std::int64_t> counts(1, 0);
    for (std::size_t i = 0; i < votes.size(); ++i) {
        if (votes[i].winner != labels[i]) continue;
        const auto radius = static_cast<std::size_t>(votes[i].radius);
        if (counts.size() < radius + 2) counts.resize(radius + 2, 0);
        for (std::size_t changes = 0; changes <= radius; ++changes) ++counts[changes];
    }
    return counts;
}

}  // namespace bartizan::training
