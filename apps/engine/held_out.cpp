#include "apps/engine/held_out.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "apps/engine/inputs.h"
#include "core/random.h"
#include "data/sources.h"

namespace bartizan::engine {
namespace held_out {
namespace {

constexpr std::int64_t kJudged = 1000;  // held-out items that the model is judged by, before and after
constexpr double kShare = 0.1;          // of the data, if no --test-data is given

}  // namespace
}  // namespace held_out

Result<HeldOut> hold_out(const cli::Invocation& invocation) {
    using namespace held_out;
    HeldOut parts;
    std::unique_ptr<data::Dataset> whole = BARTIZAN_TRY(open_data(invocation));
    const std::int64_t items = whole->info().items;
    if (invocation.has("test-data")) {
        const auto test = BARTIZAN_TRY(open_data(invocation, "test-data"));
        std::vector<std::int64_t> rows = permutation(test->info().items, 0, 1);
        rows.resize(std::min<std::size_t>(rows.size(), kJudged));
        std::ranges::sort(rows);
        parts.judged = BARTIZAN_TRY(test->read(rows));
        parts.judged_info = test->info();
        parts.train = std::move(whole);
        return parts;
    }
    const std::int64_t held_out = std::min<std::int64_t>(kJudged, std::llround(kShare * static_cast<double>(items)));
    if (held_out < 1)
        return invalid_input(fmt::format("{} items are too few to hold some out", items), "give --test-data");
    std::vector<std::int64_t> rows = permutation(items, static_cast<std::uint64_t>(invocation.integer("seed", 0)), 1);
    std::vector<std::int64_t> rest(rows.begin() + held_out, rows.end());
    rows.resize(static_cast<std::size_t>(held_out));
    std::ranges::sort(rest);
    std::ranges::sort(rows);
    parts.judged = BARTIZAN_TRY(whole->read(rows));
    parts.judged_info = whole->info();
    parts.train = data::subset_of(std::move(whole), std::move(rest));
    return parts;
}

}  // namespace bartizan::engine
