#pragma once
/// What would have to be otherwise for the model to say something else: the nearest rows of a table that it answers
/// differently (Wachter et al. 2018, arXiv:1711.00399), with few columns changed and several ways to choose from
/// (Mothilal et al. 2020, arXiv:1905.07697). Needs scores alone, so that trees have them too.
/// A row is sought from the seen rows nearest by that have the wanted answer and by single columns that help most for
/// their distance; then every change that is not needed is taken back, and what is left is made as small as it can be.
/// Thread rule: pure functions; predictions use `ctx.threads()`.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "explain/table_space.h"
#include "model/classifier.h"

namespace bartizan::explain {

struct CounterfactualOptions {
    std::optional<std::int64_t> target;  ///< the answer that is wanted; nothing: any other
    /// By how much the wanted logit must lead, as a share of the median lead over the seen rows: at 0 the row lies on the
    /// boundary, where the slightest noise takes it back.
    double margin = 0.05;
    std::size_t ways = 3;  ///< rows that change different columns
};

struct Counterfactual {
    std::vector<float> row;
    std::vector<std::size_t> changed;  ///< columns
    std::int64_t answer = 0;
    double distance = 0;   ///< TableSpace::distance from the item
    double stability = 0;  ///< share of noisy copies (1 % of each changeable column's range) with an answer that is wanted
    double strangeness = 0;  ///< distance to the fifth nearest seen row, by the median of that over seen rows
};

struct Counterfactuals {
    std::int64_t said = 0;             ///< the model's answer
    std::vector<Counterfactual> ways;  ///< nearest first; empty: none was found within what was seen
    double neighbour = 0;              ///< distance of the nearest seen row with a wanted answer; infinite: there is none
};

/// One search for each of the rows of `x` float32 [n, columns]. Same seed, same rows. A row that has the wanted answer
/// already gets no way. Fails as the model does, `invalid_input` on a class that is not there, `cancelled`.
Result<std::vector<Counterfactuals>> counterfactuals(const std::shared_ptr<const model::Classifier>& classifier,
                                                     const NdArray& x, const TableSpace& space,
                                                     const CounterfactualOptions& options, RunContext& ctx);

}  // namespace bartizan::explain
