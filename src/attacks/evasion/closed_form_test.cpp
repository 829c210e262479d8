/// Attacks on linear models, whose worst inputs are known: what can be fooled must be fooled, and nothing else.
#include <algorithm>
#include <gtest/gtest.h>

#include "attacks/evasion/apgd.h"
#include "attacks/evasion/square.h"
#include "attacks/runner.h"
#include "attacks/toys_testing.h"

namespace bartizan::attacks {
namespace closed_form_test {
namespace {

constexpr std::int64_t kSamples = 60;

/// Radii at which about half of the samples can be fooled.
double eps_for(Norm norm) { return norm == Norm::linf ? 0.05 : norm == Norm::l2 ? 0.3 : 0.7; }

struct Truth {
    std::vector<double> margins;  ///< the worst that each sample can be brought to
    std::int64_t robust = 0;
};

Truth truth_of(const Toy& toy, const data::Batch& batch, Norm norm, double eps) {
    Truth truth;
    const std::size_t width = batch.x.values<float>().size() / batch.y.size();
    for (std::size_t row = 0; row < batch.y.size(); ++row) {
        truth.margins.push_back(
            worst_margin(toy, norm, eps, batch.x.values<float>().subspan(row * width, width), batch.y[row]));
        truth.robust += truth.margins.back() > 0 ? 1 : 0;
    }
    return truth;
}

/// Samples whose best attack wins or loses by less than `slack` may go either way.
void expect_exact(const Toy& toy, std::string_view name, Norm norm, double slack,
                  const std::map<std::string, std::string>& params = {}) {
    const data::Batch batch = batch_for(toy, kSamples);
    const ThreatModel threat{.norm = norm, .eps = eps_for(norm)};
    const Truth truth = truth_of(toy, batch, norm, threat.eps);
    ASSERT_GT(truth.robust, 5) << "the radius is too large to tell";
    ASSERT_LT(truth.robust, kSamples - 5) << "the radius is too small to tell";
    RunContext ctx;
    const RunResult result = run(toy, **make_attack(name, threat, params), threat, batch, ctx).value();
    for (std::size_t row = 0; row < truth.margins.size(); ++row) {
        if (truth.margins[row] > 1e-4) EXPECT_EQ(result.success[row], 0) << name << ", row " << row;
        if (truth.margins[row] < -slack)
            EXPECT_EQ(result.success[row], 1)
                << name << " " << catalog::to_string(norm) << ", row " << row << ", margin " << truth.margins[row];
    }
}

const Toy& two_classes() {
    static const Toy toy({1, 6, 6}, 2, Toy::Depth::linear);
    return toy;
}
const Toy& six_classes() {
    static const Toy toy({1, 6, 6}, 6, Toy::Depth::linear);
    return toy;
}

TEST(ClosedForms, OneStepIsEnoughOnALinearModel) {
    for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1}) expect_exact(two_classes(), "fgsm", norm, 1e-4);
}

TEST(ClosedForms, ProjectedGradientReachesTheWorstCase) {
    for (const char* name : {"bim", "pgd", "mim"})
        for (const Norm norm : {Norm::linf, Norm::l2})
            expect_exact(two_classes(), name, norm, 1e-3, {{"steps", "100"}});
}

// Sparse steps share a move among several coordinates, so the very best vertex is only approached.
TEST(ClosedForms, SparseProjectedGradientComesNearTheWorstCase) {
    expect_exact(two_classes(), "pgd", Norm::l1, 0.15, {{"steps", "200"}, {"sparsity", "0.05"}});
    expect_exact(two_classes(), "apgd-ce", Norm::l1, 0.05);
}

TEST(ClosedForms, AutoPgdReachesTheWorstCase) {
    for (const Norm norm : {Norm::linf, Norm::l2}) {
        expect_exact(two_classes(), "apgd-ce", norm, 1e-3);
        expect_exact(two_classes(), "apgd-dlr", norm, 1e-3);
        expect_exact(six_classes(), "apgd-t", norm, 1e-3);
    }
}

TEST(ClosedForms, TheEnsembleGivesTheAnalyticRobustAccuracy) {
    for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1})
        for (const Toy* toy : {&two_classes(), &six_classes()}) {
            const data::Batch batch = batch_for(*toy, kSamples);
            const ThreatModel threat{.norm = norm, .eps = eps_for(norm)};
            const Truth truth = truth_of(*toy, batch, norm, threat.eps);
            RunContext ctx;
            const auto attack = make_attack("autoattack", threat, {{"steps", "50"}, {"queries", "100"}});
            const RunResult result = run(*toy, **attack, threat, batch, ctx).value();
            EXPECT_EQ(result.robust_correct, truth.robust)
                << catalog::to_string(norm) << ", " << toy->classes() << " classes";
        }
}

TEST(ClosedForms, FabFindsTheExactDistance) {
    for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1})
        for (const auto& [name, toy] : {std::pair{"fab", &two_classes()}, {"fab-t", &six_classes()}}) {
            const data::Batch batch = batch_for(*toy, 30);
            const ThreatModel threat{.norm = norm, .eps = 1000};
            RunContext ctx;
            const RunResult result =
                run(*toy, **make_attack(name, threat, {{"steps", "30"}}), threat, batch, ctx).value();
            for (std::size_t row = 0; row < 30; ++row) {
                const double truth =
                    boundary_distance(*toy, norm, batch.x.values<float>().subspan(row * 36, 36), batch.y[row]);
                ASSERT_EQ(result.success[row], 1) << name;
                EXPECT_GE(result.perturbation[row], truth * (1 - 1e-4)) << name << " " << catalog::to_string(norm);
                EXPECT_LE(result.perturbation[row], truth * (1 + 2e-3)) << name << " " << catalog::to_string(norm);
            }
        }
}

// Table 1 of the published schedule: p = 0.22, 0.41, 0.57, 0.70, 0.80, 0.87, 0.93, 0.99.
TEST(Apgd, JudgesProgressAtThePublishedCheckpoints) {
    EXPECT_EQ(evasion::apgd_checkpoints(100), (std::vector<std::int64_t>{22, 41, 57, 70, 80, 87, 93, 99}));
    EXPECT_EQ(evasion::apgd_checkpoints(1000), (std::vector<std::int64_t>{220, 410, 570, 700, 800, 870, 930, 990}));
    for (const std::int64_t steps : {1, 2, 5, 10}) {
        const auto checks = evasion::apgd_checkpoints(steps);
        EXPECT_TRUE(std::ranges::is_sorted(checks));
        EXPECT_LE(checks.back(), steps);
    }
}

TEST(Square, CoversLessAndLessAsThePaperSays) {
    EXPECT_DOUBLE_EQ(evasion::square_share(0.8, 1), 0.8);
    EXPECT_DOUBLE_EQ(evasion::square_share(0.8, 11), 0.4);
    EXPECT_DOUBLE_EQ(evasion::square_share(0.8, 201), 0.1);
    EXPECT_DOUBLE_EQ(evasion::square_share(0.8, 9999), 0.8 / 512);
}

TEST(Square, SpendsItsQueriesToTheLast) {
    const ThreatModel threat{.eps = 1e-4};  // too small to fool anything
    const data::Batch batch = batch_for(six_classes(), 10);
    RunContext ctx;
    const RunResult result =
        run(six_classes(), **make_attack("square", threat, {{"queries", "77"}}), threat, batch, ctx).value();
    for (std::size_t row = 0; row < 10; ++row)
        if (result.success[row] == 0) EXPECT_EQ(result.queries[row], 77);
    EXPECT_EQ(result.gradients_mean, 0);
}

TEST(Square, FindsMostOfWhatCanBeFoundOnALinearModel) {
    for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1}) {
        const data::Batch batch = batch_for(two_classes(), kSamples);
        const ThreatModel threat{.norm = norm, .eps = 1.5 * eps_for(norm)};
        const Truth truth = truth_of(two_classes(), batch, norm, threat.eps);
        RunContext ctx;
        const RunResult result =
            run(two_classes(), **make_attack("square", threat, {{"queries", "2000"}}), threat, batch, ctx).value();
        const double possible = static_cast<double>(kSamples - truth.robust);
        EXPECT_GT(static_cast<double>(result.clean_correct - result.robust_correct), 0.55 * possible)
            << catalog::to_string(norm);
    }
}

// A table has no second axis: windows become runs of neighbouring columns.
TEST(Square, WorksOnItemsThatAreNoPictures) {
    const Toy toy({30}, 3, Toy::Depth::linear);
    const data::Batch batch = batch_for(toy, 30);
    for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1}) {
        const ThreatModel threat{.norm = norm, .eps = 3 * eps_for(norm)};
        RunContext ctx;
        const RunResult result =
            run(toy, **make_attack("square", threat, {{"queries", "300"}}), threat, batch, ctx).value();
        EXPECT_GT(result.success_rate(), 0.3) << catalog::to_string(norm);
    }
}

}  // namespace
}  // namespace closed_form_test
}  // namespace bartizan::attacks
