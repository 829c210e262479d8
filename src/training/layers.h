#pragma once
/// Appends layers with fresh weights to an ONNX graph, one after another.
/// Weights: normal, of variance v / fan-in with v = 2 (He et al. 2015, "Delving Deep into Rectifiers") unless asked
/// otherwise; biases zero.
/// Thread rule: one builder on one thread.

#include <cstdint>
#include <string>
#include <vector>

#include "bartizan/ndarray.h"
#include "graph/graph.h"

namespace bartizan::training {

class Layers {
public:
    /// Begins with the input "input" [N, shape].
    Layers(const Shape& input, std::uint64_t seed, double variance = 2);

    /// Output of the layer added last; give it back to `from` to branch.
    const std::string& last() const { return last_; }
    void from(const std::string& value, const Shape& shape);
    /// Of the last output, without the batch.
    const Shape& shape() const { return shape_; }

    void conv(std::int64_t channels, std::int64_t kernel, std::int64_t stride, std::int64_t pad, bool bias);
    void batch_norm();
    void relu();
    void add(const std::string& other);
    void global_average_pool();
    void flatten();
    void dense(std::int64_t outputs);

    /// The graph with the last layer as output "logits".
    graph::Graph finish(std::string name) &&;

private:
    graph::Node& node(std::string op_type, std::vector<std::string> inputs);
    std::string weight(Shape shape, double deviation);
    std::string constant(const std::string& role, std::int64_t size, float value);

    graph::Graph graph_;
    Shape shape_;
    std::string last_ = "input";
    std::uint64_t seed_;
    double variance_;
    int count_ = 0;
};

}  // namespace bartizan::training
