#pragma once
/// Exact Shapley values of tree ensembles as a method among the others. It needs what they do not: the model's graph,
/// and rows that say how the data usually is. Thread rule: free functions.

#include <memory>
#include <span>
#include <string_view>

#include "bartizan/ndarray.h"
#include "data/input_contract.h"
#include "explain/methods.h"
#include "model/model.h"

namespace bartizan::explain {

inline constexpr std::string_view kTreeShap = "tree-shap";
inline constexpr std::string_view kTreeShapInterventional = "tree-shap-interventional";

bool is_tree_method(std::string_view name);

/// For targets below `classes`. `background` float32 [n, columns], n >= 1: path-dependent values count where its rows
/// go, interventional ones are differences to them. Fails as `Trees::of`, or with `unsupported` when something but
/// casts and scalers lies between the model's input and the trees, or the input is to be normalised.
Result<Method> tree_method(std::string_view name, std::shared_ptr<const model::Model> model,
                           const data::InputContract& contract, const NdArray& background, std::int64_t classes);

}  // namespace bartizan::explain
