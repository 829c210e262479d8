#include "attacks/label_only.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include "core/random.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::attacks {
namespace label_only {
namespace {

using Point = std::vector<double>;  ///< in units of scale

constexpr int kGrid = 10;             ///< points of a search along a line, asked at once, twice
constexpr std::int64_t kFirstProbes = 30;
constexpr double kStrengths[] = {0.125, 0.25, 0.5, 1};
constexpr double kUnknown = std::numeric_limits<double>::infinity();

/// The model as someone sees it who gets labels alone.
class Oracle {
public:
    Oracle(const model::Classifier& classifier, const NdArray& x, const std::vector<float>& scale)
        : classifier_(classifier), scale_(scale) {
        low_.assign(scale.size(), std::numeric_limits<float>::infinity());
        high_.assign(scale.size(), -std::numeric_limits<float>::infinity());
        const std::span<const float> all = x.values<float>();
        for (std::size_t i = 0; i < all.size(); ++i) {
            low_[i % scale.size()] = std::min(low_[i % scale.size()], all[i]);
            high_[i % scale.size()] = std::max(high_[i % scale.size()], all[i]);
        }
    }

    std::size_t width() const { return scale_.size(); }

    Point point_of(std::span<const float> item) const {
        Point out(item.size());
        for (std::size_t d = 0; d < out.size(); ++d) out[d] = double{item[d]} / scale_[d];
        return out;
    }

    void keep_inside(Point& point) const {
        for (std::size_t d = 0; d < point.size(); ++d)
            point[d] = std::clamp(point[d], double{low_[d]} / scale_[d], double{high_[d]} / scale_[d]);
    }

    /// Is the answer another one than `label`?
    Result<std::vector<std::uint8_t>> contradicts(std::span<const Point> points, std::int64_t label) const {
        std::vector<float> flat;
        flat.reserve(points.size() * width());
        for (const Point& point : points)
            for (std::size_t d = 0; d < width(); ++d) flat.push_back(static_cast<float>(point[d] * scale_[d]));
        Shape shape = classifier_.item_shape();
        shape.insert(shape.begin(), std::ssize(points));
        const NdArray rows = BARTIZAN_TRY(NdArray::from<float>(std::move(shape), flat));
        const at::Tensor tensor = BARTIZAN_TRY(model::to_tensor(rows));
        std::vector<std::uint8_t> out;
        BARTIZAN_TRY(model::guarded([&]() -> Result<void> {
            const at::NoGradGuard no_grad;
            const at::Tensor answers = BARTIZAN_TRY(classifier_.logits(tensor)).argmax(1).contiguous();
            for (std::int64_t i = 0; i < answers.numel(); ++i)
                out.push_back(answers.data_ptr<std::int64_t>()[i] != label ? 1 : 0);
            return {};
        }));
        return out;
    }

private:
    const model::Classifier& classifier_;
    const std::vector<float>& scale_;
    std::vector<float> low_, high_;
};

double distance(const Point& a, const Point& b) {
    double sum = 0;
    for (std::size_t d = 0; d < a.size(); ++d) sum += (a[d] - b[d]) * (a[d] - b[d]);
    return std::sqrt(sum);
}

Point between(const Point& from, const Point& to, double t) {
    Point out(from.size());
    for (std::size_t d = 0; d < out.size(); ++d) out[d] = from[d] + t * (to[d] - from[d]);
    return out;
}

/// The way of one item to the boundary.
class Walk {
public:
    Walk(const Oracle& oracle, Point item, std::int64_t label, std::int64_t queries, Random random)
        : oracle_(oracle), item_(std::move(item)), label_(label), left_(queries), random_(random) {}

    Result<double> distance_from(Point start) {
        Point at = BARTIZAN_TRY(to_boundary(std::move(start)));
        double best = distance(item_, at);
        for (int round = 1; left_ > 3 * kGrid && best > 0; ++round) {
            const auto probes = std::min<std::int64_t>(
                std::llround(static_cast<double>(kFirstProbes) * std::sqrt(round)), left_ - 3 * kGrid);
            if (probes < 2) break;
            const Point way = BARTIZAN_TRY(direction(at, probes, best));
            const Point further = BARTIZAN_TRY(step(at, way, best / std::sqrt(round)));
            at = BARTIZAN_TRY(to_boundary(further));
            best = std::min(best, distance(item_, at));
        }
        return best;
    }

private:
    Result<std::vector<std::uint8_t>> ask(std::span<const Point> points) {
        left_ -= std::ssize(points);
        return oracle_.contradicts(points, label_);
    }

    /// The nearest point to the item on the line to `far` that is still answered otherwise.
    Result<Point> to_boundary(Point far) {
        double low = 0, high = 1;
        for (int pass = 0; pass < 2; ++pass) {
            std::vector<Point> points;
            for (int k = 1; k < kGrid; ++k) points.push_back(between(item_, far, low + (high - low) * k / kGrid));
            const auto other = BARTIZAN_TRY(ask(points));
            const auto first = std::ranges::find(other, std::uint8_t{1}) - other.begin();
            const double width = (high - low) / kGrid;
            const double from = low + width * static_cast<double>(first);
            high = first < kGrid - 1 ? from + width : high;
            low = from;
        }
        return between(item_, far, high);
    }

    /// Equation 16: the mean of random directions, each with the sign of its answer, less the mean sign.
    Result<Point> direction(const Point& at, std::int64_t probes, double away) {
        const double reach = away / static_cast<double>(oracle_.width());
        const double least = 1e-3 * away;
        std::vector<Point> directions, points;
        for (std::int64_t p = 0; p < probes; ++p) {
            Point way(oracle_.width());
            double norm = 0;
            for (double& value : way) value = random_.normal(), norm += value * value;
            Point point = at;
            for (std::size_t d = 0; d < way.size(); ++d) {
                way[d] /= std::sqrt(norm);
                point[d] += std::max(reach, least) * way[d];
            }
            oracle_.keep_inside(point);
            directions.push_back(std::move(way));
            points.push_back(std::move(point));
        }
        const auto other = BARTIZAN_TRY(ask(points));
        const double mean = 2.0 * std::accumulate(other.begin(), other.end(), 0.0) / static_cast<double>(probes) - 1;
        // All alike: the directions themselves tell where the answer holds.
        const double middle = std::abs(mean) == 1 ? 0 : mean;
        Point out(oracle_.width(), 0);
        for (std::size_t p = 0; p < directions.size(); ++p)
            for (std::size_t d = 0; d < out.size(); ++d)
                out[d] += ((other[p] != 0 ? 1 : -1) - middle) * directions[p][d];
        double norm = 0;
        for (const double value : out) norm += value * value;
        for (double& value : out) value /= std::max(std::sqrt(norm), 1e-30);
        return out;
    }

    /// As far as the answer holds, halved from `length` on: all halves are asked at once.
    Result<Point> step(const Point& at, const Point& way, double length) {
        std::vector<Point> points;
        for (int k = 0; k < kGrid; ++k, length /= 2) {
            Point point = at;
            for (std::size_t d = 0; d < point.size(); ++d) point[d] += length * way[d];
            oracle_.keep_inside(point);
            points.push_back(std::move(point));
        }
        const auto other = BARTIZAN_TRY(ask(points));
        for (std::size_t k = 0; k < points.size(); ++k)
            if (other[k] != 0) return points[k];
        return at;
    }

    const Oracle& oracle_;
    Point item_;
    std::int64_t label_, left_;
    Random random_;
};

Result<void> check(const NdArray& x, std::span<const std::int64_t> labels, const LabelOnlyOptions& options) {
    const std::size_t count = labels.size();
    if (count == 0 || x.rank() < 1 || static_cast<std::size_t>(x.shape()[0]) != count)
        return invalid_input("one label for each item is needed");
    if (options.scale.size() * count != static_cast<std::size_t>(x.size()) ||
        std::ranges::any_of(options.scale, [](float s) { return !(s > 0); }))
        return invalid_input("one scale above 0 for each feature is needed");
    return {};
}

/// Of each item: the answer, as the attacker sees it.
Result<std::vector<std::int64_t>> answers_of(const model::Classifier& classifier, const NdArray& x, RunContext& ctx) {
    const NdArray logits = BARTIZAN_TRY(model::predict(classifier, x, ctx));
    const auto classes = static_cast<std::size_t>(logits.shape()[1]);
    std::vector<std::int64_t> out;
    for (std::size_t i = 0; i < static_cast<std::size_t>(logits.shape()[0]); ++i) {
        const auto row = logits.values<float>().subspan(i * classes, classes);
        out.push_back(std::ranges::max_element(row) - row.begin());
    }
    return out;
}

/// The nearest item with another answer, in scaled units; nothing if there is none.
std::ptrdiff_t nearest_other(const std::vector<Point>& points, const std::vector<std::int64_t>& answers, std::size_t i,
                             std::int64_t label) {
    std::ptrdiff_t best = -1;
    double least = kUnknown;
    // Not more than some: the walk mends a start that is not the nearest.
    constexpr std::size_t kLooked = 500;
    for (std::size_t k = 1; k <= std::min(kLooked, points.size() - 1); ++k) {
        const std::size_t j = (i + k) % points.size();
        if (answers[j] == label) continue;
        const double found = distance(points[i], points[j]);
        if (found < least) least = found, best = static_cast<std::ptrdiff_t>(j);
    }
    return best;
}

}  // namespace
}  // namespace label_only

Result<std::vector<double>> boundary_distances(const model::Classifier& classifier, const NdArray& x,
                                               std::span<const std::int64_t> labels, const LabelOnlyOptions& options,
                                               RunContext& ctx) {
    using namespace label_only;
    BARTIZAN_TRY(check(x, labels, options));
    const Oracle oracle(classifier, x, options.scale);
    const auto answers = BARTIZAN_TRY(answers_of(classifier, x, ctx));
    std::vector<Point> points;
    for (std::size_t i = 0; i < labels.size(); ++i)
        points.push_back(oracle.point_of(x.values<float>().subspan(i * oracle.width(), oracle.width())));
    std::vector<double> out(labels.size(), 0);
    BARTIZAN_TRY(model::for_each_chunk(std::ssize(labels), 16, ctx, [&](const model::Chunk& chunk) -> Result<void> {
        for (auto i = static_cast<std::size_t>(chunk.begin); i < static_cast<std::size_t>(chunk.begin + chunk.count); ++i) {
            if (answers[i] != labels[i]) continue;
            BARTIZAN_TRY(ctx.checkpoint());
            const std::ptrdiff_t other = nearest_other(points, answers, i, labels[i]);
            if (other < 0) {
                out[i] = kUnknown;
                continue;
            }
            Walk walk(oracle, points[i], labels[i], options.queries, Random(ctx.seed(), i, 910));
            out[i] = BARTIZAN_TRY(walk.distance_from(points[static_cast<std::size_t>(other)]));
        }
        return {};
    }));
    double largest = 0;
    for (const double value : out)
        if (value < kUnknown) largest = std::max(largest, value);
    std::ranges::replace(out, kUnknown, largest);
    return out;
}

Result<std::vector<double>> noise_robustness(const model::Classifier& classifier, const NdArray& x,
                                             std::span<const std::int64_t> labels, const LabelOnlyOptions& options,
                                             RunContext& ctx) {
    using namespace label_only;
    BARTIZAN_TRY(check(x, labels, options));
    const Oracle oracle(classifier, x, options.scale);
    const auto copies = std::max<std::int64_t>(1, options.queries / std::ssize(kStrengths));
    std::vector<double> out(labels.size(), 0);
    BARTIZAN_TRY(model::for_each_chunk(std::ssize(labels), 16, ctx, [&](const model::Chunk& chunk) -> Result<void> {
        for (auto i = static_cast<std::size_t>(chunk.begin); i < static_cast<std::size_t>(chunk.begin + chunk.count); ++i) {
            BARTIZAN_TRY(ctx.checkpoint());
            const Point item = oracle.point_of(x.values<float>().subspan(i * oracle.width(), oracle.width()));
            Random random(ctx.seed(), i, 911);
            double kept = 0;
            for (const double strength : kStrengths) {
                std::vector<Point> noisy(static_cast<std::size_t>(copies), item);
                for (Point& point : noisy) {
                    for (double& value : point) value += strength * random.normal();
                    oracle.keep_inside(point);
                }
                for (const std::uint8_t other : BARTIZAN_TRY(oracle.contradicts(noisy, labels[i]))) kept += other == 0 ? 1 : 0;
            }
            out[i] = kept / static_cast<double>(copies * std::ssize(kStrengths));
        }
        return {};
    }));
    return out;
}

}  // namespace bartizan::attacks
