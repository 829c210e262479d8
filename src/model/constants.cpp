#include "model/constants.h"

namespace bartizan::model {

at::Tensor with_precision(const at::Tensor& tensor, Precision precision) {
    if (!precision || !tensor.defined() || !at::isFloatingType(tensor.scalar_type())) return tensor;
    return tensor.scalar_type() == *precision ? tensor : tensor.to(*precision);
}

std::int32_t Constants::add(at::Tensor tensor) {
    tensors_.push_back(std::move(tensor));
    return static_cast<std::int32_t>(tensors_.size()) - 1;
}

std::vector<at::Tensor> Constants::convert(at::ScalarType type) const {
    std::vector<at::Tensor> converted;
    converted.reserve(tensors_.size());
    for (const at::Tensor& tensor : tensors_) converted.push_back(with_precision(tensor, type));
    return converted;
}

const std::vector<at::Tensor>& Constants::in(Precision precision, bool live, std::vector<at::Tensor>& scratch) const {
    if (!precision) return tensors_;
    if (live) return scratch = convert(*precision);
    Converted& converted = *precision == at::kDouble ? double_ : single_;
    std::call_once(converted.once, [&] { converted.tensors = convert(*precision); });
    return converted.tensors;
}

}  // namespace bartizan::model
