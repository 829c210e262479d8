// ai.onnx.ml tree ensembles: random forests and boosted trees as scikit-learn, XGBoost and LightGBM export them.
#include <algorithm>
#include <set>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>

#include "model/operators/build.h"
#include "model/operators/families.h"
#include "model/operators/ml_scores.h"
#include "model/operators/trees.h"

namespace bartizan::model::operators {
namespace ml_trees {
namespace {

Result<at::Tensor> votes(const TreeEnsemble& ensemble, const at::Tensor& input) {
    const at::Tensor rows = BARTIZAN_TRY(as_float_rows(input));
    BARTIZAN_TRY(check_output({rows.size(0), ensemble.targets()}));
    at::Tensor out = at::empty({rows.size(0), ensemble.targets()}, at::kFloat);
    BARTIZAN_TRY(ensemble.run(rows.data_ptr<float>(), rows.size(0), rows.size(1), out.data_ptr<float>()));
    return out;
}

/// Two classes whose leaves all vote for one of them: that vote is the score of the second class. The specification
/// does not say what the first gets; as in ONNX Runtime it is the rest to 1 where no vote is negative (the votes then
/// are probabilities already and are not transformed), else the opposite.
struct OneSided {
    bool applies = false, probabilities = false;
    std::int64_t voted = 0;
};

Result<OneSided> read_one_sided(const graph::Node& node, std::int64_t classes) {
    const std::vector<std::int64_t> ids = BARTIZAN_TRY(node.integers("class_ids", {}));
    const std::vector<float> weights = BARTIZAN_TRY(node.reals("class_weights", {}));
    OneSided one;
    one.applies = classes == 2 && std::set<std::int64_t>(ids.begin(), ids.end()).size() == 1;
    one.probabilities = std::ranges::none_of(weights, [](float weight) { return weight < 0; });
    one.voted = ids.empty() ? 0 : ids[0];
    return one;
}

at::Tensor two_classes(const at::Tensor& votes, const OneSided& one, PostTransform transform) {
    const at::Tensor score = votes.select(1, one.voted);
    if (transform == PostTransform::probit) return transform_scores(at::stack({1 - score, score}, 1), transform);
    if (one.probabilities) return at::stack({1 - score, score}, 1);
    const at::Tensor both = at::stack({-score, score}, 1);
    return transform == PostTransform::logistic ? transform_scores(both, transform) : both;
}

Result<Kernel> classifier(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const ClassLabels labels = BARTIZAN_TRY(read_class_labels(node, "classlabels_int64s", "classlabels_strings"));
    const PostTransform transform = BARTIZAN_TRY(read_post_transform(node));
    TreeEnsemble ensemble = BARTIZAN_TRY(TreeEnsemble::make(node, "class", labels.count()));
    const OneSided one = BARTIZAN_TRY(read_one_sided(node, labels.count()));
    return Kernel([=, ensemble = std::move(ensemble)](const Call& call) -> Result<Tensors> {
        const at::Tensor sums = BARTIZAN_TRY(votes(ensemble, call.inputs[0]));
        const at::Tensor scores = one.applies ? two_classes(sums, one, transform) : transform_scores(sums, transform);
        return Tensors{labels_of(scores, labels), scores};
    });
}

Result<Kernel> regressor(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const PostTransform transform = BARTIZAN_TRY(read_post_transform(node));
    const std::int64_t targets = BARTIZAN_TRY(node.integer("n_targets", 1));
    TreeEnsemble ensemble = BARTIZAN_TRY(TreeEnsemble::make(node, "target", targets));
    return single([=, ensemble = std::move(ensemble)](const Call& call) -> Result<at::Tensor> {
        return transform_scores(BARTIZAN_TRY(votes(ensemble, call.inputs[0])), transform);
    });
}

constexpr OperatorSpec kOperators[] = {
    {"ai.onnx.ml", "TreeEnsembleClassifier", 1, Gradient::none, classifier},
    {"ai.onnx.ml", "TreeEnsembleRegressor", 1, Gradient::none, regressor},
};

}  // namespace
}  // namespace ml_trees

std::span<const OperatorSpec> ml_tree_operators() { return ml_trees::kOperators; }

}  // namespace bartizan::model::operators
