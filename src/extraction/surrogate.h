#pragma once
/// The copy: a model of the attacker's own, trained on what the victim answered, or put together from what an exact
/// attack found. Thread rule: plain values; `train_copy` is a free function that works on `ctx.threads()` threads.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "data/input_contract.h"
#include "extraction/victim.h"
#include "model/classifier.h"
#include "model/model.h"

namespace bartizan::extraction {

struct Copy {
    std::shared_ptr<model::Model> model;
    std::shared_ptr<const model::Classifier> classifier;
    data::InputContract contract;  ///< what the classifier puts before the model
    std::string kind;              ///< "cnn-small", "linear", "tree of 31 leaves"
};

struct SurrogateOptions {
    std::string architecture = {};  ///< a name of training/architecture.h; empty: what fits the data
    std::int64_t steps = 0;         ///< descent steps; 0: by the number of answers
    std::uint64_t seed = 0;       ///< of its first weights
    double learning_rate = 0;       ///< 0: what suits the architecture
};

/// What the attacker has been told: items float32 [n, item shape], with the answer to each.
struct Transcript {
    Shape item_shape;
    std::vector<float> items;
    Answers answers;

    std::int64_t rows() const { return answers.rows(); }
    void add(const NdArray& x, const Answers& more);
};

/// cnn-small for pictures that it can take, mlp for the rest.
std::string fitting_architecture(const data::Info& info);

/// Trains a fresh network on `transcript`: on the scores, or on the labels alone. The same seed gives the same weights.
/// Fails as `training::train` does; with fewer than two rows.
Result<Copy> train_copy(const Transcript& transcript, const data::Info& info, bool labels_alone,
                        const SurrogateOptions& options, RunContext& ctx);

/// Wraps `graph`, which takes items as they are.
Result<Copy> copy_of(graph::Graph graph, const Shape& item_shape, std::string kind);

}  // namespace bartizan::extraction
