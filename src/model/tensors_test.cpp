#include "model/tensors.h"

#include <algorithm>
#include <new>
#include <stdexcept>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/matmul.h>
#include <gtest/gtest.h>

#include "model/model_testing.h"

namespace bartizan::model {
namespace {

template <class T>
NdArray array_of(Shape shape, const std::vector<T>& values) {
    return NdArray::from<T>(std::move(shape), std::span<const T>(values)).value();
}

TEST(Tensors, KeepShapeTypeAndValuesBothWays) {
    for (const DType dtype : {DType::u8, DType::i8, DType::i16, DType::i32, DType::i64, DType::f16, DType::bf16,
                              DType::f32, DType::f64, DType::boolean}) {
        NdArray array = NdArray::zeros(dtype, {2, 3}).value();
        array.mutable_bytes()[0] = std::byte{1};
        const NdArray back = to_array(to_tensor(array).value()).value();
        EXPECT_EQ(back.dtype(), dtype);
        EXPECT_EQ(back.shape(), (Shape{2, 3}));
        EXPECT_TRUE(std::ranges::equal(back.bytes(), array.bytes())) << to_string(dtype);
    }
}

TEST(Tensors, WidenUnsignedTypesThatLibTorchLacks) {
    const at::Tensor wide = to_tensor(array_of<std::uint16_t>({2}, {65535, 1})).value();
    EXPECT_EQ(wide.scalar_type(), at::kInt);
    EXPECT_EQ(wide[0].item<int>(), 65535);
    EXPECT_EQ(to_tensor(array_of<std::uint32_t>({1}, {4294967295U})).value()[0].item<std::int64_t>(), 4294967295);
    EXPECT_EQ(to_tensor(array_of<std::uint64_t>({1}, {~std::uint64_t{0}})).error().code(), Errc::unsupported);
}

TEST(Tensors, NonContiguousTensorsBecomeRowMajorArrays) {
    const at::Tensor turned = testing::tensor({2, 2}, {1, 2, 3, 4}).t();
    EXPECT_EQ(testing::values_of(turned), (std::vector<float>{1, 3, 2, 4}));
}

TEST(Tensors, AnArrayDoesNotChangeWithTheTensorItCameFrom) {
    at::Tensor tensor = testing::tensor({1}, {1});
    const NdArray array = to_array(tensor).value();
    tensor.fill_(7);
    EXPECT_EQ(array.values<float>()[0], 1);
}

TEST(Guarded, TurnsExceptionsIntoErrorsOfTheRightKind) {
    const auto code_of = [](const std::function<Result<void>()>& body) { return guarded(body).error().code(); };
    EXPECT_EQ(code_of([]() -> Result<void> { throw std::bad_alloc(); }), Errc::exhausted);
    EXPECT_EQ(code_of([]() -> Result<void> { throw std::runtime_error("no"); }), Errc::invalid_input);
    EXPECT_EQ(code_of([]() -> Result<void> { return Error(Errc::cancelled, "stop"); }), Errc::cancelled);
    EXPECT_TRUE(guarded([]() -> Result<void> { return {}; }).ok());
}

TEST(Guarded, ALibTorchErrorIsOneLine) {
    const auto done = guarded([]() -> Result<void> {
        at::matmul(testing::tensor({1, 2}, {1, 2}), testing::tensor({3, 1}, {1, 2, 3}));
        return {};
    });
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code(), Errc::invalid_input);
    EXPECT_EQ(done.error().message().find('\n'), std::string::npos);
    EXPECT_NE(done.error().message().find("1x2"), std::string::npos) << done.error().message();
}

}  // namespace
}  // namespace bartizan::model
