#include "quality/neighbours.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "core/random.h"

namespace bartizan::quality {
namespace {

constexpr std::size_t kQueries = 32;   ///< rows that are compared at one time
constexpr std::size_t kBlock = 1'024;  ///< with so many others: both stay in the cache

/// Squared distances of one query to `count` rows that lie column by column: the loop over rows is vectorised.
__attribute__((target_clones("avx512f", "avx2", "default"))) void distances(const float* query, const float* columns,
                                                                            std::size_t width, std::size_t count,
                                                                            float* out) {
    for (std::size_t i = 0; i < count; ++i) out[i] = 0;
    for (std::size_t d = 0; d < width; ++d) {
        const float value = query[d];
        const float* column = columns + d * count;
        for (std::size_t i = 0; i < count; ++i) {
            const float difference = column[i] - value;
            out[i] += difference * difference;
        }
    }
}

/// The k smallest so far, the largest of them first.
class Nearest {
public:
    explicit Nearest(int k) : k_(static_cast<std::size_t>(k)) {}
    float bar() const { return heap_.size() < k_ ? std::numeric_limits<float>::max() : heap_.front().first; }
    void add(float distance, std::int32_t index) {
        if (heap_.size() == k_) {
            std::ranges::pop_heap(heap_);
            heap_.back() = {distance, index};
        } else {
            heap_.emplace_back(distance, index);
        }
        std::ranges::push_heap(heap_);
    }
    std::vector<std::pair<float, std::int32_t>> sorted() {
        std::ranges::sort_heap(heap_);
        return heap_;
    }

private:
    std::size_t k_;
    std::vector<std::pair<float, std::int32_t>> heap_;
};

class Search {
public:
    Search(const Matrix& matrix, Neighbours& out) : matrix_(matrix), out_(out) {
        const std::size_t rows = matrix.rows(), width = matrix.width;
        turned_.resize(matrix.values.size());
        for (std::size_t begin = 0; begin < rows; begin += kBlock) {
            const std::size_t count = std::min(kBlock, rows - begin);
            for (std::size_t i = 0; i < count; ++i)
                for (std::size_t d = 0; d < width; ++d)
                    turned_[begin * width + d * count + i] = matrix.values[(begin + i) * width + d];
        }
    }

    /// The queries [from, to).
    void run(std::size_t from, std::size_t to) {
        std::vector<Nearest> found(to - from, Nearest(out_.k));
        std::vector<float> d(kBlock);
        const std::size_t rows = matrix_.rows(), width = matrix_.width;
        for (std::size_t begin = 0; begin < rows; begin += kBlock) {
            const std::size_t count = std::min(kBlock, rows - begin);
            for (std::size_t q = from; q < to; ++q) {
                distances(matrix_.row(q).data(), turned_.data() + begin * width, width, count, d.data());
                take(found[q - from], d, begin, count, q);
            }
        }
        for (std::size_t q = from; q < to; ++q) {
            std::size_t at = q * static_cast<std::size_t>(out_.k);
            for (const auto& [distance, index] : found[q - from].sorted()) {
                out_.distance[at] = std::sqrt(distance);
                out_.index[at++] = index;
            }
        }
    }

private:
    static void take(Nearest& found, const std::vector<float>& d, std::size_t begin, std::size_t count,
                     std::size_t self) {
        float bar = found.bar();
        for (std::size_t i = 0; i < count; ++i) {
            if (d[i] >= bar || begin + i == self) continue;
            found.add(d[i], static_cast<std::int32_t>(begin + i));
            bar = found.bar();
        }
    }

    const Matrix& matrix_;
    Neighbours& out_;
    std::vector<float> turned_;  ///< blocks of rows, each column by column
};

}  // namespace

void standardise(Matrix& matrix) {
    const std::size_t rows = matrix.rows();
    if (rows == 0) return;
    std::vector<double> sum(matrix.width, 0), squares(matrix.width, 0);
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t d = 0; d < matrix.width; ++d) {
            const double value = matrix.values[r * matrix.width + d];
            sum[d] += value;
            squares[d] += value * value;
        }
    std::vector<float> mean(matrix.width), scale(matrix.width);
    for (std::size_t d = 0; d < matrix.width; ++d) {
        const double m = sum[d] / static_cast<double>(rows);
        const double deviation = std::sqrt(std::max(0.0, squares[d] / static_cast<double>(rows) - m * m));
        mean[d] = static_cast<float>(m);
        scale[d] = deviation > 1e-6 * (std::abs(m) + 1e-6) ? static_cast<float>(1 / deviation) : 0;
    }
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t d = 0; d < matrix.width; ++d) {
            float& value = matrix.values[r * matrix.width + d];
            value = (value - mean[d]) * scale[d];
        }
}

void standardise_as_one(Matrix& matrix) {
    double sum = 0, squares = 0;
    for (const double value : matrix.values) {
        sum += value;
        squares += value * value;
    }
    const double count = std::max(1.0, static_cast<double>(matrix.values.size())), mean = sum / count;
    const double deviation = std::sqrt(std::max(0.0, squares / count - mean * mean));
    const double scale = deviation > 1e-6 * (std::abs(mean) + 1e-6) ? 1 / deviation : 0;
    for (float& value : matrix.values) value = static_cast<float>((value - mean) * scale);
}

Matrix project(const Matrix& matrix, std::uint64_t seed) {
    if (matrix.width <= kProjected) return matrix;
    Matrix out{std::vector<float>(matrix.rows() * kProjected, 0), kProjected};
    std::vector<float> signs(matrix.width * kProjected);
    Random random(seed, 0, 7);
    const float scale = 1 / std::sqrt(static_cast<float>(kProjected));
    for (float& sign : signs) sign = random.sign() * scale;
    for (std::size_t r = 0; r < matrix.rows(); ++r) {
        float* to = out.values.data() + r * kProjected;
        const float* from = matrix.values.data() + r * matrix.width;
        for (std::size_t d = 0; d < matrix.width; ++d) {
            const float value = from[d];
            if (value == 0) continue;
            const float* row = signs.data() + d * kProjected;
            for (std::size_t i = 0; i < kProjected; ++i) to[i] += value * row[i];
        }
    }
    return out;
}

Result<Neighbours> nearest(const Matrix& matrix, int k, const RunContext& run) {
    const std::size_t rows = matrix.rows();
    Neighbours out{.k = rows < 2 ? 0 : static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(k), rows - 1))};
    if (out.k == 0) return out;
    out.index.resize(rows * static_cast<std::size_t>(out.k));
    out.distance.resize(out.index.size());
    Search search(matrix, out);
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t from = next.fetch_add(kQueries); from < rows && !run.stop_requested();
             from = next.fetch_add(kQueries)) {
            search.run(from, std::min(rows, from + kQueries));
            run.progress(
                {.stage = "neighbours", .done = std::min(rows, from + kQueries), .total = rows, .unit = "items"});
        }
    };
    std::vector<std::thread> helpers;
    for (int i = 1; i < run.threads(); ++i) helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers) helper.join();
    run.progress_finish();
    BARTIZAN_TRY(run.checkpoint());
    return out;
}

}  // namespace bartizan::quality
