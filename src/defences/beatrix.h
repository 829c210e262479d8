#pragma once
/// Beatrix (Ma et al. 2023, "The Beatrix Resurrections: Robust Backdoor Detection via Gram Matrices", section 5): do the
/// channels of a layer fire together as they do on trusted items of the same class? Sees triggers that differ from item
/// to item, where the mean of a class hardly moves.
/// Thread rule: immutable once fitted.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bartizan/result.h"

namespace at {
class Tensor;
}

namespace bartizan::defences {

struct BeatrixOptions {
    int orders = 9;                   ///< Gram matrices of powers 1 to this, in [1, 9]
    std::int64_t most_channels = 64;  ///< of more, those that vary most on trusted items are taken
};

/// A class with fewer trusted items has no usual values.
constexpr std::int64_t kBeatrixLeastClean = 20;

class Beatrix {
public:
    /// Of a layer [n, channels, places] (places 1: a dense layer) on trusted items: median and MAD of each entry of
    /// G_p = (v^p v^pT)^(1/p), upper triangle, roots of the magnitude with the sign kept (equation 4), for each class. A
    /// dense layer behind a Relu has the same Gram matrix for every p: one order is computed there. Fails with
    /// `invalid_input` on shapes, labels or numbers that do not fit, one class only, and where one has fewer than
    /// `kBeatrixLeastClean` items.
    static Result<Beatrix> fit(const at::Tensor& clean, std::span<const std::int64_t> labels,
                               const BeatrixOptions& options = {});

    /// For each row log(deviation from its own class) - log(the least from another): high is suspicious. A deviation is
    /// the mean over entries of |G - median| / (MAD + 0.3 of the entry's deviation over all classes), at most 10 each.
    /// Two departures from the paper, both measured (docs/benchmarks.md): the floor, because a channel that a class
    /// never uses has no MAD and would outweigh all others; and the comparison with other classes, without which hard
    /// items of any class lead the list.
    /// Fails with `invalid_input` on another shape, and on a label without trusted items.
    Result<std::vector<double>> scores(const at::Tensor& layer, std::span<const std::int64_t> labels) const;

    /// Of each trusted item, judged by the other four fifths of them.
    const std::vector<double>& clean_scores() const;

private:
    struct Usual;
    explicit Beatrix(std::shared_ptr<const Usual> usual) : usual_(std::move(usual)) {}
    std::shared_ptr<const Usual> usual_;
};

}  // namespace bartizan::defences
