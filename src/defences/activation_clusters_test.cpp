/// A hidden group is the smaller cluster; a clean class is shown as it is and never marked whole.
#include "defences/activation_clusters.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::defences {
namespace {

struct ClusterSet {
    at::Tensor x;
    std::vector<std::int64_t> y;
};

/// Two classes of noise; the last `hidden` items of class 1 lie ten deviations away.
ClusterSet two_classes(std::int64_t per_class, std::int64_t hidden) {
    constexpr std::int64_t kWidth = 20;
    ClusterSet out{at::empty({2 * per_class, kWidth}, at::kFloat), {}};
    float* to = out.x.data_ptr<float>();
    for (std::int64_t i = 0; i < 2 * per_class; ++i) {
        Random(5, static_cast<std::uint64_t>(i)).fill_normal(std::span(to + i * kWidth, kWidth));
        if (i >= 2 * per_class - hidden) to[i * kWidth] += 10;
        out.y.push_back(i < per_class ? 0 : 1);
    }
    return out;
}

TEST(ActivationClusters, TheHiddenGroupIsTheSmallerClusterAndStandsOut) {
    const ClusterSet set = two_classes(200, 40);
    const auto found = activation_clusters(set.x, set.y, 0).value();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_TRUE(found[1].stands_out);
    EXPECT_DOUBLE_EQ(found[1].share, 0.2);
    std::vector<std::int64_t> last;
    for (std::int64_t i = 360; i < 400; ++i) last.push_back(i);
    EXPECT_EQ(found[1].smaller, last);
}

TEST(ActivationClusters, ACleanClassDoesNotStandOutAndIsNeverMarkedWhole) {
    // A peer compares the share with the wrong sign and so removes whole classes; what it calls the clean cluster's
    // share is memory that nobody set.
    const ClusterSet set = two_classes(200, 0);
    const auto found = activation_clusters(set.x, set.y, 0).value();
    for (const ClassClusters& one : found) {
        EXPECT_FALSE(one.stands_out) << one.label;
        EXPECT_LE(2 * static_cast<std::int64_t>(one.smaller.size()), one.items);
        EXPECT_DOUBLE_EQ(one.share, static_cast<double>(one.smaller.size()) / 200);
        EXPECT_GE(one.silhouette, -1);
        EXPECT_LE(one.silhouette, 1);
    }
}

TEST(ActivationClusters, ItemsThatAreAllEqualHaveNoSmallerGroup) {
    const auto found = activation_clusters(at::zeros({6, 4}), std::vector<std::int64_t>(6, 0), 0).value();
    EXPECT_TRUE(found[0].smaller.empty());
    EXPECT_EQ(found[0].share, 0);
    EXPECT_EQ(found[0].silhouette, 0);
    EXPECT_FALSE(found[0].stands_out);
}

TEST(ActivationClusters, TheSameSeedGivesTheSameGroups) {
    const ClusterSet set = two_classes(100, 20);
    EXPECT_EQ(activation_clusters(set.x, set.y, 3).value()[0].smaller, activation_clusters(set.x, set.y, 3).value()[0].smaller);
    EXPECT_FALSE(activation_clusters(set.x, std::vector<std::int64_t>(3, 0), 0).ok());
}

}  // namespace
}  // namespace bartizan::defences
