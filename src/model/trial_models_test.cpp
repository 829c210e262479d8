// Third-party models against the outputs that ONNX Runtime gave for them, and the accuracy it measured. Runs where
// BARTIZAN_TRIAL_DATA names the folder that holds them.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "formats/npz.h"
#include "model/classifier.h"
#include "model/model_testing.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::model {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> trial_folder() {
    const char* folder = std::getenv("BARTIZAN_TRIAL_DATA");
    return folder == nullptr || *folder == '\0' ? std::nullopt : std::optional<fs::path>(folder);
}

/// "Identity:0" is recorded as "out_Identity_0".
std::string recorded_name(std::string output) {
    std::ranges::replace_if(
        output, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
    return "out_" + output;
}

void check_against_record(const fs::path& model_path, const fs::path& record) {
    SCOPED_TRACE(model_path.filename().string());
    const auto model = load(model_path);
    ASSERT_TRUE(model.ok()) << model.error().line();
    const auto npz = formats::Npz::open(record);
    ASSERT_TRUE(npz.ok()) << npz.error().line();
    const at::Tensor input = to_tensor(npz->array("input").value()).value();
    const auto outputs = (*model)->run({&input, 1});
    ASSERT_TRUE(outputs.ok()) << outputs.error().line();
    int compared = 0;
    for (std::size_t i = 0; i < outputs->size(); ++i) {
        const auto expected = npz->array(recorded_name((*model)->info().outputs[i].name));
        if (!expected.ok() && !(outputs->size() == 1 && npz->names().size() == 2)) continue;
        const auto only = [&] {
            const auto names = npz->names();
            return std::ranges::find_if(names, [](const std::string& name) { return name.starts_with("out_"); })[0];
        };
        const at::Tensor wanted = to_tensor(expected.ok() ? *expected : npz->array(only()).value()).value();
        const at::Tensor got = (*outputs)[i].reshape(wanted.sizes()).to(at::kDouble);
        const at::Tensor gap = (got - wanted.to(at::kDouble)).abs() - 1e-4 * wanted.to(at::kDouble).abs();
        EXPECT_LE(gap.max().item<double>(), 1e-5) << (*model)->info().outputs[i].name;
        ++compared;
    }
    EXPECT_GT(compared, 0);
}

TEST(TrialModels, GiveTheOutputsThatOnnxRuntimeRecorded) {
    const auto folder = trial_folder();
    if (!folder) GTEST_SKIP() << "BARTIZAN_TRIAL_DATA is not set";
    int models = 0;
    for (const auto& entry : fs::directory_iterator(*folder / "models")) {
        if (entry.path().extension() != ".onnx" && entry.path().extension() != ".pt") continue;
        const fs::path record = fs::path(entry.path()).replace_extension(".expected.npz");
        if (!fs::exists(record)) continue;
        check_against_record(entry.path(), record);
        ++models;
    }
    EXPECT_GE(models, 24);
}

TEST(TrialModels, AHalfPrecisionNetworkRunsInFloatAndAsItIs) {
    const auto folder = trial_folder();
    if (!folder) GTEST_SKIP() << "BARTIZAN_TRIAL_DATA is not set";
    const auto model = load(*folder / "models" / "winml_SqueezeNet_fp16.onnx");
    ASSERT_TRUE(model.ok()) << model.error().line();
    const at::Tensor x = testing::random_tensor({1, 3, 224, 224}, 1, 0, 255);
    const auto wide = testing::run_one(**model, x);
    const auto narrow = testing::run_one(**model, x.to(at::kHalf));
    ASSERT_TRUE(wide.ok()) << wide.error().line();
    ASSERT_TRUE(narrow.ok()) << narrow.error().line();
    EXPECT_EQ(wide->scalar_type(), at::kFloat);
    EXPECT_EQ(narrow->scalar_type(), at::kHalf);
    EXPECT_NEAR(wide->sum().item<double>(), 1, 1e-4);
    EXPECT_LE((*wide - narrow->to(at::kFloat)).abs().max().item<double>(), 1e-2);
}

/// A model, the set it was measured on, how it wants its input, and what was measured.
struct Measured {
    const char* model;
    const char* set;
    double accuracy;
    std::int64_t first = 0;  ///< 0: the whole set
    data::InputContract contract = {};
    double tolerance = 0.0006;  ///< three digits are recorded
};

data::InputContract normalised(std::vector<double> std) {
    data::InputContract contract;
    contract.mean = {.4914, .4822, .4465};
    contract.std = std::move(std);
    return contract;
}

data::InputContract bytes() {
    data::InputContract contract;
    contract.high = 255;
    return contract;
}

std::vector<Measured> measured() {
    const data::InputContract cifar = normalised({.2023, .1994, .2010});
    return {
        {"mnist_lenet5_adv.onnx", "mnist_test.npz", .982, 1000},
        {"mnist_lenet5_adv.pt", "mnist_test.npz", .982, 1000},
        {"mnist_lenet5_cln.onnx", "mnist_test.npz", .984, 1000},
        {"ort_examples_mnist.onnx", "mnist_test.npz", .987, 1000, bytes()},
        {"mnist-net_256x2.onnx", "mnist_test.npz", .978, 1000},
        {"eran_ffnnSIGMOID_6x200.onnx", "mnist_test.npz", .971, 1000},
        {"cifar10_resnet20.onnx", "cifar10_656.npz", .942},
        {"cifar10_resnet20.pt", "cifar10_656.npz", .942},
        {"cifar10_cnn_a_adv.onnx", "cifar10_656.npz", .796},
        {"cifar_base_kw.onnx", "cifar10_656.npz", .666, 0, normalised({.225})},
        {"resnet_2b.onnx", "cifar10_656.npz", .782, 0, cifar},
        {"vit_pgd_2_3_16.onnx", "cifar10_656.npz", .701, 0, cifar},
        {"marabou_cifar10_small.onnx", "cifar10_656.npz", .707},
        {"dogun_model.onnx", "gtsrb_test_2000.npz", .773, 0, {}, .02},
        {"marabou_german_traffic_sign_fast.onnx", "gtsrb_test_2000.npz", .708, 0, {}, .02},
        {"bd_cifar10_badnets_t8.onnx", "cifar10_656.npz", .898},
        {"bd_cifar10_abl_grid_t0.onnx", "cifar10_656.npz", .889},
        {"clean_cifar10_nad_teacher.onnx", "cifar10_656.npz", .899},
        {"bd_gtsrb_trojan_sq_t2.onnx", "gtsrb_test_roi_1000.npz", .98, 0, {}, .01},
        {"bd_gtsrb_l2_inv_t0.onnx", "gtsrb_test_roi_1000.npz", .98, 0, {}, .01},
    };
}

Result<double> accuracy(const Classifier& classifier, const data::Batch& batch) {
    const NdArray logits = BARTIZAN_TRY(predict(classifier, batch.x, RunContext()));
    const at::Tensor labels = BARTIZAN_TRY(to_tensor(logits)).argmax(1);
    std::int64_t right = 0;
    for (std::size_t i = 0; i < batch.y.size(); ++i)
        right += labels[static_cast<std::int64_t>(i)].item<std::int64_t>() == batch.y[i];
    return static_cast<double>(right) / static_cast<double>(batch.y.size());
}

TEST(TrialModels, ReachTheAccuracyThatOnnxRuntimeReached) {
    const auto folder = trial_folder();
    if (!folder) GTEST_SKIP() << "BARTIZAN_TRIAL_DATA is not set";
    for (const Measured& row : measured()) {
        SCOPED_TRACE(row.model);
        auto model = load(*folder / "models" / row.model);
        ASSERT_TRUE(model.ok()) << model.error().line();
        data::OpenOptions options;
        if (row.first > 0) options.limit = row.first;
        const auto set = data::open((*folder / "sets" / row.set).string(), options);
        ASSERT_TRUE(set.ok()) << set.error().line();
        const auto batch = data::read_all(**set);
        ASSERT_TRUE(batch.ok()) << batch.error().line();
        const auto classifier =
            make_classifier(std::shared_ptr<Model>(std::move(*model)), (*set)->info().item_shape, row.contract);
        ASSERT_TRUE(classifier.ok()) << classifier.error().line();
        for (const Remark& remark : (*classifier)->remarks()) EXPECT_NE(remark.kind, Remark::Kind::one_by_one);
        EXPECT_NEAR(accuracy(**classifier, *batch).value_or(-1), row.accuracy, row.tolerance);
    }
}

}  // namespace
}  // namespace bartizan::model
