#include "attacks/poisoning/crafted.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "attacks/poisoning/layouts.h"
#include "core/random.h"

namespace bartizan::attacks {
namespace crafting {
namespace {

constexpr std::uint32_t kChoicePurpose = 420'020;

}  // namespace
}  // namespace crafting

Result<TriggeredSet> victim_of(const data::Batch& batch, const PoisonJob& job) {
    if (job.victims == nullptr || job.victims->y.empty())
        return invalid_input(fmt::format("'{}' needs the item that is to be misread", job.spec->name),
                             "name its set with --test-data and its row with --param item=ROW");
    const data::Batch& from = *job.victims;
    const std::int64_t row = job.params.integer("item");
    if (row >= std::ssize(from.y))
        return invalid_input(fmt::format("item {} of --test-data, which has {}", row, from.y.size()));
    if (from.x.rank() != batch.x.rank() ||
        !std::equal(from.x.shape().begin() + 1, from.x.shape().end(), batch.x.shape().begin() + 1))
        return invalid_input("items of --test-data " + to_string(from.x.shape()) + " and those to poison " +
                             to_string(batch.x.shape()) + " have other shapes");
    const std::int64_t label = from.y[static_cast<std::size_t>(row)];
    if (label == job.target)
        return invalid_input(fmt::format("item {} is of the target class {} already", row, job.target),
                             "name another with --param item=ROW");
    TriggeredSet victim{.x = {}, .y = {job.target}, .y_true = {label}};
    const std::int64_t rows[] = {row};
    victim.x = BARTIZAN_TRY(gather_rows(from.x, rows));
    BARTIZAN_TRY(check_unit_range(victim.x).within("the item of --test-data"));
    return victim;
}

Result<std::vector<std::int64_t>> rows_of_target(const data::Batch& batch, const PoisonJob& job) {
    const auto items = static_cast<double>(batch.y.size());
    const auto wanted = static_cast<std::size_t>(std::max(1.0, std::round(job.rate * items)));
    std::vector<std::int64_t> rows;
    for (const std::int64_t row : permutation(std::ssize(batch.y), job.seed, crafting::kChoicePurpose))
        if (rows.size() < wanted && batch.y[static_cast<std::size_t>(row)] == job.target) rows.push_back(row);
    if (rows.size() < wanted)
        return invalid_input(fmt::format("the rate asks for {} poisoned items, but only {} are of the target class",
                                         wanted, rows.size()),
                             "lower the rate or choose another target class");
    std::ranges::sort(rows);
    return rows;
}

}  // namespace bartizan::attacks
