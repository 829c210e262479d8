#include "explain/kernel_shap.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "core/random.h"

namespace bartizan::explain {
namespace kernel_shap_parts {
namespace {

/// Coalitions with the weight that each has in the regression.
using Weighted = std::map<Coalition, double>;

/// (M - 1) / (C(M, s) s (M - s)) over all coalitions of the size: the binomials cancel.
double weight_of_size(std::size_t players, std::size_t size) {
    return static_cast<double>(players - 1) / static_cast<double>(size * (players - size));
}

double count_of_size(std::size_t players, std::size_t size) {
    double out = 1;
    for (std::size_t i = 1; i <= size; ++i) out = out * static_cast<double>(players - size + i) / static_cast<double>(i);
    return std::round(out);
}

Coalition complement(Coalition coalition) {
    for (std::uint8_t& in : coalition) in = in == 0 ? 1 : 0;
    return coalition;
}

/// Every coalition of the size, and its complement.
void add_whole_size(std::size_t players, std::size_t size, Weighted& out) {
    const double each = weight_of_size(players, size) / count_of_size(players, size);
    Coalition coalition(players, 0);
    std::fill_n(coalition.begin(), size, std::uint8_t{1});
    do {
        out.insert_or_assign(coalition, each);
        out.insert_or_assign(complement(coalition), each);
    } while (std::ranges::prev_permutation(coalition).found);
}

/// Pairs of the sizes that the budget does not cover, drawn in proportion to what the sizes weigh.
void add_drawn(std::size_t players, std::size_t from, std::int64_t pairs, std::uint64_t seed, Weighted& out) {
    std::vector<double> upto;
    double whole = 0;
    for (std::size_t size = from; 2 * size <= players; ++size) {
        whole += weight_of_size(players, size) * (2 * size == players ? 1 : 2);
        upto.push_back(whole);
    }
    Random random(seed, 0, 502);
    std::vector<std::size_t> order(players);
    std::map<Coalition, double> drawn;
    for (std::int64_t pair = 0; pair < pairs; ++pair) {
        const double at = random.uniform53() * whole;
        const auto found = static_cast<std::size_t>(std::ranges::upper_bound(upto, at) - upto.begin());
        const std::size_t size = from + std::min(found, upto.size() - 1);
        std::iota(order.begin(), order.end(), std::size_t{0});
        Coalition coalition(players, 0);
        for (std::size_t i = 0; i < size; ++i) {
            std::swap(order[i], order[i + random.below(players - i)]);
            coalition[order[i]] = 1;
        }
        drawn[complement(coalition)] += 1;
        drawn[std::move(coalition)] += 1;
    }
    for (auto& [coalition, times] : drawn)
        out.emplace(coalition, whole * times / (2 * static_cast<double>(pairs)));
}

Weighted coalitions_of(std::size_t players, std::int64_t budget, std::uint64_t seed, bool& exact) {
    Weighted out;
    double left = static_cast<double>(budget);
    std::size_t size = 1;
    for (; 2 * size <= players; ++size) {
        const double count = count_of_size(players, size) * (2 * size == players ? 1 : 2);
        if (count > left) break;
        add_whole_size(players, size, out);
        left -= count;
    }
    exact = 2 * size > players;
    if (!exact && left >= 2) add_drawn(players, size, static_cast<std::int64_t>(left / 2), seed, out);
    return out;
}

/// min |A v - b| by Householder reflections, in place; A [rows, columns] row-major, of full rank.
std::vector<double> least_squares(std::vector<double>& a, std::vector<double>& b, std::size_t columns) {
    const std::size_t rows = b.size();
    for (std::size_t k = 0; k < columns; ++k) {
        double norm = 0;
        for (std::size_t i = k; i < rows; ++i) norm += a[i * columns + k] * a[i * columns + k];
        norm = std::sqrt(norm);
        if (norm == 0) continue;
        const double pivot = a[k * columns + k], sign = pivot < 0 ? -1 : 1;
        a[k * columns + k] = pivot + sign * norm;
        double square = 0;
        for (std::size_t i = k; i < rows; ++i) square += a[i * columns + k] * a[i * columns + k];
        std::vector<double> dot(columns - k, 0);
        double dot_b = 0;
        for (std::size_t i = k; i < rows; ++i) {
            const double v = a[i * columns + k];
            for (std::size_t j = k + 1; j < columns; ++j) dot[j - k] += v * a[i * columns + j];
            dot_b += v * b[i];
        }
        for (std::size_t i = k; i < rows; ++i) {
            const double v = 2 * a[i * columns + k] / square;
            for (std::size_t j = k + 1; j < columns; ++j) a[i * columns + j] -= v * dot[j - k];
            b[i] -= v * dot_b;
        }
        a[k * columns + k] = -sign * norm;
    }
    std::vector<double> out(columns, 0);
    for (std::size_t k = columns; k-- > 0;) {
        double sum = b[k];
        for (std::size_t j = k + 1; j < columns; ++j) sum -= a[k * columns + j] * out[j];
        out[k] = a[k * columns + k] == 0 ? 0 : sum / a[k * columns + k];
    }
    return out;
}

}  // namespace
}  // namespace kernel_shap_parts

std::int64_t usual_budget(std::size_t players) { return 2 * static_cast<std::int64_t>(players) + 2048; }

Result<Shapley> kernel_shap(std::size_t players, std::int64_t budget, std::uint64_t seed, const Game& game) {
    using namespace kernel_shap_parts;
    if (players == 0) return invalid_input("a game without players has no values");
    if (players <= kExactPlayers) budget = std::int64_t{1} << players;
    budget = std::max(budget, 2 * static_cast<std::int64_t>(players));
    Shapley out;
    out.exact = players == 1;
    Weighted weighted;
    if (players > 1) weighted = coalitions_of(players, budget, seed, out.exact);

    std::vector<Coalition> asked = {Coalition(players, 0), Coalition(players, 1)};
    std::vector<double> weights;
    for (auto& [coalition, weight] : weighted) asked.push_back(coalition), weights.push_back(weight);
    const std::vector<double> worth = BARTIZAN_TRY(game(asked));
    out.none = worth[0], out.all = worth[1];
    out.coalitions = std::ssize(asked);
    const double whole = out.all - out.none;
    if (players == 1) {
        out.values = {whole};
        return out;
    }
    // The last player's value is what the others leave of the whole.
    const std::size_t columns = players - 1;
    std::vector<double> a(weights.size() * columns), b(weights.size());
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const Coalition& coalition = asked[i + 2];
        const double root = std::sqrt(weights[i]), last = coalition[columns];
        for (std::size_t j = 0; j < columns; ++j) a[i * columns + j] = root * (coalition[j] - last);
        b[i] = root * (worth[i + 2] - out.none - last * whole);
    }
    out.values = least_squares(a, b, columns);
    out.values.push_back(whole - std::accumulate(out.values.begin(), out.values.end(), 0.0));
    return out;
}

}  // namespace bartizan::explain
