#pragma once
/// Randomized smoothing (Cohen, Rosenfeld, Kolter 2019): the class that a model gives most often to noisy copies of an
/// input is certified within an l2 radius around it, with a stated chance of error. Works for any model; models trained
/// on noise (`harden --method gaussian`) get radii worth having.
/// Noise is made and added in double precision, then rounded to float32: the bound takes the sum for exactly Gaussian,
/// which numbers of any precision only come close to (Jin et al. 2022).
/// Thread rule: pure functions; `certify_smoothed` works on `ctx.threads()` threads.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/input_contract.h"
#include "graph/graph.h"
#include "model/classifier.h"

namespace bartizan::defences {

struct Smoothing {
    double sigma = 0.25;             ///< deviation of the noise, in data units
    std::int64_t selecting = 100;    ///< noisy copies that choose the class
    std::int64_t samples = 10'000;   ///< others, that count for it
    double alpha = 0.001;            ///< chance that a certificate is wrong, for each input
};

struct SmoothedAnswer {
    std::int64_t label = -1;  ///< -1: abstains
    double radius = 0;        ///< l2, in data units
    std::int64_t votes = 0;   ///< of `samples`
};

/// The largest p that fewer than `k` of `n` successes would not contradict at level `alpha` (Clopper, Pearson 1934, one
/// side), rounded down: P[Bin(n, p) >= k] <= alpha holds for what is returned. 0 <= k <= n, n at least 1.
double lower_bound_of_share(std::int64_t k, std::int64_t n, double alpha);
/// sigma times the quantile of the normal distribution at `share`, rounded down; 0 for a share of at most 1/2.
double smoothed_radius(double share, double sigma);

/// Cohen et al., algorithm CERTIFY, for each row of `x` (float32, data units). Noise is keyed by seed and `ids`. Fails
/// as the classifier does, `cancelled` when stopped.
Result<std::vector<SmoothedAnswer>> certify_smoothed(const model::Classifier& classifier, const NdArray& x,
                                                     std::span<const std::int64_t> ids, const Smoothing& options,
                                                     RunContext& ctx);

/// A graph that answers with the shares of `copies` noisy copies that `model` gives to each class: the smoothed model
/// as one file, drawing new noise at each call. Fails with `unsupported` on what cannot be preprocessed, on models whose
/// items have no known shape, or whose first output is not [N, classes].
Result<graph::Graph> smoothed_graph(const graph::Graph& model, const data::InputContract& contract, double sigma,
                                    std::int64_t copies, std::int64_t classes);

}  // namespace bartizan::defences
