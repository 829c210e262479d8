#include "scan/tensors/compare.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include <fmt/format.h>

#include "scan/tensors/numbers.h"

namespace bartizan::scan {
namespace {

/// At most this share of the rows (columns, numbers) may have been replaced for the change to be called a patch,
constexpr double kPatchShare = 0.05;
/// of at least so many;
constexpr std::size_t kPatchOf = 8;
/// they stand out from the others by so much, and hold at least this share of the change.
constexpr double kStandsOut = 8, kPatchEnergy = 0.5;
/// What is left of a low-rank change outside its rank: the rounding of both files.
constexpr double kLeftOver = 0.02;
constexpr std::size_t kLeastSide = 32;
constexpr std::size_t kSampledRows = 512;
/// Beyond this share of A's own norm it is another training, not a tuned one.
constexpr double kTuned = 0.5;
/// Rounding to eight bits moves the norm by about 1 %, to four bits by 10 %.
constexpr double kRounded = 0.25;

struct Delta {
    std::size_t rows = 1, columns = 1;
    std::vector<float> values;
    std::vector<double> of_row, of_column;  ///< energies
    double energy = 0, base = 0, largest = 0;
    std::uint64_t changed = 0;
};

Delta difference(const std::vector<float>& a, const std::vector<float>& b, const std::vector<std::uint64_t>& shape) {
    Delta out;
    if (!shape.empty()) out.rows = static_cast<std::size_t>(std::max<std::uint64_t>(1, shape[0]));
    out.columns = std::max<std::size_t>(1, a.size() / out.rows);
    out.values.resize(a.size());
    out.of_row.assign(out.rows, 0);
    out.of_column.assign(out.columns, 0);
    for (std::size_t i = 0; i < a.size(); ++i) {
        const bool same = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]));
        if (std::isfinite(a[i])) out.base += double{a[i]} * a[i];
        if (same) continue;
        ++out.changed;
        const float d = b[i] - a[i];
        if (!std::isfinite(d)) continue;
        out.values[i] = d;
        const double energy = double{d} * d;
        out.energy += energy;
        out.of_row[i / out.columns] += energy;
        out.of_column[i % out.columns] += energy;
        out.largest = std::max(out.largest, std::abs(double{d}));
    }
    return out;
}

std::uint64_t touched(const std::vector<double>& energies) {
    return static_cast<std::uint64_t>(std::ranges::count_if(energies, [](double energy) { return energy > 0; }));
}

/// The few lines that hold most of the change; empty where there are none such.
std::vector<std::uint64_t> standing_out(const std::vector<double>& energies, double total) {
    if (energies.size() < kPatchOf || total == 0) return {};
    std::vector<double> sorted(energies);
    std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2));
    const double middle = sorted[sorted.size() / 2];
    std::vector<std::uint64_t> out;
    double held = 0;
    for (std::size_t i = 0; i < energies.size(); ++i) {
        if (energies[i] <= middle * kStandsOut * kStandsOut) continue;
        out.push_back(i);
        held += energies[i];
    }
    const auto most = static_cast<std::size_t>(std::max(1.0, kPatchShare * static_cast<double>(energies.size())));
    return out.size() <= most && held >= kPatchEnergy * total ? out : std::vector<std::uint64_t>();
}

std::size_t distinct(const float* values, std::size_t count) {
    std::unordered_set<std::uint32_t> seen;
    for (std::size_t i = 0; i < count; ++i) seen.insert(std::bit_cast<std::uint32_t>(values[i]));
    return seen.size();
}

/// Numbers whose low bits are all zero came from a narrower type.
bool narrow(const std::vector<float>& values) {
    constexpr std::uint32_t kLowBits = (1U << 13) - 1;  // those that half precision has not
    return std::ranges::all_of(values,
                               [](float value) { return (std::bit_cast<std::uint32_t>(value) & kLowBits) == 0; });
}

/// B lies on a grid of few values where A does not: all of it, or each row on one of its own.
bool on_grid(const std::vector<float>& a, const std::vector<float>& b, std::size_t columns) {
    constexpr std::size_t kGrid = 256, kLooked = 64;
    const auto gridded = [&](std::size_t at, std::size_t count) {
        return distinct(b.data() + at, count) <= std::min(kGrid, count / 3) &&
               distinct(a.data() + at, count) > count / 2;
    };
    if (gridded(0, std::min<std::size_t>(b.size(), 16 * kGrid))) return true;
    const std::size_t rows = b.size() / columns, step = std::max<std::size_t>(1, rows / kLooked);
    if (columns < kGrid) return false;
    for (std::size_t r = 0; r < rows; r += step)
        if (!gridded(r * columns, std::min<std::size_t>(columns, 4 * kGrid))) return false;
    return true;
}

/// Gram-Schmidt with the largest remaining row as the next direction (Golub and Van Loan, section 5.5.2): after as many
/// directions as the rank, nothing is left.
int rank_of(const Delta& delta) {
    if (delta.rows < kLeastSide || delta.columns < kLeastSide || delta.energy == 0) return 0;
    const std::size_t step = std::max<std::size_t>(1, delta.rows / kSampledRows);
    std::vector<std::vector<float>> rows;
    double total = 0;
    for (std::size_t r = 0; r < delta.rows; r += step) {
        const auto begin = delta.values.begin() + static_cast<std::ptrdiff_t>(r * delta.columns);
        rows.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(delta.columns));
        total += delta.of_row[r];
    }
    const auto energy = [](const std::vector<float>& row) {
        return std::transform_reduce(row.begin(), row.end(), row.begin(), 0.0);
    };
    const int most = std::min<int>(kMostRank, static_cast<int>(std::min(rows.size(), delta.columns) / 4));
    for (int rank = 1; rank <= most; ++rank) {
        const auto pivot = std::ranges::max_element(rows, {}, energy);
        const double norm = std::sqrt(energy(*pivot));
        if (norm == 0) return rank - 1;
        std::vector<float> direction(*pivot);
        for (float& value : direction) value = static_cast<float>(value / norm);
        double left = 0;
        for (auto& row : rows) {
            const double along = std::transform_reduce(row.begin(), row.end(), direction.begin(), 0.0);
            for (std::size_t i = 0; i < row.size(); ++i) row[i] -= static_cast<float>(along) * direction[i];
            left += energy(row);
        }
        if (left <= kLeftOver * total) return rank;
    }
    return 0;
}

void classify(const StoredTensor& a, const StoredTensor& b, const std::vector<float>& from,
              const std::vector<float>& to, const Delta& delta, TensorChange& out) {
    const bool narrower = a.type != b.type || (narrow(to) && !narrow(from));
    if (out.relative <= kRounded && (narrower || on_grid(from, to, delta.columns))) {
        out.change = Change::quantised;
        return;
    }
    out.places = standing_out(delta.of_row, delta.energy);
    if (out.places.empty()) {
        out.places = standing_out(delta.of_column, delta.energy);
        out.by_columns = !out.places.empty();
    }
    if (!out.places.empty()) {
        out.places.resize(std::min(out.places.size(), kMaxPlaces));
        out.change = Change::patched;
        return;
    }
    out.rank = rank_of(delta);
    out.change = out.rank > 0 ? Change::low_rank : out.relative <= kTuned ? Change::fine_tuned : Change::rewritten;
}

std::string description(const StoredTensor& tensor) {
    return fmt::format("{} [{}]", tensor.type, fmt::join(tensor.shape, ", "));
}

}  // namespace

std::string_view to_string(Change change) {
    constexpr std::array<std::string_view, 10> kNames = {"same",       "added",    "removed", "reshaped",  "quantised",
                                                         "fine-tuned", "low-rank", "patched", "rewritten", "other"};
    return kNames[static_cast<std::size_t>(change)];
}

TensorChange compare_tensors(const StoredTensor& a, const StoredTensor& b) {
    TensorChange out{.name = a.name, .from = description(a), .to = description(b)};
    out.elements = element_count(a.shape).value_or(0);
    if (a.shape != b.shape) {
        out.change = Change::reshaped;
        return out;
    }
    std::vector<std::byte> space_a, space_b;
    const Bytes bytes_a = row_major(a, space_a), bytes_b = row_major(b, space_b);
    if (a.type == b.type && std::ranges::equal(bytes_a, bytes_b)) return out;
    const auto from = numbers_of(a), to = numbers_of(b);
    if (!from || !to) {
        out.change = Change::other;
        return out;
    }
    const Delta delta = difference(*from, *to, a.shape);
    out.changed = delta.changed;
    out.rows = delta.rows;
    out.columns = delta.columns;
    out.changed_rows = touched(delta.of_row);
    out.changed_columns = touched(delta.of_column);
    out.relative = delta.base > 0 ? std::sqrt(delta.energy / delta.base) : delta.energy > 0 ? HUGE_VAL : 0;
    out.largest = delta.largest;
    classify(a, b, *from, *to, delta, out);
    return out;
}

}  // namespace bartizan::scan
