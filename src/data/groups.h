#pragma once
/// Which group each item belongs to: by a column of a table, an array that lies beside x and y in an .npz, or a CSV
/// file of its own with a row for each item. Groups are what fairness is measured over; the model need not see them.
/// Thread rule: plain values.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "data/dataset.h"

namespace bartizan::data {

struct Grouping {
    std::string name;                   ///< "sex", "sex x race"
    std::vector<std::string> groups;    ///< their names, in the order of their values
    std::vector<std::int32_t> of_item;  ///< index into `groups`, for each row of the batch; -1: unknown
};

inline constexpr std::size_t kMostGroups = 64;

/// `spec`: a name ("sex"), or a name with cut points for a number ("age:25,45" gives three groups).
/// `file`: a CSV with a header, as many rows as the data set in its file; empty: the data set itself has it.
/// Fails with `not_found` naming what there is, `invalid_input` on more than kMostGroups values or other lengths.
Result<Grouping> read_grouping(const Info& info, const Batch& batch, std::string_view spec,
                               const std::filesystem::path& file = {});

/// The groups of two groupings at once ("female, under 25"); those that nobody is in are left out.
Grouping intersection(const Grouping& a, const Grouping& b);

}  // namespace bartizan::data
