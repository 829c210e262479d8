#pragma once
/// The same network cut before its last linear layer: what it makes of an input before it decides. Detectors of
/// poisoned data and of leaks work on these features.
/// Thread rule: as Classifier.

#include <memory>
#include <string>

#include "data/input_contract.h"
#include "model/classifier.h"
#include "model/model.h"

namespace bartizan::model {

struct FeatureView {
    std::shared_ptr<const Classifier> features;  ///< its "logits" are the features [n, width], its classes the width
    std::string value;                           ///< the graph's name for them
};

/// The name of what goes into the last linear layer, found as `feature_view` does; `unsupported` where there is none,
/// or where it is the model's input.
Result<std::string> last_features(const graph::Graph& graph);

/// Looks from output 0 back through softmax, casts, reshapes and biases for the last Gemm or MatMul and takes what goes
/// into it. Fails with `unsupported`, saying why, where there is no graph (TorchScript), no such layer (trees,
/// fully convolutional networks), or where it has no more features than there are classes: those are scores, not
/// features.
Result<FeatureView> feature_view(const std::shared_ptr<const Model>& model, const Shape& item_shape,
                                 const data::InputContract& contract, std::int64_t classes);

}  // namespace bartizan::model
