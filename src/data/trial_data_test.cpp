#include <algorithm>
#include <cstdlib>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/dataset.h"

namespace bartizan::data {
namespace {

struct Expected {
    Kind kind;
    std::int64_t items;
    Shape item;
    std::int64_t classes;
};

/// The third-party sets that the environment variable BARTIZAN_TRIAL_DATA points to.
TEST(TrialData, OpensEveryRealSet) {
    const char* root = std::getenv("BARTIZAN_TRIAL_DATA");
    if (root == nullptr) GTEST_SKIP() << "BARTIZAN_TRIAL_DATA is not set";
    const std::map<std::string, Expected> sets{
        {"adult.npz", {Kind::table, 48842, {108}, 2}},
        {"adult.npz:test", {Kind::table, 16281, {108}, 2}},
        {"cifar10_656.npz", {Kind::image, 656, {3, 32, 32}, 10}},
        {"compas.npz", {Kind::table, 6172, {7}, 2}},
        {"creditcard_ulb_merged.npz", {Kind::table, 6971, {30}, 2}},
        {"german_credit.npz", {Kind::table, 1000, {61}, 2}},
        {"gtsrb_test_2000.npz", {Kind::image, 2000, {3, 32, 32}, 43}},
        {"gtsrb_test_roi_1000.npz", {Kind::image, 1000, {3, 32, 32}, 43}},
        {"gtsrb_train_roi_4300.npz", {Kind::image, 4300, {3, 32, 32}, 43}},
        {"mnist_test.npz", {Kind::image, 10000, {1, 28, 28}, 10}},
        {"nsl_kdd.npz:train", {Kind::table, 25192, {119}, 2}},
        {"phishing_uci.npz", {Kind::table, 11055, {30}, 2}},
        {"pneumoniamnist.npz", {Kind::image, 624, {28, 28}, 2}},
        {"pneumoniamnist.npz:train", {Kind::image, 3882, {28, 28}, 2}},
        {"pneumoniamnist.npz:val", {Kind::image, 524, {28, 28}, 2}},
        {"spambase.npz", {Kind::table, 4601, {57}, 2}},
    };
    for (const auto& [name, expected] : sets) {
        const auto dataset = open(std::string(root) + "/sets/" + name);
        ASSERT_TRUE(dataset.ok()) << name << ": " << dataset.error().line();
        const Info& info = (*dataset)->info();
        EXPECT_EQ(info.kind, expected.kind) << name;
        EXPECT_EQ(info.items, expected.items) << name;
        EXPECT_EQ(info.item_shape, expected.item) << name;
        EXPECT_EQ(info.classes, expected.classes) << name;
        const auto batch = read_all(**dataset);
        ASSERT_TRUE(batch.ok()) << name << ": " << batch.error().line();
        const auto values = batch->x.values<float>();
        if (info.kind == Kind::image) {
            EXPECT_GE(*std::ranges::min_element(values), 0.0F) << name;
            EXPECT_LE(*std::ranges::max_element(values), 1.0F) << name;
        }
    }
}

}  // namespace
}  // namespace bartizan::data
