/// Shifts and mirrors by hand; schedules at their corners; the clean share of the objective; patience.
#include "training/augmentation.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "model/kernel.h"
#include "training/architecture.h"
#include "training/blobs_testing.h"
#include "training/trainer.h"

namespace bartizan::training {
namespace {

std::vector<float> augmented(const Shape& item, std::vector<float> values, const Augmentation& wanted, int epoch) {
    Shape shape = item;
    shape.insert(shape.begin(), 1);
    NdArray x = NdArray::from<float>(shape, std::span<const float>(values)).value();
    const std::vector<std::int64_t> ids = {7};
    augment(x, ids, picture_axes(item, wanted).value(), wanted, 1, epoch);
    return {x.values<float>().begin(), x.values<float>().end()};
}

TEST(Augmentation, MirrorsHalfOfTheEpochsAndChangesNothingElse) {
    int mirrored = 0;
    for (int epoch = 0; epoch < 200; ++epoch) {
        const auto got = augmented({2, 3}, {1, 2, 3, 4, 5, 6}, {.flip = true}, epoch);
        const bool is = got == std::vector<float>{3, 2, 1, 6, 5, 4};
        EXPECT_TRUE(is || got == (std::vector<float>{1, 2, 3, 4, 5, 6}));
        mirrored += is ? 1 : 0;
    }
    EXPECT_NEAR(mirrored, 100, 30);
}

TEST(Augmentation, ShiftsByEveryDistanceUpToTheBorder) {
    std::set<std::vector<float>> seen;
    for (int epoch = 0; epoch < 400; ++epoch) seen.insert(augmented({2, 2}, {1, 2, 3, 4}, {.crop = 1}, epoch));
    EXPECT_EQ(seen.size(), 9U);
    EXPECT_TRUE(seen.contains({0, 0, 0, 1}));  // down and right
    EXPECT_TRUE(seen.contains({2, 0, 4, 0}));  // left
    EXPECT_TRUE(seen.contains({1, 2, 3, 4}));
}

TEST(Augmentation, MovesChannelsTogetherInBothLayouts) {
    for (int epoch = 0; epoch < 50; ++epoch) {
        const Augmentation both{.crop = 1, .flip = true};
        const auto first = augmented({3, 2, 2}, {1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24}, both, epoch);
        const auto last = augmented({2, 2, 3}, {1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24}, both, epoch);
        for (std::size_t c = 0; c < 3; ++c)
            for (std::size_t pixel = 0; pixel < 4; ++pixel) EXPECT_EQ(first[c * 4 + pixel], last[pixel * 3 + c]);
    }
}

TEST(Augmentation, IsForPicturesAlone) {
    EXPECT_FALSE(picture_axes({20}, {.flip = true}).ok());
    EXPECT_FALSE(picture_axes({5, 6, 7}, {.flip = true}).ok());
    EXPECT_FALSE(picture_axes({28, 28}, {.crop = 28}).ok());
    EXPECT_EQ(picture_axes({32, 30, 3}, {.crop = 4})->inner, 3);
    EXPECT_EQ(picture_axes({3, 32, 30}, {.crop = 4})->planes, 3);
}

TEST(Schedule, HasItsCorners) {
    EXPECT_DOUBLE_EQ(rate_at(Schedule::one_cycle, 1, 0, 300), 0.1);
    EXPECT_DOUBLE_EQ(rate_at(Schedule::one_cycle, 1, 100, 300), 1);
    EXPECT_NEAR(rate_at(Schedule::one_cycle, 1, 300, 300), 0.01, 1e-12);
    EXPECT_DOUBLE_EQ(rate_at(Schedule::cosine, 2, 0, 10), 2);
    EXPECT_DOUBLE_EQ(rate_at(Schedule::cosine, 2, 5, 10), 1);
    EXPECT_DOUBLE_EQ(rate_at(Schedule::piecewise, 1, 49, 100), 1);
    EXPECT_DOUBLE_EQ(rate_at(Schedule::piecewise, 1, 50, 100), 0.1);
    EXPECT_DOUBLE_EQ(rate_at(Schedule::piecewise, 1, 75, 100), 0.01);
    EXPECT_DOUBLE_EQ(rate_at(Schedule::constant, 1, 75, 100), 1);
}

Result<Outcome> outcome_of_training(const Options& options) {
    std::shared_ptr<model::Model> model =
        BARTIZAN_TRY(model::from_graph(BARTIZAN_TRY((*find_architecture("mlp"))->build({4}, 2, 1))));
    const auto classifier = BARTIZAN_TRY(model::make_classifier(model, {4}, {}));
    RunContext ctx(RunContext::Options{.seed = 3, .threads = 1});
    return train(*model, *classifier, Blobs(300, 1), options, ctx);
}

TEST(Training, EndsEarlyWhenNoEpochIsBetter) {
    // A learning rate of nearly nothing: the first epoch stays the best.
    Options options{.epochs = 30, .learning_rate = 1e-12, .patience = 3};
    const auto outcome = outcome_of_training(options);
    ASSERT_TRUE(outcome.ok()) << outcome.error().line();
    EXPECT_TRUE(outcome->stopped_early);
    EXPECT_EQ(outcome->epochs.size(), 4U);
    options.patience = 0;
    EXPECT_EQ(outcome_of_training(options)->epochs.size(), 30U);
}

TEST(Training, FreeTrainingWithstandsAndAnAllCleanShareIsPlainTraining) {
    Options options{.epochs = 10, .validation_share = 0.2};
    options.objective = {.method = Method::free, .adversary = {.eps = 0.05, .steps = 5}};
    const auto free = outcome_of_training(options);
    ASSERT_TRUE(free.ok()) << free.error().line();
    EXPECT_GT(free->epochs.back().validation_robust_accuracy.value_or(0), 0.8);
    options.objective.method = Method::pgd;
    options.objective.clean_weight = 1;
    const auto mixed = outcome_of_training(options);
    options.objective.method = Method::plain;
    const auto plain = outcome_of_training(options);
    ASSERT_TRUE(mixed.ok() && plain.ok());
    for (std::size_t i = 0; i < plain->epochs.size(); ++i)
        EXPECT_NEAR(mixed->epochs[i].loss, plain->epochs[i].loss, 1e-5 * plain->epochs[i].loss);
}

}  // namespace
}  // namespace bartizan::training
