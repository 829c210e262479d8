#pragma once
/// Model-local functions: nodes whose operator is defined in the file itself by other nodes. Looked up here,
/// inlined by the node reader.
/// Source: ONNX IR specification, "Model-local functions" (FunctionProto).
/// Thread rule: immutable once made.

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "bartizan/result.h"
#include "graph/graph.h"
#include "graph/tensor_reader.h"

namespace onnx {
class FunctionProto;
class ModelProto;
}  // namespace onnx

namespace bartizan::graph {

using Attributes = std::map<std::string, Attribute, std::less<>>;

class Functions {
public:
    /// Fails with `invalid_input` when two functions have one name, or one lists a name twice.
    static Result<Functions> from(const onnx::ModelProto& model, const Limits& limits);

    /// The function that defines this operator, or null. Lives as long as the model.
    const onnx::FunctionProto* find(const std::string& domain, const std::string& op_type) const;

private:
    std::map<std::pair<std::string, std::string>, const onnx::FunctionProto*> functions_;
};

/// Adds the operator sets that the function uses to `opsets`. Fails with `unsupported` when the model imports
/// one in another version: a graph has one version of each.
Result<void> merge_opsets(const onnx::FunctionProto& function, std::map<std::string, std::int64_t>& opsets,
                          const Limits& limits);

/// The attributes for which the function states what they are when the caller leaves them out.
Result<Attributes> default_attributes(const onnx::FunctionProto& function, TensorReader& tensors);

}  // namespace bartizan::graph
