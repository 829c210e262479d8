/// P-values against published tables, proofs that are broken, and marks on real networks.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "core/random.h"
#include "core/file.h"
#include "data/sources.h"
#include "formats/npz.h"
#include "model/model.h"
#include "ownership/dataset_inference.h"
#include "ownership/evidence.h"
#include "ownership/fingerprint.h"
#include "ownership/proof.h"
#include "ownership/watermark.h"
#include "training/architecture.h"
#include "training/trainer.h"

namespace bartizan::ownership {
namespace {

TEST(Evidence, PValuesAreThoseOfTheTables) {
    EXPECT_NEAR(binomial_p_value(8, 10, 0.5), 56.0 / 1024, 1e-12);  // (45 + 10 + 1) / 2^10
    EXPECT_EQ(binomial_p_value(0, 10, 0.1), 1);
    EXPECT_NEAR(binomial_p_value(10, 10, 0.1), 1e-10, 1e-20);
    // Student's t, 4 degrees of freedom: 2.132 is the one-sided 5 % point.
    const double scale = std::sqrt(1 + 1.0 / 5);
    const std::vector<double> five{0.1, 0.2, 0.3, 0.4, 0.5};
    const NullDistribution null = null_of(five);
    EXPECT_NEAR(null.mean, 0.3, 1e-12);
    EXPECT_NEAR(null.deviation, std::sqrt(0.025), 1e-12);
    EXPECT_NEAR(prediction_p_value(0.3 + 2.132 * std::sqrt(0.025) * scale, null), 0.05, 1e-4);
    EXPECT_EQ(prediction_p_value(1, null_of(std::vector<double>{0.2})), 1) << "one model says nothing of the spread";
    // Welch: equal samples of deviation 1, means 0.5 apart; t = 0.5 / sqrt(2 / 5) with 8 degrees of freedom.
    const std::vector<double> a{-1, -0.5, 0, 0.5, 1}, b{-1.5, -1, -0.5, 0, 0.5};
    EXPECT_NEAR(welch_p_value(a, b), 0.1733, 1e-4);  // t = 1 with 8 degrees of freedom
}

/// Pictures of 12 x 12 in four classes: which quarter is bright.
struct Quarters {
    data::Batch batch;
    data::Info info;
    Quarters(std::int64_t rows, std::uint64_t seed) {
        batch.x = NdArray::zeros(DType::f32, {rows, 12, 12}).value();
        const std::span<float> values = batch.x.mutable_values<float>();
        for (std::int64_t i = 0; i < rows; ++i) {
            Random random(seed, static_cast<std::uint64_t>(i));
            const std::size_t label = random.below(4);
            for (std::size_t y = 0; y < 12; ++y)
                for (std::size_t x = 0; x < 12; ++x) {
                    const bool bright = (y >= 6) == (label >= 2) && (x >= 6) == (label % 2 == 1);
                    values[static_cast<std::size_t>(i) * 144 + y * 12 + x] =
                        std::clamp((bright ? 0.6F : 0.35F) + 0.25F * random.normal(), 0.0F, 1.0F);
                }
            batch.y.push_back(static_cast<std::int64_t>(label));
            batch.ids.push_back(i);
        }
        info.kind = data::Kind::image;
        info.item_shape = {12, 12};
        info.items = rows;
        info.classes = 4;
    }
};

struct Net {
    std::shared_ptr<model::Model> model;
    std::shared_ptr<const model::Classifier> classifier;
};

Net trained(const Quarters& data, std::uint64_t seed, int epochs = 6) {
    Net net;
    net.model = model::from_graph((*training::find_architecture("mlp"))->build({144}, 4, seed).value()).value();
    net.classifier = model::make_classifier(net.model, {12, 12}, {}).value();
    const NdArray y = NdArray::from<std::int64_t>({std::ssize(data.batch.y)}, data.batch.y).value();
    const auto dataset = data::from_arrays(data.batch.x, y, {.format = "made", .path = "made"}).value();
    RunContext ctx(RunContext::Options{.seed = seed});
    EXPECT_TRUE(training::train(*net.model, *net.classifier, *dataset, {.epochs = epochs}, ctx).ok());
    return net;
}

TEST(Watermark, IsLearntVerifiedAndNotSeenInOtherModels) {
    const Quarters data(600, 1);
    const Net mine = trained(data, 1), other = trained(data, 2);
    const WatermarkOptions options{.triggers = 40, .epochs = 30, .learning_rate = 0.05, .seed = 9};
    const Proof proof = make_triggers(data.batch, data.info, 4, options).value();
    RunContext ctx;
    EXPECT_GT(p_value_of(proof, match_of(*mine.classifier, proof, ctx).value()), 1e-3) << "before it is taught";
    const auto embedded = embed(*mine.model, *mine.classifier, data.batch, data.info, proof, options, ctx);
    ASSERT_TRUE(embedded.ok()) << embedded.error().line();
    const Match match = match_of(*mine.classifier, proof, ctx).value();
    EXPECT_GT(match.rate(), 0.9);
    EXPECT_LT(p_value_of(proof, match), 1e-12);
    EXPECT_GT(p_value_of(proof, match_of(*other.classifier, proof, ctx).value()), 1e-3);
    // The mark costs no accuracy to speak of.
    const Quarters fresh(300, 5);
    const auto margin = margins(*mine.classifier, fresh.batch, ctx).value();
    EXPECT_GT(std::ranges::count_if(margin, [](double m) { return m > 0; }), 285);
}

TEST(Watermark, TriggersOfTheSystemsSecretDiffer) {
    const Quarters data(50, 1);
    const auto one = make_triggers(data.batch, data.info, 4, {}).value(), two = make_triggers(data.batch, data.info, 4, {}).value();
    EXPECT_NE(one.answers, two.answers);
}

TEST(Fingerprint, TellsACopyFromIndependentModels) {
    const Quarters data(600, 1);
    const Net mine = trained(data, 1);
    RunContext ctx;
    Proof proof = make_fingerprint(*mine.classifier, Quarters(200, 7).batch, {.points = 60, .eps = 0.3}, ctx).value();
    ASSERT_EQ(match_of(*mine.classifier, proof, ctx)->rate(), 1);
    for (std::uint64_t seed = 20; seed < 25; ++seed)
        proof.independent.push_back(match_of(*trained(data, seed).classifier, proof, ctx)->rate());
    const NullDistribution null = null_of(proof.independent);
    EXPECT_LT(null.mean, 0.95);
    // A copy whose weights went on training for a little; another independent one.
    Net copy = trained(data, 1);
    const NdArray y = NdArray::from<std::int64_t>({std::ssize(data.batch.y)}, data.batch.y).value();
    const auto dataset = data::from_arrays(data.batch.x, y, {.format = "made", .path = "made"}).value();
    EXPECT_TRUE(training::train(*copy.model, *copy.classifier, *dataset, {.epochs = 1, .learning_rate = 1e-4}, ctx).ok());
    EXPECT_LT(p_value_of(proof, match_of(*copy.classifier, proof, ctx).value()), 0.05);
    EXPECT_GT(p_value_of(proof, match_of(*trained(data, 40).classifier, proof, ctx).value()), 0.01);
}

TEST(DatasetInference, SeesThatAModelKnowsItsItemsByHeart) {
    const Quarters private_items(120, 30), public_items(400, 31);
    const Net mine = trained(private_items, 3, 200);
    const Net other = trained(public_items, 4, 50);
    const Quarters asked(300, 32);
    RunContext ctx;
    const auto of = [&](const Net& net) {
        return infer(margins(*net.classifier, private_items.batch, ctx).value(), margins(*net.classifier, asked.batch, ctx).value());
    };
    EXPECT_GT(of(mine).effect, 0.3);
    EXPECT_LT(of(mine).p_value, 1e-3);
    EXPECT_LT(of(other).effect, of(mine).effect / 2);
}

TEST(Proof, IsReadAsWrittenAndRefusedWhenBroken) {
    const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("bartizan-proof-test-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const std::filesystem::path path = folder / "proof.npz";
    Proof proof{.kind = ProofKind::fingerprint, .classes = 3};
    proof.inputs = NdArray::zeros(DType::f32, {2, 4}).value();
    proof.answers = {2, 0};
    proof.independent = {0.25, 0.5};
    proof.digest = {1, 2, 3};
    ASSERT_TRUE(write_proof(path, proof).ok());
    const auto again = read_proof(path);
    ASSERT_TRUE(again.ok()) << again.error().line();
    EXPECT_EQ(again->answers, proof.answers);
    EXPECT_EQ(again->independent, proof.independent);
    EXPECT_EQ(again->kind, proof.kind);
    const std::string whole = read_file(path, 1 << 20).value();
    for (std::size_t cut = 0; cut < whole.size(); cut += 37) {
        std::ofstream(path, std::ios::binary) << whole.substr(0, cut);
        EXPECT_FALSE(read_proof(path).ok()) << cut;
    }
    for (std::size_t at = 0; at < whole.size(); at += 11) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 0x41);
        std::ofstream(path, std::ios::binary) << changed;
        (void)read_proof(path);  // any answer, but no crash
    }
    proof.answers = {2, 3};
    ASSERT_TRUE(write_proof(path, proof).ok());
    EXPECT_FALSE(read_proof(path).ok()) << "an answer beyond the classes";
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace bartizan::ownership
