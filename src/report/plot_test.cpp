#include "report/plot.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bartizan::report {
namespace {

Curve line_of(std::vector<CurvePoint> points, bool fraction = true) {
    return {
        .title = "T", .x_label = "x", .y_label = "y", .series = {{"s", std::move(points)}}, .y_is_fraction = fraction};
}

TEST(Ticks, AreRoundAndCoverTheRange) {
    EXPECT_EQ(round_ticks(0, 5, 5), (std::vector<double>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(round_ticks(0, 100, 5), (std::vector<double>{0, 20, 40, 60, 80, 100}));
    for (const auto& [low, high] : {std::pair{0.0, 0.2}, {-3.0, 7.0}, {1e-9, 3e-9}, {1e12, 1.1e12}, {0.0, 8.0 / 255}}) {
        const auto ticks = round_ticks(low, high, 5);
        EXPECT_LE(ticks.front(), low + 1e-9 * (high - low));
        EXPECT_GE(ticks.back(), high - 1e-9 * (high - low));
        EXPECT_LE(ticks.size(), 9U);
        EXPECT_GE(ticks.size(), 3U);
    }
}

TEST(Plot, PlacesPointsOnTheAxes) {
    const std::string svg = curve_figure(line_of({{0, 1, {}, {}}, {1, 0, {}, {}}}));
    // The wide drawing: 640 by 310 with margins 54, 24, 12, 48, so (0, 100 %) is its top left, (1, 0 %) its bottom
    // right.
    EXPECT_NE(svg.find("points=\"54.0,12.0 616.0,262.0 \""), std::string::npos) << svg;
}

TEST(Plot, DrawsABandOnlyWhereThereAreIntervals) {
    EXPECT_EQ(curve_figure(line_of({{0, 1, {}, {}}, {1, 0, {}, {}}})).find("<polygon"), std::string::npos);
    EXPECT_NE(curve_figure(line_of({{0, 1, 0.9, 1.0}, {1, 0.5, 0.4, 0.6}})).find("<polygon class=\"band s0\""),
              std::string::npos);
}

TEST(Plot, SurvivesDegenerateCurves) {
    const double nan = std::nan("");
    for (const bool fraction : {true, false}) {
        for (const auto& points : {std::vector<CurvePoint>{},
                                   {{0, 0, {}, {}}},
                                   {{nan, nan, nan, nan}},
                                   {{5, 5, {}, {}}, {5, 5, {}, {}}},
                                   {{-1e308, 1e308, {}, {}}, {1e308, -1e308, {}, {}}},
                                   {{HUGE_VAL, 1, {}, {}}}}) {
            const std::string figure = curve_figure(line_of(points, fraction));
            const std::string drawings = figure.substr(0, figure.find("<details>"));
            EXPECT_EQ(drawings.find("=\"nan"), std::string::npos);
            EXPECT_EQ(drawings.find("=\"inf"), std::string::npos);
            EXPECT_LT(figure.size(), 20'000U);
        }
    }
}

TEST(Plot, TellsInWordsWhatItShows) {
    const std::string figure = curve_figure(line_of({{0, 0.9, {}, {}}, {0.2, 0.1, {}, {}}}));
    EXPECT_NE(figure.find("aria-label=\"T. y over x. s: 90 % at 0, 10 % at 0.2.\""), std::string::npos) << figure;
}

TEST(Plot, EscapesItsLabels) {
    Curve curve = line_of({{0, 1, {}, {}}});
    curve.title = curve.x_label = curve.y_label = curve.series[0].name = "\"><script>";
    EXPECT_EQ(curve_figure(curve).find("<script"), std::string::npos);
}

}  // namespace
}  // namespace bartizan::report
