#pragma once
/// A model seen as a classifier over inputs in the data's own units: [n, item shape] in, logits [n, classes] out.
/// Puts between the two: normalisation, layout (NCHW data on an NHWC model), fixed batch sizes, probability
/// outputs (taken back to logits), binary outputs (one score becomes two).
/// Thread rule: all const methods may be called from several threads at once.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "data/input_contract.h"
#include "model/model.h"

namespace bartizan::model {

/// Something about a model that an evaluation must know.
struct Remark {
    enum class Kind {
        softmax_cut,    ///< the graph ends in softmax; its input is used as logits
        probabilities,  ///< only probabilities can be had: logs of them are used, which saturate
        zero_gradient,  ///< an operator on the path has a zero gradient (Sign, Round ...)
        one_by_one,     ///< a fixed batch of 1 that could not be widened: samples run one by one
        other,
    };
    Kind kind;
    std::string text;  ///< for people, with the operator or node named
};

class Classifier {
public:
    virtual ~Classifier() = default;

    /// Logits [n, classes] (float32; float64 if `x` is) of `x` [n, item shape] in data units. Builds the autograd
    /// graph when `x` requires a gradient, or, in training mode, when parameters do. Fails with `invalid_input` on
    /// another item shape.
    virtual Result<at::Tensor> logits(const at::Tensor& x, Mode mode = Mode::evaluation) const = 0;

    virtual std::int64_t classes() const = 0;
    virtual const Shape& item_shape() const = 0;
    /// Succeeds if `logits` can be differentiated by its input; else says why not.
    virtual Result<void> differentiable() const = 0;
    virtual const std::vector<Remark>& remarks() const = 0;
    virtual const Model& model() const = 0;
};

/// Wraps `model` for items of `item_shape`. Tries the model once on zeros to find output and class count.
/// Fails with `invalid_input` when the shapes cannot be brought together, naming both.
Result<std::unique_ptr<Classifier>> make_classifier(std::shared_ptr<const Model> model, const Shape& item_shape,
                                                    const data::InputContract& contract);

}  // namespace bartizan::model
