#include "defences/activation_clusters.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/matmul.h>

#include "defences/features.h"
#include "defences/two_groups.h"

namespace bartizan::defences {
namespace activation_clusters_of {
namespace {

at::Tensor reduced(const at::Tensor& members) {
    const at::Tensor centred = members - members.mean(0, true);
    const auto [values, vectors] = at::linalg_eigh(at::matmul(centred.t(), centred));
    const std::int64_t kept = std::min(kClusterDimensions, members.size(1));
    return at::matmul(centred, vectors.narrow(1, vectors.size(1) - kept, kept)).contiguous();
}

/// Mean of (b - a) / max(a, b), a the distance to the own centre and b to the other.
double silhouette_of(const at::Tensor& rows, const TwoGroups& groups) {
    double sum = 0;
    for (std::int64_t i = 0; i < rows.size(0); ++i) {
        const double* row = rows.data_ptr<double>() + i * rows.size(1);
        const bool second = groups.second[static_cast<std::size_t>(i)];
        const double own = std::sqrt(squared_distance(row, groups.centre[second ? 1 : 0].data(), rows.size(1)));
        const double other = std::sqrt(squared_distance(row, groups.centre[second ? 0 : 1].data(), rows.size(1)));
        if (std::max(own, other) > 0) sum += (other - own) / std::max(own, other);
    }
    return sum / static_cast<double>(rows.size(0));
}

ClassClusters clusters_of(const at::Tensor& members, std::int64_t label, const std::vector<std::int64_t>& rows,
                          std::uint64_t seed) {
    ClassClusters out{.label = label, .items = static_cast<std::int64_t>(rows.size())};
    const at::Tensor z = reduced(members);
    const TwoGroups groups = split_in_two(z, static_cast<std::uint64_t>(label), seed);
    const auto second = std::count(groups.second.begin(), groups.second.end(), true);
    if (second == 0) return out;
    const bool smaller = 2 * second <= out.items;  // which of the two is the smaller one
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (groups.second[i] == smaller) out.smaller.push_back(rows[i]);
    out.share = static_cast<double>(out.smaller.size()) / static_cast<double>(out.items);
    out.silhouette = silhouette_of(z, groups);
    out.stands_out = out.share < kClusterShare && out.silhouette > kClusterApart;
    return out;
}

}  // namespace
}  // namespace activation_clusters_of

Result<std::vector<ClassClusters>> activation_clusters(const at::Tensor& features,
                                                       std::span<const std::int64_t> labels, std::uint64_t seed) {
    BARTIZAN_TRY(check_features(features, labels, "suspect"));
    std::vector<ClassClusters> out;
    try {
        const at::Tensor x = features.to(at::kDouble);
        for (const auto& [label, rows] : rows_by_label(labels))
            out.push_back(activation_clusters_of::clusters_of(pick_rows(x, rows), label, rows, seed));
    } catch (const std::exception& caught) {
        return internal_error(std::string("activation clustering: ") + caught.what());
    }
    return out;
}

}  // namespace bartizan::defences
