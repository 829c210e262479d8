#pragma once
/// Do the queries of a model still look like its reference? Each column is counted into the reference's own quantile
/// bins; when a window is full, the counts are compared by the population stability index and the largest distance of
/// the distribution functions (Kolmogorov-Smirnov over the bins). The index times n m / (n + m) is close to chi-squared
/// with one degree less than there are bins (Yurdakul 2018), so that a rate of false alarms can be kept: p-values,
/// corrected for the number of columns (Holm 1979), and an index that is large enough to matter. Thread rule:
/// `DriftReference` is immutable once fitted; a `DriftWindow` is used by one thread at a time.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::monitor {

inline constexpr std::size_t kDriftBins = 20;
inline constexpr std::size_t kLeastDriftRows = 200;

/// The upper tail of a chi-squared distribution: the regularised incomplete gamma function Q(degrees/2, x/2).
double chi_squared_tail(double x, double degrees);

struct ColumnDrift {
    std::string column;
    double index = 0;     ///< population stability index; .1 watch, .25 act, as the field says
    double distance = 0;  ///< of the distribution functions, 0 to 1
    double p_value = 1;   ///< corrected for the number of columns
};

struct DriftOptions {
    std::uint32_t window = 1000;  ///< queries
    double false_alarms = 0.001;  ///< a window
    double least_index = 0.1;     ///< below it a difference is real and does not matter
};

class DriftReference {
public:
    /// `rows`: [n, columns]. Fails with `invalid_input` on fewer than `kLeastDriftRows` rows, or NaN.
    static Result<DriftReference> fit(std::span<const float> rows, std::vector<std::string> columns,
                                      const DriftOptions& options);

    std::size_t columns() const { return names_.size(); }
    const DriftOptions& options() const { return options_; }

private:
    friend class DriftWindow;
    /// Cuts between the bins of a column; fewer where values repeat.
    std::vector<std::vector<float>> cuts_;
    std::vector<std::vector<double>> shares_;
    std::vector<std::string> names_;
    double rows_ = 0;
    DriftOptions options_;
};

/// Counts of one window: 80 bytes a column.
class DriftWindow {
public:
    explicit DriftWindow(const DriftReference& reference);

    /// `row`: a value for each column. When the window is full: every column, the worst first; the window begins anew.
    std::optional<std::vector<ColumnDrift>> see(std::span<const float> row);
    /// Those of a full window that are an alarm.
    static std::vector<ColumnDrift> alarms(const std::vector<ColumnDrift>& columns, const DriftOptions& options);

private:
    std::vector<ColumnDrift> judge() const;

    const DriftReference* reference_;
    std::vector<std::uint32_t> counts_;
    std::uint32_t seen_ = 0;
};

}  // namespace bartizan::monitor
