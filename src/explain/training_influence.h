#pragma once
/// Which training items made the model say what it says: TracIn (Pruthi et al. 2020, "Estimating Training Data Influence
/// by Tracing Gradient Descent", equation 5) at the finished model, for the last linear layer, where the gradient of the
/// cross-entropy has a closed form: (softmax - one-hot) outer (features, 1).
/// Thread rule: pure functions; `ctx` is asked whether to stop.

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "bartizan/result.h"
#include "bartizan/run_context.h"

namespace bartizan::explain {

/// Items as the last layer sees them.
struct LastLayer {
    at::Tensor features;               ///< float32 [n, width], what goes in
    at::Tensor logits;                 ///< float32 [n, classes], what comes out
    std::vector<std::int64_t> labels;  ///< what they were trained with; of asked items: the class that is asked about
};

struct TrainingItem {
    std::int64_t row = 0;  ///< of the training set
    double influence = 0;  ///< above 0: training on it made the answer likelier, per unit of learning rate
    double likeness = 0;   ///< cosine of the features
};

struct Influences {
    std::vector<TrainingItem> helpful;  ///< largest influence first; only above 0
    std::vector<TrainingItem> harmful;  ///< most negative first; only below 0
    std::vector<TrainingItem> nearest;  ///< the most alike: prototypes of the answer
};

/// For each asked item the `shown` weightiest of the training items. Exact: all pairs are looked at, in
/// O(asked * training * (width + classes)). Fails with `invalid_input` on shapes, labels or numbers that do not fit.
Result<std::vector<Influences>> training_influences(const LastLayer& training, const LastLayer& asked,
                                                    std::int64_t shown, const RunContext& ctx);

/// Of each training item on itself, |softmax - one-hot|^2 (|features|^2 + 1): high for items that the rest of the
/// training set speaks against, as wrong labels do (section 4.2 of the paper).
Result<std::vector<double>> self_influences(const LastLayer& training);

/// Is the ranking worth anything? The last layer is fit anew without the `removed` most helpful items, and without as
/// many others of the same labels: how much more of the probability of the asked class goes (per asked item).
Result<std::vector<double>> removal_lifts(const LastLayer& training, const LastLayer& asked, std::int64_t removed,
                                          const RunContext& ctx);

}  // namespace bartizan::explain
