#pragma once
/// Feature squeezing as a detector (Xu, Evans, Qi 2018): an input whose answer changes much when the input is squeezed
/// is taken for an attack. Measured beside an attacker who knows of it, because that one is not stopped by much. Thread
/// rule: pure functions; what they return is immutable once made.

#include <memory>
#include <span>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "defences/preprocessing.h"

namespace bartizan::defences {

/// A model beside itself behind each of several preprocessings.
struct Squeezing {
    std::shared_ptr<const model::Classifier> base;
    std::vector<std::shared_ptr<const model::Classifier>> behind;  ///< what the file computes
    /// What an adaptive attacker climbs on: the mean of the logarithms of all answers, roundings passed straight
    /// through. To be misread by all of them alike is to be misread and not noticed.
    std::shared_ptr<const model::Classifier> joint;
};

/// Fails as `with_preprocessing` and `straight_through` do.
Result<Squeezing> make_squeezing(std::shared_ptr<const model::Classifier> base,
                                 const std::vector<Preprocessing>& squeezes, const data::InputContract& contract);

/// Of each row of `x`: the largest L1 distance of the probabilities to those behind a preprocessing, 0 to 2.
Result<std::vector<double>> squeezing_distances(const Squeezing& squeezing, const NdArray& x, const RunContext& ctx);

/// The least threshold above which at most the share `alarms` of `distances` (of clean items) lies.
double squeezing_threshold(std::vector<double> distances, double alarms);

/// `model` with two more outputs: "squeezing_distance" [N] and "squeezing_alarm" [N], bool, where that is above
/// `threshold`. Fails as `with_preprocessing`; `unsupported` on subgraphs, or where the first output is not [N,
/// classes].
Result<graph::Graph> with_squeezing(const graph::Graph& model, const std::vector<Preprocessing>& squeezes,
                                    const data::InputContract& contract, const Shape& item_shape, double threshold);

}  // namespace bartizan::defences
