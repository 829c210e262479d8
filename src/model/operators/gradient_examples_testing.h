#pragma once
/// Calls of the smooth operators for which ONNX's backend tests have no case that could check their gradient.

#include <cstddef>
#include <set>
#include <vector>

#include "model/operators/operator_testing.h"

namespace bartizan::model::operators {

struct GradientExample {
    OneNode node;
    std::vector<at::Tensor> inputs;       ///< those of double are differentiated by
    std::set<std::size_t> settings = {};  ///< but not these
};

std::vector<GradientExample> gradient_examples();

}  // namespace bartizan::model::operators
