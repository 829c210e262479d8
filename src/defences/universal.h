#pragma once
/// How well one change, the same for all items, drives items of one class (or of all others) to a class: the universal
/// perturbation of Moosavi-Dezfooli et al. 2017, sought for each target and each pair of source and target. A trojan is
/// such a change by construction: a blended pattern, a sinusoid, a patch and, nearly, a warp; one that answers for one
/// source class alone (Tang et al. 2021, TaCT) shows in its pair and in no other. How low the loss gets within a ball
/// of fixed size is a smooth statistic after few steps, where the smallest change that works takes many.
/// Thread rule: free functions; cells are spread over `ctx.threads()`. Same seed, same numbers.

#include <cstdint>
#include <optional>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "model/classifier.h"

namespace bartizan::defences {

struct UniversalOptions {
    enum class Ball : std::uint8_t { euclid, largest } ball = Ball::euclid;
    double radius = 0.07;       ///< euclid: root mean square of the entries of the change; largest: of any entry
    int steps = 25;             ///< gradient steps
    std::int64_t samples = 32;  ///< clean rows of each cell, at most
    /// The change has one value along this dimension of an item: stripes, as of a signal added to every line of a
    /// picture (Barni et al. 2019, SIG). So few numbers allow a large radius without reaching every class.
    std::optional<std::size_t> constant_along;
};

/// From where to where, and how far it got.
struct UniversalCell {
    static constexpr std::int64_t kAll = -1;
    std::int64_t source = kAll;  ///< class of the rows; kAll: all but the target
    std::int64_t target = 0;
    double loss = 0;     ///< lowest mean cross-entropy to the target that was reached, in nats
    double success = 0;  ///< highest share of the rows that went to the target
};

/// One change, float32 like an item, and how far it gets with the rows that it was sought on.
struct UniversalChange {
    NdArray change;
    UniversalCell cell;
};

/// The change with the lowest loss on the way from all other classes to `target`; the rows are the first
/// `options.samples` of other classes. Runs in the calling thread. Fails as `universal_changes` does, and with
/// `invalid_input` where the model has no such class.
Result<UniversalChange> strongest_change(const model::Classifier& classifier, const data::Batch& clean,
                                         std::int64_t target, UniversalOptions options, const RunContext& ctx);

/// `x` float32 [n, item] in [0, 1] with the change added to every row, and cut to [0, 1].
Result<NdArray> changed(const NdArray& x, const NdArray& change);

/// One cell a class, from all others. `clean` holds labelled rows in [0, 1]. Fails with `invalid_input` when there
/// are no rows of another class, `unsupported` without gradients, `cancelled`.
Result<std::vector<UniversalCell>> universal_changes(const model::Classifier& classifier, const data::Batch& clean,
                                                     const UniversalOptions& options, RunContext& ctx);

/// Stripes along the first side of a picture, for each target, and then along the second; empty for items that are no
/// pictures. `options.constant_along` is set here. Fails as `universal_changes` does.
Result<std::vector<UniversalCell>> striped_changes(const model::Classifier& classifier, const data::Batch& clean,
                                                   UniversalOptions options, RunContext& ctx);

/// One cell for each ordered pair of different classes, by source and then target. A source without rows has the loss
/// of a blind guess. Fails as `universal_changes` does.
Result<std::vector<UniversalCell>> paired_changes(const model::Classifier& classifier, const data::Batch& clean,
                                                  const UniversalOptions& options, RunContext& ctx);

}  // namespace bartizan::defences
