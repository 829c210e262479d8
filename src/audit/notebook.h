#pragma once
/// What the probes of one audit have found so far, for those that come later: the reliability probe compares what
/// the others measured. Thread rule: one thread at a time.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attacks/attack.h"
#include "attacks/runner.h"
#include "audit/evaluation.h"
#include "bartizan/params.h"
#include "data/dataset.h"

namespace bartizan::audit {

/// Robust accuracy under one attack at one radius, with the rows it was measured on.
struct Attacked {
    std::string attack;
    catalog::Access access;
    double eps = 0;
    std::vector<std::int64_t> rows;    ///< positions in the audit's batch
    std::vector<std::uint8_t> robust;  ///< per row: correct and not fooled
    double robust_accuracy() const;
};

struct Notebook {
    std::optional<Evaluation> clean;
    std::vector<Attacked> attacked;
};

/// The given rows of a batch, copied.
Result<data::Batch> select(const data::Batch& batch, const std::vector<std::int64_t>& rows);
/// The first `count` rows, or all.
std::vector<std::int64_t> first_rows(const data::Batch& batch, std::int64_t count);

}  // namespace bartizan::audit
