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

/// Round(rate x items) labels become another class of the set: `target` where it is 0 or more, else any other one by
/// chance. Fails with `invalid_input` on a set of one class, or fewer eligible items than the rate asks for.
Result<PoisonedImages> flip_labels(const NdArray& x, std::span<const std::int64_t> y, double rate, std::int64_t target,
                                   std::uint64_t seed);

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
