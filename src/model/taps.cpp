#include "model/taps.h"

#include <algorithm>

namespace bartizan::model {
namespace taps {
namespace {

thread_local std::vector<Tap>* heard = nullptr;

bool is_weight(const at::Tensor& tensor) { return tensor.defined() && tensor.is_leaf() && tensor.requires_grad(); }

}  // namespace
}  // namespace taps

Tapping::Tapping() { taps::heard = &taps_; }

Tapping::~Tapping() { taps::heard = nullptr; }

bool Tapping::wanted() { return taps::heard != nullptr; }

void Tapping::note(std::string_view value, const std::vector<at::Tensor>& inputs, const at::Tensor& output) {
    if (std::ranges::any_of(inputs, taps::is_weight)) taps::heard->push_back({std::string(value), inputs, output});
}

}  // namespace bartizan::model
