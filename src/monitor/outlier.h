#pragma once
/// Inputs of another kind than the reference (out of distribution), by two scores that need no further question to the
/// model: the Mahalanobis distance of its last features, brought to length one, from the nearest class mean of the
/// reference (Lee et al. 2018; Mueller & Hein 2025), and the energy of its logits (Liu et al. 2020). Each is a p-value
/// among reference rows that the model gives the same class; the smaller one counts, doubled for having had two tries.
/// One row proves little, so rows are counted for each account (`FlagCount`). Features of more than 64 dimensions are
/// projected at random to 64. Thread rule: immutable once fitted.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::monitor {

inline constexpr std::size_t kOutlierDimensions = 64;
inline constexpr std::size_t kLeastOutlierRows = 200;

class OutlierReference {
public:
    struct Options {
        double false_flags = 0.05;  ///< share of honest rows that are flagged
        std::uint64_t seed = 0;     ///< of the projection
    };
    struct Score {
        double distance = 0;  ///< squared
        double energy = 0;    ///< -log sum exp of logits; -log of the largest probability where there are no logits
        double p_value = 1;
    };

    /// `features`: [n, width], `outputs`: [n, classes], in random order: half of them say what is usual, half how far
    /// honest rows lie from it. Fails with `invalid_input` on fewer than `kLeastOutlierRows` rows, sizes that do not
    /// fit, NaN.
    static Result<OutlierReference> fit(std::span<const float> features, std::size_t width,
                                        std::span<const float> outputs, std::size_t classes, const Options& options);

    Score score(std::span<const float> features, std::span<const float> output) const;
    bool flags(const Score& score) const { return score.p_value < false_flags_; }
    /// Of an honest row to be flagged, at most: what the reference could tell.
    double chance() const { return chance_; }
    std::size_t width() const { return width_; }
    std::size_t classes() const { return classes_; }

    /// As JSON, to be kept with a model version, and back. Fails with `invalid_input`.
    std::string text() const;
    static Result<OutlierReference> parse(const std::string& text);

private:
    /// Of reference rows, ascending.
    struct Usual {
        std::vector<float> distances, energies;
    };
    void draw_projection();
    std::vector<double> reduced(std::span<const float> features) const;
    std::vector<double> whitened(std::vector<double> point) const;
    double distance(std::span<const float> features) const;
    double energy(std::span<const float> output) const;
    Result<void> centre(std::span<const float> features, std::span<const std::int64_t> said, std::size_t rows);
    void calibrate(std::span<const float> features, std::span<const float> outputs, std::span<const std::int64_t> said,
                   std::size_t from);
    void set_chance();

    std::size_t width_ = 0, classes_ = 0, dimensions_ = 0;
    std::uint64_t seed_ = 0;
    double false_flags_ = 0.05, chance_ = 1;
    bool probabilities_ = false;
    std::vector<float> projection_;           ///< [dimensions, width]; empty: none
    std::vector<double> factor_;              ///< lower triangle of the covariance: L with L L' = C
    std::vector<std::vector<double>> means_;  ///< whitened, of each class that the reference has
    std::map<std::int64_t, Usual> usual_;     ///< by class; -1: of all
};

}  // namespace bartizan::monitor
