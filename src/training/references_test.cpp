#include "training/references.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "model/kernel.h"
#include "training/architecture.h"

namespace bartizan::training {
namespace {

class References : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-references-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
        Random random(3, 0);
        std::vector<float> x;
        for (int i = 0; i < 120; ++i) {
            batch_.y.push_back(i % 3);
            batch_.ids.push_back(i);
            for (int d = 0; d < 8; ++d) x.push_back(0.5F + 0.1F * random.normal() + (d == i % 3 ? 0.3F : 0));
        }
        batch_.x = *NdArray::from<float>({120, 8}, x);
        info_.item_shape = {8};
        info_.classes = 3;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path save(const char* architecture, const Shape& input) const {
        auto graph = (*find_architecture(architecture))->build(input, 3, 1);
        const auto path = folder_ / "model.onnx";
        EXPECT_TRUE((*model::from_graph(std::move(*graph)))->save_onnx(path).ok());
        return path;
    }

    std::filesystem::path folder_;
    data::Batch batch_;
    data::Info info_;
};

TEST_F(References, BeginWithFreshWeightsOfTheRightSize) {
    const auto model = *model::load(save("resnet18-cifar", {3, 32, 32}));
    std::map<std::string, at::Tensor> before;
    for (const auto& parameter : model->parameters()) before[parameter.name] = parameter.tensor.clone();
    ASSERT_TRUE(begin_anew(*model, 5).ok());
    int scales = 0;
    for (const auto& parameter : model->parameters()) {
        const at::Tensor& t = parameter.tensor;
        if (t.dim() < 2) {
            const double low = t.min().item<double>(), high = t.max().item<double>();
            EXPECT_EQ(low, high) << parameter.name;
            scales += low == 1 ? 1 : 0;
            continue;
        }
        EXPECT_FALSE(t.equal(before[parameter.name])) << parameter.name;
        const double fan_in = static_cast<double>(t.numel() / t.size(0));
        if (t.dim() == 4 && t.numel() > 5'000)
            EXPECT_NEAR(t.std().item<double>() * std::sqrt(3 * fan_in), 1, 0.1) << parameter.name;
    }
    EXPECT_GE(scales, 20) << "scales and running variances of the normalisations";
}

TEST_F(References, LearnTheirHalfAndAreTheSameOnAnyNumberOfThreads) {
    const auto path = save("mlp", {8});
    ReferenceOptions options{.models = 3, .training = {.epochs = 15, .batch_size = 16, .validation_share = 0}};
    RunContext one({.seed = 4, .threads = 1}), two({.seed = 4, .threads = 2});
    const auto first = train_references(path, {}, batch_, info_, options, one);
    ASSERT_TRUE(first.ok()) << first.error().line();
    const auto second = train_references(path, {}, batch_, info_, options, two);
    ASSERT_TRUE(second.ok());
    for (std::size_t m = 0; m < 3; ++m) {
        EXPECT_GT((*first)[m].accuracy_in, 0.85);
        EXPECT_EQ((*first)[m].in, (*second)[m].in);
        EXPECT_TRUE(std::ranges::equal((*first)[m].logits.bytes(), (*second)[m].logits.bytes()));
        const auto held = std::ranges::count((*first)[m].in, 1);
        EXPECT_GT(held, 35);
        EXPECT_LT(held, 85);
    }
    EXPECT_NE((*first)[0].in, (*first)[1].in);
}

}  // namespace
}  // namespace bartizan::training
