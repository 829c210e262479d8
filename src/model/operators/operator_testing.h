#pragma once
/// Runs one operator by itself, for the tests of the operator families.

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "bartizan/result.h"
#include "graph/graph.h"
#include "model/kernel.h"

namespace bartizan::model::operators {

using Attributes = std::map<std::string, graph::Attribute, std::less<>>;

struct OneNode {
    std::string op_type;
    std::int64_t opset = 17;
    Attributes attributes = {};
    std::size_t outputs = 1;
    std::string domain = {};

    /// An undefined tensor is an input left out. What LibTorch throws becomes an error, as in the executor.
    Result<Tensors> all(const std::vector<at::Tensor>& inputs) const;
    Result<at::Tensor> operator()(const std::vector<at::Tensor>& inputs) const;
    /// The error of a call that must fail; `internal` if it did not.
    Errc refusal(const std::vector<at::Tensor>& inputs) const;
};

at::Tensor floats(std::initializer_list<double> values, at::IntArrayRef shape);
at::Tensor floats(std::initializer_list<double> values);
at::Tensor longs(std::initializer_list<std::int64_t> values);
at::Tensor longs(std::initializer_list<std::int64_t> values, at::IntArrayRef shape);

/// Elements as doubles, row-major; empty when the call failed (and the test with it).
std::vector<double> values_of(const Result<at::Tensor>& result);
Shape shape_of(const Result<at::Tensor>& result);

}  // namespace bartizan::model::operators
