/// Laws that every attack that learns keeps, and what the curve says.
#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "extraction/curve.h"
#include "extraction/extraction_testing.h"

namespace bartizan::extraction {
namespace {

constexpr std::int64_t kFeatures = 6;

std::shared_ptr<const model::Classifier> victim_model() {
    const Dense first = random_layer(8, kFeatures, 70), second = random_layer(3, 8, 72, 2);
    return classifier_over(dense_graph({kFeatures}, first, &second, nullptr).value(), {kFeatures});
}

struct Carried {
    Run run;
    std::int64_t asked = 0;
    std::vector<double> scores;  ///< of the copy, on fresh items
};

Result<Carried> carried(std::string_view name, std::int64_t queries, int threads, std::uint64_t seed = 1,
                        std::int64_t pool = 400) {
    const Items items(pool, kFeatures, 3);
    Judges judges{.items = Items(200, kFeatures, 9).batch, .answers = {}};
    judges.items.y.clear();
    const auto model = victim_model();
    RunContext ctx(RunContext::Options{.seed = seed, .threads = threads});
    Victim victim(model, {}, queries);
    judges.answers = BARTIZAN_TRY(victim.measure(judges.items.x, ctx));
    const auto attack = BARTIZAN_TRY(attack_called(name, items.start(seed)));
    Carried out{.run = BARTIZAN_TRY(run(*attack, victim, judges, {queries / 4, queries}, ctx))};
    out.asked = victim.asked();
    out.scores = BARTIZAN_TRY(Victim(out.run.copy.classifier, {}, 0).measure(judges.items.x, ctx)).scores;
    return out;
}

class EveryLearningAttack : public ::testing::TestWithParam<catalog::ExtractionSpec> {};

TEST_P(EveryLearningAttack, AsksAsOftenAsItMayAndLearns) {
    const auto done = carried(GetParam().name, 320, 2);
    ASSERT_TRUE(done.ok()) << done.error().line();
    EXPECT_EQ(done->asked, 320);
    ASSERT_EQ(done->run.points.size(), 2U);
    EXPECT_EQ(done->run.points[0].queries, 80);
    EXPECT_EQ(done->run.points[1].queries, 320);
    // The pool is uniform noise in the unit cube, so that every source of questions is near it: all learn.
    EXPECT_GT(done->run.points[1].agreement.value(), 0.8);
}

TEST_P(EveryLearningAttack, GivesTheSameCopyForTheSameSeedAndAnyNumberOfThreads) {
    const auto one = carried(GetParam().name, 96, 1), two = carried(GetParam().name, 96, 3);
    ASSERT_TRUE(one.ok() && two.ok());
    EXPECT_EQ(one->scores, two->scores);
    EXPECT_NE(one->scores, carried(GetParam().name, 96, 1, 2)->scores);
}

TEST_P(EveryLearningAttack, StopsWhenAsked) {
    CancelToken cancel;
    cancel.cancel();
    RunContext ctx(RunContext::Options{.cancel = &cancel});
    const Items items(100, kFeatures, 3);
    Victim victim(victim_model(), {}, 1000);
    const auto asked = attack_called(GetParam().name, items.start()).value()->ask(victim, 1000, ctx);
    ASSERT_FALSE(asked.ok());
    EXPECT_EQ(asked.error().code(), Errc::cancelled);
}

std::vector<catalog::ExtractionSpec> learning() {
    std::vector<catalog::ExtractionSpec> out;
    for (const catalog::ExtractionSpec& spec : catalog::extractions())
        if (spec.learns) out.push_back(spec);
    return out;
}

INSTANTIATE_TEST_SUITE_P(All, EveryLearningAttack, ::testing::ValuesIn(learning()), [](const auto& one) {
    std::string name(one.param.name);
    std::ranges::replace(name, '-', '_');
    return name;
});

TEST(ExtractionCurve, SaysHowItGoesOnWhenThePoolIsUsedUp) {
    const auto random = carried("knockoff-random", 200, 1, 1, 120);
    ASSERT_TRUE(random.ok()) << random.error().line();
    EXPECT_EQ(random->asked, 200);
    EXPECT_NE(random->run.note.find("120 items: the other 80 queries"), std::string::npos) << random->run.note;
    const auto adaptive = carried("knockoff-adaptive", 200, 1, 1, 120);
    ASSERT_TRUE(adaptive.ok()) << adaptive.error().line();
    EXPECT_EQ(adaptive->asked, 120);
    EXPECT_NE(adaptive->run.note.find("only 120 queries"), std::string::npos) << adaptive->run.note;
}

TEST(ExtractionCurve, AnAdaptiveAttackerWithoutLabelsIsToldSo) {
    Items items(50, kFeatures, 3);
    items.batch.y.clear();
    const auto made = attack_called("knockoff-adaptive", items.start());
    ASSERT_FALSE(made.ok());
    EXPECT_NE(made.error().line().find("labels"), std::string::npos);
    for (const std::int64_t label : {std::int64_t{-1}, std::numeric_limits<std::int64_t>::max()}) {
        items.batch.y.assign(50, label);
        EXPECT_FALSE(attack_called("knockoff-adaptive", items.start()).ok()) << label;
    }
}

TEST(ExtractionCurve, TheVictimRefusesMoreThanItsBudget) {
    const Items items(50, kFeatures, 3);
    Victim victim(victim_model(), {}, 20);
    const RunContext ctx;
    EXPECT_TRUE(victim.ask(items.batch.x.rows(0, 20).value(), ctx).ok());
    const auto more = victim.ask(items.batch.x.rows(0, 1).value(), ctx);
    ASSERT_FALSE(more.ok());
    EXPECT_EQ(more.error().code(), Errc::exhausted);
    EXPECT_EQ(victim.asked(), 20);
}

Point point(std::int64_t queries, std::int64_t agree) { return {.queries = queries, .agreement = {agree, 1000}}; }

TEST(ExtractionCurve, QueriesToALevelLieBetweenThePointsByTheirLogarithm) {
    const std::vector<Point> points{point(100, 700), point(400, 900), point(1600, 940)};
    EXPECT_NEAR(*queries_to(points, 0.8).value, 200, 1e-9);  // half-way between 100 and 400 in logarithms
    EXPECT_NEAR(*queries_to(points, 0.9).value, 400, 1e-9);
    EXPECT_FALSE(queries_to(points, 0.95).value.has_value());
    EXPECT_NEAR(*queries_to(points, 0.7).value, 100, 1e-9);
    const QueriesTo to = queries_to(points, 0.8);
    EXPECT_LT(*to.low, 200);
    EXPECT_GT(*to.high, 200);
    EXPECT_EQ(query_points(6000, true), (std::vector<std::int64_t>{375, 750, 1500, 3000, 6000}));
    EXPECT_EQ(query_points(40, true), (std::vector<std::int64_t>{20, 40}));
    EXPECT_EQ(query_points(40, false), (std::vector<std::int64_t>{40}));
}

TEST(ExtractionCurve, APolicysCostToUsersIsCounted) {
    Judges judges;
    judges.items.x = NdArray::zeros(DType::f32, {2, 1}).value();
    judges.items.y = {0, 1};
    judges.answers = {.classes = 2, .scores = {0.8, 0.2, 0.4, 0.6}};
    const UserCost cost = user_cost(policy::OutputPolicy::parse("labels").value(), judges);
    EXPECT_NEAR(cost.distance, (0.4 + 0.8) / 2, 1e-12);
    EXPECT_EQ(cost.argmax_kept.value(), 1);
    EXPECT_NEAR(cost.calibration_error_before, (0.2 + 0.4) / 2, 1e-12);
    EXPECT_NEAR(cost.calibration_error, 0, 1e-12);
}

TEST(ExtractionCurve, LabelsAloneTeachLessThanScores) {
    // Averaged over seeds: what the scores add, with few queries.
    double scores = 0, labels = 0;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        scores += carried("knockoff-random", 60, 2, seed)->run.points.back().agreement.value();
        labels += carried("copycat", 60, 2, seed)->run.points.back().agreement.value();
    }
    EXPECT_GT(scores, labels);
}

}  // namespace
}  // namespace bartizan::extraction
