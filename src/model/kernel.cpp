#include "model/kernel.h"

#include <ATen/core/Tensor.h>

namespace bartizan::model {
namespace {

constexpr std::int64_t kMaxIntegers = 4096;

}  // namespace

Result<void> check_output(const Shape& shape) {
    const auto count = element_count(shape, kMaxOutputElements);
    if (!count.ok()) return count.error().within("output");
    return {};
}

Result<std::vector<std::int64_t>> integers_of(const at::Tensor& tensor) {
    if (!at::isIntegralType(tensor.scalar_type(), false))
        return invalid_input(std::string("integers are needed, found ") + c10::toString(tensor.scalar_type()));
    if (tensor.numel() > kMaxIntegers)
        return invalid_input(std::to_string(tensor.numel()) + " integers where at most " +
                             std::to_string(kMaxIntegers) + " make sense");
    const at::Tensor values = tensor.to(at::kCPU, at::kLong).contiguous();
    const std::int64_t* begin = values.data_ptr<std::int64_t>();
    return std::vector<std::int64_t>(begin, begin + values.numel());
}

Result<std::int64_t> normal_axis(std::int64_t axis, std::int64_t rank) {
    if (axis < -rank || axis >= rank)
        return invalid_input("axis " + std::to_string(axis) + " of a tensor with " + std::to_string(rank) +
                             " dimensions");
    return axis < 0 ? axis + rank : axis;
}

}  // namespace bartizan::model
