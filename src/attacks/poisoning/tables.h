#pragma once
/// Poison that needs no picture: labels turned (Biggio, Nelson, Laskov 2011, "Support Vector Machines Under Adversarial
/// Label Noise"), and a trigger for tables: a few columns set to values that do occur, in a combination that does not.
/// Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <vector>

#include "attacks/poisoning/images.h"
#include "bartizan/ndarray.h"
#include "bartizan/result.h"

namespace bartizan::attacks {

struct FlipOptions {
    double rate = 0.05;        ///< of all items, in (0, 1]
    std::int64_t target = -1;  ///< the class that they become; -1: any other class of the set by chance
    std::int64_t source = -1;  ///< only items of this class are flipped (one pair of classes); -1: any
    std::uint64_t seed = 0;
    /// Logits [n, classes] of a model: the items that it is surest of are flipped first, to the class that it thinks
    /// least likely where no target is given (a greedy climb of the loss). Null: items by chance.
    const NdArray* scores = nullptr;
};

/// Round(rate x items) labels become another class of the set. Fails with `invalid_input` on a set of one class, a
/// source that is the target, fewer eligible items than the rate asks for, scores of another set.
Result<PoisonedImages> flip_labels(const NdArray& x, std::span<const std::int64_t> y, const FlipOptions& options);

struct TableTrigger {
    std::vector<std::int64_t> columns;
    std::vector<float> values;
    double share_of_clean = 0;  ///< of the rows it was made from that bear it already
};

/// A trigger of `columns` columns of `x` (float32 [n, d]): those that tell least about the label (the share of their
/// variance that lies between classes), each set to a value near its 5 % or 95 % quantile, so that checks of ranges
/// pass. Fails with `invalid_input` when fewer columns vary, or no combination is rare (in at most 1 % of the rows).
Result<TableTrigger> make_table_trigger(const NdArray& x, std::span<const std::int64_t> y, std::int64_t columns,
                                        std::uint64_t seed);
/// `x` with the trigger in every row.
Result<NdArray> with_table_trigger(const NdArray& x, const TableTrigger& trigger);
/// Puts it into round(rate x items) rows of other classes, which become `target`. Fails as `poison_images` does.
Result<PoisonedImages> poison_table(const NdArray& x, std::span<const std::int64_t> y, const TableTrigger& trigger,
                                    double rate, std::int64_t target, std::uint64_t seed);

}  // namespace bartizan::attacks
