#include "model/input_adapter.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include "model/tensors.h"

namespace bartizan::model {
namespace {

std::int64_t product(const Shape& shape) {
    return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

bool matches(const Shape& shape, const Shape& wanted) {
    return shape.size() == wanted.size() &&
           std::equal(shape.begin(), shape.end(), wanted.begin(),
                      [](std::int64_t have, std::int64_t want) { return want < 0 || have == want; });
}

/// The wanted shape with its one unknown dimension worked out from the number of elements.
std::optional<Shape> fill_in(Shape wanted, std::int64_t elements) {
    const auto unknown = std::ranges::count_if(wanted, [](std::int64_t d) { return d < 0; });
    if (unknown > 1) return std::nullopt;
    std::int64_t known = 1;
    for (const std::int64_t dimension : wanted)
        if (dimension >= 0) known *= dimension;
    if (unknown == 0) return known == elements ? std::optional(wanted) : std::nullopt;
    if (known == 0 || elements % known != 0) return std::nullopt;
    std::ranges::replace_if(
        wanted, [](std::int64_t d) { return d < 0; }, elements / known);
    return wanted;
}

bool few_channels(std::int64_t dimension) { return dimension == 1 || dimension == 3 || dimension == 4; }

/// What to do with the axes and the shape of an item.
struct Fit {
    std::vector<std::int64_t> permutation;
    Shape target;
};

std::optional<Fit> fit(const Shape& item, const Shape& wanted) {
    if (matches(item, wanted)) return Fit{{}, item};
    if (item.size() == 3 && wanted.size() == 3) {
        if (matches({item[1], item[2], item[0]}, wanted)) return Fit{{0, 2, 3, 1}, {item[1], item[2], item[0]}};
        if (matches({item[2], item[0], item[1]}, wanted)) return Fit{{0, 3, 1, 2}, {item[2], item[0], item[1]}};
    }
    if (item.size() == 2 && wanted.size() == 3) {
        if (matches({1, item[0], item[1]}, wanted)) return Fit{{}, {1, item[0], item[1]}};
        if (matches({item[0], item[1], 1}, wanted)) return Fit{{}, {item[0], item[1], 1}};
    }
    if (const auto target = fill_in(wanted, product(item))) return Fit{{}, *target};
    return std::nullopt;
}

/// Where the model does not tell what it wants.
Fit guess(const Shape& item, const std::string& layout) {
    if (item.size() == 2 && item[0] > 4 && item[1] > 4) {
        if (layout == "nhwc") return {{}, {item[0], item[1], 1}};
        return {{}, {1, item[0], item[1]}};
    }
    if (item.size() == 3) {
        const bool channels_last = few_channels(item[2]) && !few_channels(item[0]);
        if (channels_last && layout != "nhwc") return {{0, 3, 1, 2}, {item[2], item[0], item[1]}};
        if (!channels_last && layout == "nhwc") return {{0, 2, 3, 1}, {item[1], item[2], item[0]}};
    }
    return {{}, item};
}

/// The axis of `target` (with the batch in front) that holds `channels` channels.
Result<std::int64_t> channel_axis(const Shape& target, std::int64_t channels, const std::string& layout) {
    const auto rank = static_cast<std::int64_t>(target.size());
    if (layout != "nhwc" && !target.empty() && target.front() == channels) return 1;
    if (layout != "nchw" && !target.empty() && target.back() == channels) return rank;
    return invalid_input("--mean or --std have " + std::to_string(channels) + " values, inputs of shape " +
                             to_string(target) + " have another number of channels",
                         "give one value, or one per channel");
}

/// Numbers per channel as a tensor that broadcasts over [n, target].
Result<at::Tensor> per_channel(const std::vector<double>& values, const Shape& target, const std::string& layout) {
    std::vector<float> narrow(values.begin(), values.end());
    const NdArray flat = BARTIZAN_TRY(NdArray::from<float>({static_cast<std::int64_t>(narrow.size())}, narrow));
    const at::Tensor tensor = BARTIZAN_TRY(to_tensor(flat));
    if (values.size() == 1) return tensor;
    const auto channels = static_cast<std::int64_t>(values.size());
    const std::int64_t axis = BARTIZAN_TRY(channel_axis(target, channels, layout));
    Shape shape(target.size() + 1, 1);
    shape[static_cast<std::size_t>(axis)] = channels;
    return tensor.reshape(shape);
}

/// (low + (high - low) x - mean) / std as scale x + shift.
struct ScaleAndShift {
    std::vector<double> scale, shift;
};

Result<ScaleAndShift> scale_and_shift_of(const data::InputContract& contract) {
    const std::size_t channels = std::max({std::size_t{1}, contract.mean.size(), contract.std.size()});
    for (const std::vector<double>* values : {&contract.mean, &contract.std})
        if (values->size() > 1 && values->size() != channels)
            return invalid_input("--mean has " + std::to_string(contract.mean.size()) + " values, --std " +
                                     std::to_string(contract.std.size()),
                                 "give as many of one as of the other");
    const auto at = [](const std::vector<double>& values, std::size_t i, double preset) {
        return values.empty() ? preset : values.size() == 1 ? values[0] : values[i];
    };
    ScaleAndShift affine;
    for (std::size_t i = 0; i < channels; ++i) {
        const double deviation = at(contract.std, i, 1);
        if (!(deviation > 0)) return invalid_input("--std must be above 0");
        affine.scale.push_back((contract.high - contract.low) / deviation);
        affine.shift.push_back((contract.low - at(contract.mean, i, 0)) / deviation);
    }
    return affine;
}

/// What to convert to. Half-precision models are given float32, in which the plan then runs them.
std::optional<at::ScalarType> input_type(const graph::TensorType& input) {
    if (!input.dtype) return std::nullopt;
    if (*input.dtype == DType::f16 || *input.dtype == DType::bf16 || *input.dtype == DType::f32) return std::nullopt;
    return scalar_type_of(*input.dtype);
}

}  // namespace

Result<InputAdapter> InputAdapter::make(const Shape& item, const graph::TensorType& input,
                                        const data::InputContract& contract) {
    InputAdapter adapter;
    Fit found;
    if (input.has_shape && !input.shape.empty()) {
        adapter.fixed_batch_ = std::max<std::int64_t>(0, input.shape[0]);
        const Shape wanted(input.shape.begin() + 1, input.shape.end());
        const auto fitting = fit(item, wanted);
        if (!fitting)
            return invalid_input(
                "items of shape " + to_string(item) + " do not fit the model's input " + to_string(input.shape),
                "give the data that this model was made for");
        found = *fitting;
    } else {
        found = guess(item, contract.layout);
    }
    adapter.permutation_ = found.permutation;
    adapter.target_ = found.target;
    adapter.type_ = input_type(input);
    if (!contract.is_identity()) {
        const ScaleAndShift affine = BARTIZAN_TRY(scale_and_shift_of(contract));
        adapter.scale_ = BARTIZAN_TRY(per_channel(affine.scale, found.target, contract.layout));
        adapter.shift_ = BARTIZAN_TRY(per_channel(affine.shift, found.target, contract.layout));
    }
    return adapter;
}

at::Tensor InputAdapter::apply(const at::Tensor& x) const {
    at::Tensor y = permutation_.empty() ? x : x.permute(permutation_).contiguous();
    if (y.sizes().slice(1) != at::IntArrayRef(target_)) {
        Shape shape = target_;
        shape.insert(shape.begin(), x.size(0));
        y = y.reshape(shape);
    }
    if (scale_.defined()) y = y * scale_.to(y.scalar_type()) + shift_.to(y.scalar_type());
    if (!type_ || y.scalar_type() == *type_) return y;
    // Numbers that were divided by 255 and multiplied again are not quite whole: cutting would lose one.
    return at::isIntegralType(*type_, true) ? y.round().to(*type_) : y.to(*type_);
}

}  // namespace bartizan::model
