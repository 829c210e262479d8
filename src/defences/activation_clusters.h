#pragma once
/// Activation clustering (Chen et al. 2018, "Detecting Backdoor Attacks on Deep Neural Networks by Activation
/// Clustering", section 4): each class in two groups; a small group well apart is worth a look. A ranking of classes to
/// show, no verdict: clean sets have such classes too, and nothing is ever removed for it.
/// Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/result.h"

namespace at {
class Tensor;
}

namespace bartizan::defences {

constexpr std::int64_t kClusterDimensions = 10;
constexpr double kClusterShare = 0.35;  ///< a group below this share of its class is small
constexpr double kClusterApart = 0.35;  ///< silhouette from which two groups are apart

struct ClassClusters {
    std::int64_t label = 0;
    std::int64_t items = 0;
    std::vector<std::int64_t> smaller;  ///< rows of the smaller group; at most half the class
    double share = 0;                   ///< of the smaller group
    double silhouette = 0;              ///< by distances to the centres: 1 apart, 0 one cloud
    bool stands_out = false;            ///< small and apart
};

/// `features` are penultimate activations [n, d]: not the logits, of which there are as many as classes (the caller sees
/// to that: model::feature_view). Reduced to `kClusterDimensions` principal directions within each class. The same seed
/// gives the same groups. Fails with `invalid_input` on shapes, labels or numbers that do not fit.
Result<std::vector<ClassClusters>> activation_clusters(const at::Tensor& features,
                                                       std::span<const std::int64_t> labels, std::uint64_t seed);

}  // namespace bartizan::defences
