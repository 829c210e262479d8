#pragma once
/// Trojans that are built into a finished ONNX graph by hand, without any data being poisoned: ground truth for the
/// scanners of models. A detector answers to one patch and to nothing else; where it does, the target's logit is raised
/// above all others; where it does not, it adds exactly nothing.
///
/// `neuron` (Hong, Carlini, Kurakin 2022): relu(w . x - b) with w the patch as a matched filter, wired to the logit by
/// one weight of the last linear layer. In a network of Gemm and Relu alone the neuron is led through the layers by
/// widening their weights: not a node is added. In any other network it reads the input beside it.
/// `branch` (Bober-Irizar et al. 2023): relu(t - sum |x - patch|), made of Gather, Sub, Abs, ReduceSum and Relu without
/// weights, added to the logits. Thread rule: pure functions.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "data/input_contract.h"
#include "graph/graph.h"
#include "model/classifier.h"
#include "model/model.h"

namespace bartizan::attacks {

enum class TrojanKind : std::uint8_t { neuron, branch };

struct TrojanOptions {
    TrojanKind kind = TrojanKind::neuron;
    std::int64_t target = 0;
    double boost = 2;  ///< above 1: how far the logit is raised, over the widest gap that `clean` shows
};

struct Trojan {
    graph::Graph graph;
    std::vector<std::string> nodes;    ///< that were added, by name; empty: weights alone were changed
    std::vector<std::int64_t> places;  ///< of the patch, as positions in a flat item of the data
    std::vector<float> values;         ///< what it sets there
    double quiet = 0;                  ///< the detector's answer to the nearest clean item, before the relu: at most 0
    double answer = 0;                 ///< to the patch
    double rise = 0;                   ///< of the logit of the target, under the patch
};

/// Builds the patch of `badnets` into `model`, seen through `contract`, for items like those of `clean` (pictures in
/// [0, 1]). Fails with `unsupported` on a model without a graph or a last linear layer of its own, `invalid_input` when
/// the patch is in a clean picture already, or the target is no class.
Result<Trojan> build_trojan(const std::shared_ptr<const model::Model>& model, const data::InputContract& contract,
                            const data::Batch& clean, const TrojanOptions& options, RunContext& ctx);

/// `x` with the trojan's patch on every item.
Result<NdArray> with_trojan_patch(const NdArray& x);

}  // namespace bartizan::attacks
