#pragma once
/// Which rows of a table can be: what the columns' values were seen to be, which of them may change, which way, and
/// which belong together. Counterfactuals stay inside. Thread rule: plain values and pure functions.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"

namespace bartizan::explain {

/// As the user names them: by the column's name, or its number.
struct TableRules {
    std::vector<std::string> immutable;
    std::vector<std::string> increase, decrease;  ///< may only grow (age), only fall
    std::vector<std::vector<std::string>> one_of;  ///< columns of which just one is set: they change together
};

struct TableColumn {
    std::string name;
    float low = 0, high = 0;  ///< as seen
    bool whole = false;       ///< only whole numbers were seen
    bool fixed = false;       ///< may not change, or was never seen to
    int direction = 0;        ///< +1: may only grow, -1: only fall
    /// What a change is measured by: the median absolute deviation from the median (Wachter et al. 2018, equation 4); where
    /// more than half of the values are equal, the mean absolute deviation.
    double scale = 1;
};

/// What changes as one: a column, or the columns of a one-of group.
struct TableFeature {
    std::vector<std::size_t> columns;
    /// Values to try, one for each column: quantiles of a single column, what was seen of a group.
    std::vector<std::vector<float>> seen;
};

struct TableSpace {
    std::vector<TableColumn> columns;
    std::vector<TableFeature> features;  ///< only those that may change
    std::vector<float> rows;             ///< what was seen, [n, columns]

    std::size_t width() const { return columns.size(); }
    std::size_t count() const { return columns.empty() ? 0 : rows.size() / columns.size(); }
    std::span<const float> row(std::size_t i) const { return std::span(rows).subspan(i * width(), width()); }
    /// Sum over the columns of |a - b| / scale.
    double distance(std::span<const float> a, std::span<const float> b) const;
    double distance(const TableFeature& feature, std::span<const float> a, std::span<const float> b) const;
    /// May this feature go from `from` to `to`: within what was seen, whole where it has to be, in the right direction?
    bool allows(const TableFeature& feature, std::span<const float> from, std::span<const float> to) const;
};

/// Values of a column that are tried, at most.
inline constexpr std::size_t kSeenValues = 24;
/// Of `rows` float32 [n, columns], n >= 2. Fails with `invalid_input` naming a column that is not there, two rules that
/// contradict each other, a group of one column.
Result<TableSpace> table_space(const NdArray& rows, const std::vector<std::string>& names, const TableRules& rules);

}  // namespace bartizan::explain
