/// Warps against shifts that are known.
#include "defences/warp.h"

#include <memory>

#include <gtest/gtest.h>

#include "defences/trojan_testing.h"

namespace bartizan::defences {
namespace {

using testing::kSide;

/// Places that take each pixel from `columns` to its right.
Warp shift(std::int64_t height, std::int64_t width, float columns) {
    Warp warp;
    std::vector<float> places;
    for (std::int64_t r = 0; r < height; ++r)
        for (std::int64_t c = 0; c < width; ++c) {
            places.push_back(2 * (static_cast<float>(c) + columns) / static_cast<float>(width - 1) - 1);
            places.push_back(2 * static_cast<float>(r) / static_cast<float>(height - 1) - 1);
        }
    warp.places = NdArray::from<float>({height, width, 2}, std::span<const float>(places)).value();
    return warp;
}

TEST(Warp, TakesEachPixelFromItsPlace) {
    const std::vector<float> row{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    const NdArray x = NdArray::from<float>({1, 1, 3, 4}, std::span<const float>(row)).value();
    const NdArray one = warped(x, shift(3, 4, 1)).value();
    const std::vector<float> moved{1, 2, 3, 3, 5, 6, 7, 7, 9, 10, 11, 11};
    for (std::size_t i = 0; i < moved.size(); ++i) EXPECT_NEAR(one.values<float>()[i], moved[i], 1e-5) << i;
    EXPECT_NEAR(warped(x, shift(3, 4, 0.25F)).value().values<float>()[0], 0.25, 1e-5);  // bilinear
    const NdArray last = NdArray::from<float>({1, 2, 6, 1}, std::span<const float>(row)).value();  // channels behind
    const NdArray behind = warped(last, shift(2, 6, 1)).value();
    const std::vector<float> longer{1, 2, 3, 4, 5, 5, 7, 8, 9, 10, 11, 11};
    for (std::size_t i = 0; i < longer.size(); ++i) EXPECT_NEAR(behind.values<float>()[i], longer[i], 1e-5) << i;
    EXPECT_FALSE(warped(x, shift(4, 4, 1)).ok());
    EXPECT_FALSE(warped(NdArray(), shift(3, 4, 1)).ok());
}

TEST(Warp, KnowsPictures) {
    EXPECT_TRUE(can_be_warped({1, 6, 6}));
    EXPECT_TRUE(can_be_warped({6, 6, 3}));
    EXPECT_FALSE(can_be_warped({1, 6, 1}));
    EXPECT_FALSE(can_be_warped({5, 6, 7}));
    EXPECT_FALSE(can_be_warped({784}));
}

TEST(Warp, FindsTheShiftThatCallsAClass) {
    // Class c is the brightness of row c: pictures whose row 2 is bright are read as 3 when pulled down by a row.
    const auto classifier = testing::rows_classifier(testing::Trojan::none);
    RunContext ctx;
    data::Batch rows = testing::rows_data(100);
    for (std::int64_t& label : rows.y) label = label == 2 ? 2 : 3;  // those of the target are left out
    // Rows beside the bright one are dark, so a start on the wrong side has no slope to follow.
    const WarpOptions options{.radius = 1.0 / kSide, .knots = 2, .starts = 8};
    const auto found = strongest_warp(*classifier, rows, 3, options, ctx);
    ASSERT_TRUE(found.ok()) << found.error().line();
    EXPECT_GT(found->cell.success, 0.9);
    // The row that is read at row 3 lies above it, by 2 / 5 of a half side a pixel.
    double shift = 0;
    for (std::size_t c = 0; c < kSide; ++c) shift += 0.2 - found->places.values<float>()[2 * (3 * kSide + c) + 1];
    EXPECT_GT(shift / kSide, 0.2);
    EXPECT_EQ(std::vector<float>(found->places.values<float>().begin(), found->places.values<float>().end()),
              [&] {
                  const auto again = strongest_warp(*classifier, rows, 3, options, ctx).value();
                  return std::vector<float>(again.places.values<float>().begin(), again.places.values<float>().end());
              }());
    EXPECT_LT(strongest_warp(*classifier, rows, 3, {.radius = 0.01}, ctx).value().cell.success, 0.1);
}

TEST(Warp, RefusesWhatCannotBeSought) {
    const auto classifier = testing::rows_classifier(testing::Trojan::none);
    RunContext ctx;
    EXPECT_FALSE(strongest_warp(*classifier, testing::rows_data(20), 9, {}, ctx).ok());
    EXPECT_FALSE(strongest_warp(*classifier, testing::rows_data(20), 1, {.knots = 1}, ctx).ok());
    data::Batch one = testing::rows_data(20);
    one.y.assign(20, 1);
    EXPECT_FALSE(strongest_warp(*classifier, one, 1, {}, ctx).ok());
    CancelToken stop;
    stop.cancel();
    EXPECT_EQ(strongest_warp(*classifier, testing::rows_data(20), 1, {}, RunContext({.cancel = &stop})).error().code(),
              Errc::cancelled);
}

}  // namespace
}  // namespace bartizan::defences
