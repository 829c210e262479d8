#pragma once
/// Items that a model was trained on and others of the same kind that it was not, as one batch: what privacy is measured
/// on. Thread rule: pure function.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bartizan/result.h"
#include "data/dataset.h"

namespace bartizan::data {

/// Members first, then the others.
struct MemberPool {
    Batch batch;                       ///< its ids count from 0
    std::vector<std::uint8_t> member;  ///< 1 for members
    std::size_t members = 0;
};

/// The batch without the items that `known` holds too: test data often hold copies of training items.
Result<Batch> without_copies(const Batch& batch, const Batch& known);

/// Both labelled. Fails with `invalid_input` when the shapes differ, or when an item is on both sides: that would be an
/// answer without a question (naming how many, and the first).
Result<MemberPool> member_pool(const Batch& members, const Batch& nonmembers);

}  // namespace bartizan::data
