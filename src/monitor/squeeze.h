#pragma once
/// Adversarial pictures by feature squeezing (Xu, Evans & Qi 2018): what a model says of a picture with fewer levels,
/// or smoothed, is near to what it says of the picture itself, unless somebody tuned the picture to the last bit. One
/// score proves little, and an attacker who knows of it gets below the threshold (He et al. 2017); so it is counted for
/// each account, and only a count that honest pictures cannot explain is an alarm. Thread rule: pure functions; a
/// `FlagCount` is used by one thread at a time.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::monitor {

/// 16 levels; the median of 2 x 2; the median of 3 x 3.
inline constexpr std::size_t kSqueezers = 3;
inline constexpr std::int64_t kLeastSide = 8;

/// Pictures are [C,H,W] or [H,W], with sides of `kLeastSide` and more.
bool can_squeeze(std::span<const std::int64_t> item_shape);

/// The `kSqueezers` squeezed pictures, one after another. `low`, `high`: range of the elements.
std::vector<float> squeezed(std::span<const float> row, std::span<const std::int64_t> item_shape, double low,
                            double high);

/// L1 distance of two answers, as probabilities: 0 to 2.
double answer_distance(std::span<const float> a, std::span<const float> b);

/// What distances honest pictures have.
class SqueezeReference {
public:
    /// `distances`: [n, kSqueezers]; half of the rows scale the squeezers, half set the threshold. `false_flags`: share
    /// of honest pictures above it. Fails with `invalid_input` on fewer than 100 rows.
    static Result<SqueezeReference> fit(std::span<const std::array<double, kSqueezers>> distances, double false_flags);

    bool flags(const std::array<double, kSqueezers>& distances) const;
    /// Of an honest picture to be flagged, at most: what the reference could tell.
    double chance() const { return chance_; }

private:
    double score(const std::array<double, kSqueezers>& distances) const;
    std::array<double, kSqueezers> scale_{};
    double threshold_ = 0;
    double chance_ = 1;
};

/// P(at least `hits` of `trials`), each by chance with probability `p`. Exact.
double binomial_tail(std::uint32_t hits, std::uint32_t trials, double p);

/// Flags among an account's last pictures: 8 bytes.
class FlagCount {
public:
    struct Sign {
        std::uint32_t flagged = 0;
        std::uint32_t of = 0;
        double p_value = 0;
    };
    /// A sign when so many flags come by chance with a probability below `least`; the count begins anew then, and after
    /// 500 pictures.
    std::optional<Sign> see(bool flagged, double chance, double least = 1e-6);
    /// More than three deviations above what chance gives: not yet a sign.
    bool leans(double chance) const;

private:
    std::uint32_t flagged_ = 0;
    std::uint32_t of_ = 0;
};

}  // namespace bartizan::monitor
