#pragma once
/// Model theft seen from its queries: a thief who makes inputs (perturbed, shuffled, of another kind) asks what honest
/// clients do not. A client's queries are compared with a reference by the maximum mean discrepancy of what they differ
/// from the mean of their own class by, in random Fourier features (Rahimi & Recht 2007): one mean of 256 numbers for a
/// client. The class means make it deaf to clients that ask some classes more often. Who asks what honest clients ask
/// is not seen: a budget alone stops him. Thread rule: `TheftReference` is immutable once fitted; a `TheftState` is
/// used by one thread at a time.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::monitor {

inline constexpr std::size_t kFourierFeatures = 256;
/// Rows that a reference needs: half of them say what is usual, half how much honest clients differ.
inline constexpr std::size_t kLeastReferenceRows = 200;
/// Queries after which a client is judged; after the last one his mean begins anew.
inline constexpr std::array<std::uint32_t, 6> kTheftCheckpoints = {20, 50, 100, 200, 500, 1000};

/// Of one client on one version: 1,028 bytes.
struct TheftState {
    std::array<float, kFourierFeatures> sum{};
    std::uint32_t count = 0;
};

struct TheftJudgement {
    std::uint32_t queries = 0;
    double statistic = 0;  ///< deviations above what honest clients show at that count
    double threshold = 0;
    bool alarm = false;
};

class TheftReference {
public:
    struct Options {
        double false_alarms = 0.01;  ///< honest clients that are called a thief within the last checkpoint's queries
        std::size_t clients = 1000;  ///< that are simulated: classes by a symmetric Dirichlet distribution of 2
        std::uint64_t seed = 0;
    };
    /// `embeddings`: [n, width], rows in random order; `classes`: what the model says of each row. Fails with
    /// `invalid_input` on fewer than `kLeastReferenceRows` rows, sizes that do not fit, NaN. Cost: clients x 1,000 x
    /// 256 additions.
    static Result<TheftReference> fit(std::span<const float> embeddings, std::size_t width,
                                      std::span<const std::int64_t> classes, const Options& options);

    /// Adds a query; a judgement at the checkpoints. `embedding`: `width` elements.
    std::optional<TheftJudgement> see(TheftState& state, std::span<const float> embedding, std::int64_t said) const;
    std::size_t width() const { return width_; }
    double threshold() const { return threshold_; }

private:
    void features(std::span<const float> embedding, std::int64_t said, float* out) const;
    double distance(const float* sum, std::uint32_t count) const;
    void centre(std::span<const float> embeddings, std::span<const std::int64_t> classes, std::size_t rows);
    void draw_waves(std::span<const float> embeddings, std::span<const std::int64_t> classes, std::size_t rows,
                    std::uint64_t seed);
    void calibrate(std::span<const float> embeddings, std::span<const std::int64_t> classes, const Options& options);

    std::size_t width_ = 0;
    std::map<std::int64_t, std::vector<float>> means_;  ///< of each class
    std::vector<float> overall_;                        ///< of a class that the reference lacks
    std::vector<float> scale_;                          ///< 1 / deviation of the residuals
    std::vector<float> waves_;                          ///< [width, 256]
    std::array<float, kFourierFeatures> phases_{};
    std::array<float, kFourierFeatures> usual_{};
    std::array<double, kTheftCheckpoints.size()> mean_{}, deviation_{};
    double threshold_ = 0;
};

}  // namespace bartizan::monitor
