#include "monitor/outlier.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/json.h"
#include "core/random.h"
#include "monitor/dot.h"
#include "monitor/embedding.h"

namespace bartizan::monitor {
namespace outlier {
namespace {

constexpr std::uint32_t kProjected = 640'000;
constexpr double kRidge = 1e-3;            // of the mean variance
constexpr std::size_t kLeastOfClass = 50;  // rows that a class needs to be judged by itself
constexpr std::size_t kLeastForMean = 5;
constexpr std::size_t kMostWidth = 1 << 16;
constexpr std::int64_t kAll = -1;

std::int64_t said_by(std::span<const float> output) { return std::ranges::max_element(output) - output.begin(); }

bool probable(std::span<const float> output) {
    double sum = 0;
    for (const float value : output) {
        if (!(value >= 0 && value <= 1 + 1e-4F)) return false;
        sum += value;
    }
    return std::abs(sum - 1) < 1e-3;
}

/// Share of the reference that is at least as far out, never 0.
double p_value(const std::vector<float>& usual, double value) {
    const auto beyond = usual.end() - std::ranges::lower_bound(usual, static_cast<float>(value));
    return (1.0 + static_cast<double>(beyond)) / (1.0 + static_cast<double>(usual.size()));
}

/// L with L L' = `matrix`, in place; false: it is not positive.
bool factorise(std::vector<double>& matrix, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j <= i; ++j) {
            double sum = matrix[i * n + j];
            for (std::size_t k = 0; k < j; ++k) sum -= matrix[i * n + k] * matrix[j * n + k];
            if (i == j && !(sum > 0)) return false;
            matrix[i * n + j] = i == j ? std::sqrt(sum) : sum / matrix[j * n + j];
        }
    return true;
}

}  // namespace
}  // namespace outlier

void OutlierReference::draw_projection() {
    dimensions_ = std::min(width_, kOutlierDimensions);
    projection_.clear();
    if (width_ == dimensions_) return;
    projection_.resize(dimensions_ * width_);
    Random(seed_, width_, outlier::kProjected).fill_normal(projection_);
}

/// Of length one, then projected.
std::vector<double> OutlierReference::reduced(std::span<const float> features) const {
    double squares = 0;
    for (const float value : features) squares += static_cast<double>(value) * value;
    const double scale = 1 / std::sqrt(std::max(squares, 1e-30));
    std::vector<double> out(dimensions_);
    for (std::size_t k = 0; k < dimensions_; ++k)
        out[k] =
            scale * (projection_.empty() ? features[k] : dot(features.data(), projection_.data() + k * width_, width_));
    return out;
}

/// Solves L x = `point`: distances of such are Mahalanobis'.
std::vector<double> OutlierReference::whitened(std::vector<double> point) const {
    for (std::size_t i = 0; i < dimensions_; ++i) {
        double sum = point[i];
        for (std::size_t j = 0; j < i; ++j) sum -= factor_[i * dimensions_ + j] * point[j];
        point[i] = sum / factor_[i * dimensions_ + i];
    }
    return point;
}

double OutlierReference::distance(std::span<const float> features) const {
    const std::vector<double> point = whitened(reduced(features));
    double least = std::numeric_limits<double>::infinity();
    for (const std::vector<double>& mean : means_) {
        double sum = 0;
        for (std::size_t i = 0; i < dimensions_; ++i) sum += (point[i] - mean[i]) * (point[i] - mean[i]);
        least = std::min(least, sum);
    }
    return least;
}

double OutlierReference::energy(std::span<const float> output) const {
    const double most = *std::ranges::max_element(output);
    if (probabilities_) return -std::log(std::max(most, 1e-30));
    double sum = 0;
    for (const float value : output) sum += std::exp(value - most);
    return -most - std::log(sum);
}

Result<void> OutlierReference::centre(std::span<const float> features, std::span<const std::int64_t> said,
                                      std::size_t rows) {
    std::map<std::int64_t, std::pair<std::vector<double>, std::size_t>> sums;
    std::vector<std::vector<double>> points;
    for (std::size_t i = 0; i < rows; ++i) {
        points.push_back(reduced(features.subspan(i * width_, width_)));
        auto& [sum, count] = sums[said[i]];
        sum.resize(dimensions_);
        for (std::size_t k = 0; k < dimensions_; ++k) sum[k] += points[i][k];
        ++count;
    }
    std::vector<double> covariance(dimensions_ * dimensions_);
    for (std::size_t i = 0; i < rows; ++i) {
        const auto& [sum, count] = sums[said[i]];
        for (std::size_t k = 0; k < dimensions_; ++k) points[i][k] -= sum[k] / static_cast<double>(count);
        for (std::size_t k = 0; k < dimensions_; ++k)
            for (std::size_t j = 0; j <= k; ++j) covariance[k * dimensions_ + j] += points[i][k] * points[i][j];
    }
    double trace = 0;
    for (double& value : covariance) value /= static_cast<double>(rows);
    for (std::size_t k = 0; k < dimensions_; ++k) trace += covariance[k * dimensions_ + k];
    const double ridge = std::max(outlier::kRidge * trace / static_cast<double>(dimensions_), 1e-12);
    for (std::size_t k = 0; k < dimensions_; ++k) covariance[k * dimensions_ + k] += ridge;
    if (!outlier::factorise(covariance, dimensions_)) return invalid_input("the features have no usable covariance");
    factor_ = std::move(covariance);
    for (auto& [one, entry] : sums) {
        auto& [sum, count] = entry;
        if (count < outlier::kLeastForMean && sums.size() > 1) continue;
        for (double& value : sum) value /= static_cast<double>(count);
        means_.push_back(whitened(std::move(sum)));
    }
    if (means_.empty()) return invalid_input("the model spreads the reference over more classes than it has rows for");
    return {};
}

void OutlierReference::calibrate(std::span<const float> features, std::span<const float> outputs,
                                 std::span<const std::int64_t> said, std::size_t from) {
    std::map<std::int64_t, Usual> all;
    for (std::size_t i = from; i < said.size(); ++i) {
        const auto far = static_cast<float>(distance(features.subspan(i * width_, width_)));
        const auto high = static_cast<float>(energy(outputs.subspan(i * classes_, classes_)));
        for (const std::int64_t which : {said[i], outlier::kAll}) {
            all[which].distances.push_back(far);
            all[which].energies.push_back(high);
        }
    }
    for (auto& [which, usual] : all) {
        if (which != outlier::kAll && usual.distances.size() < outlier::kLeastOfClass) continue;
        std::ranges::sort(usual.distances);
        std::ranges::sort(usual.energies);
        usual_[which] = std::move(usual);
    }
}

/// The share beyond a threshold that so many rows set is itself uncertain: three deviations are given to it.
void OutlierReference::set_chance() {
    std::size_t least = std::numeric_limits<std::size_t>::max();
    for (const auto& [which, usual] : usual_) least = std::min(least, usual.distances.size());
    chance_ = false_flags_ + 3 * std::sqrt(false_flags_ * (1 - false_flags_) / static_cast<double>(least));
}

Result<OutlierReference> OutlierReference::fit(std::span<const float> features, std::size_t width,
                                               std::span<const float> outputs, std::size_t classes,
                                               const Options& options) {
    const std::size_t rows = width == 0 ? 0 : features.size() / width;
    if (rows < kLeastOutlierRows)
        return invalid_input("outliers need a reference of " + std::to_string(kLeastOutlierRows) + " rows, there are " +
                             std::to_string(rows));
    if (width > outlier::kMostWidth || classes == 0 || features.size() != rows * width ||
        outputs.size() != rows * classes)
        return invalid_input("features and answers of the reference do not fit each other");
    const auto finite = [](float value) { return std::isfinite(value); };
    if (!std::ranges::all_of(features, finite) || !std::ranges::all_of(outputs, finite))
        return invalid_input("features or answers of the reference are no numbers");
    OutlierReference out;
    out.width_ = width;
    out.classes_ = classes;
    out.seed_ = options.seed;
    out.false_flags_ = options.false_flags;
    out.draw_projection();
    out.probabilities_ = true;
    std::vector<std::int64_t> said;
    for (std::size_t i = 0; i < rows; ++i) {
        const auto output = outputs.subspan(i * classes, classes);
        said.push_back(outlier::said_by(output));
        out.probabilities_ = out.probabilities_ && outlier::probable(output);
    }
    BARTIZAN_TRY(out.centre(features, said, rows / 2));
    out.calibrate(features, outputs, said, rows / 2);
    out.set_chance();
    return out;
}

OutlierReference::Score OutlierReference::score(std::span<const float> features, std::span<const float> output) const {
    if (features.size() != width_ || output.size() != classes_) return {};
    Score out{distance(features), energy(output), 0};
    // What is no number is as far out as can be.
    if (!std::isfinite(out.distance) || !std::isfinite(out.energy)) return out;
    const auto own = usual_.find(outlier::said_by(output));
    const Usual& usual = own != usual_.end() ? own->second : usual_.at(outlier::kAll);
    out.p_value = std::min(1.0, 2 * std::min(outlier::p_value(usual.distances, out.distance),
                                             outlier::p_value(usual.energies, out.energy)));
    return out;
}

std::string OutlierReference::text() const {
    Json usual = Json::array();
    for (const auto& [which, one] : usual_)
        usual.push_back({{"class", which}, {"distances", one.distances}, {"energies", one.energies}});
    return Json{{"format", "bartizan-outliers-1"},
                {"width", width_},
                {"classes", classes_},
                {"seed", seed_},
                {"false_flags", false_flags_},
                {"probabilities", probabilities_},
                {"factor", factor_},
                {"means", means_},
                {"usual", usual}}
        .dump();
}

Result<OutlierReference> OutlierReference::parse(const std::string& text) {
    const Json json = BARTIZAN_TRY(parse_json(text, {.bytes = std::uint64_t{64} << 20}));
    const auto wrong = [] { return invalid_input("these are no statistics of outliers"); };
    OutlierReference out;
    try {  // the library's way to say that a member has another type
        if (json.at("format") != "bartizan-outliers-1") return wrong();
        json.at("width").get_to(out.width_);
        json.at("classes").get_to(out.classes_);
        json.at("seed").get_to(out.seed_);
        json.at("false_flags").get_to(out.false_flags_);
        json.at("probabilities").get_to(out.probabilities_);
        json.at("factor").get_to(out.factor_);
        json.at("means").get_to(out.means_);
        for (const Json& one : json.at("usual")) {
            Usual& usual = out.usual_[one.at("class").get<std::int64_t>()];
            one.at("distances").get_to(usual.distances);
            one.at("energies").get_to(usual.energies);
        }
    } catch (const Json::exception&) {
        return wrong();
    }
    if (out.width_ == 0 || out.width_ > outlier::kMostWidth || out.classes_ == 0 || out.means_.empty() ||
        !out.usual_.contains(outlier::kAll) || !(out.false_flags_ > 0 && out.false_flags_ < 1))
        return wrong();
    out.draw_projection();
    bool fits = out.factor_.size() == out.dimensions_ * out.dimensions_;
    for (std::size_t k = 0; fits && k < out.dimensions_; ++k) fits = out.factor_[k * out.dimensions_ + k] > 0;
    for (const auto& mean : out.means_) fits = fits && mean.size() == out.dimensions_;
    for (const auto& [which, usual] : out.usual_)
        fits = fits && !usual.distances.empty() && usual.distances.size() == usual.energies.size() &&
               std::ranges::is_sorted(usual.distances) && std::ranges::is_sorted(usual.energies);
    if (!fits) return wrong();
    out.set_chance();
    return out;
}

}  // namespace bartizan::monitor
