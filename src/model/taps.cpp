#include "model/taps.h"

#include <algorithm>
#include <utility>

namespace bartizan::model {
namespace taps {
namespace {

thread_local Tapping* heard = nullptr;

bool is_weight(const at::Tensor& tensor) { return tensor.defined() && tensor.is_leaf() && tensor.requires_grad(); }

}  // namespace
}  // namespace taps

Tapping::Tapping() { taps::heard = this; }

Tapping::Tapping(std::vector<std::string> values) : values_(std::move(values)), weights_(false) { taps::heard = this; }

Tapping::~Tapping() { taps::heard = nullptr; }

bool Tapping::wanted() { return taps::heard != nullptr; }

bool Tapping::wants(std::string_view value, const std::vector<at::Tensor>& inputs) const {
    return weights_ ? std::ranges::any_of(inputs, taps::is_weight) : std::ranges::find(values_, value) != values_.end();
}

void Tapping::note(std::string_view value, const std::vector<at::Tensor>& inputs, const at::Tensor& output) {
    if (taps::heard->wants(value, inputs)) taps::heard->taps_.push_back({std::string(value), inputs, output});
}

}  // namespace bartizan::model
