#pragma once
/// What went into and came out of the nodes that hold weights, in a run for training: what gradients of single rows are
/// made from; or single values, by name. Internal to the tensor modules: shows tensors.
/// Thread rule: a `Tapping` hears the runs of the thread that made it, until it is gone; one at a time.

#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

namespace bartizan::model {

struct Tap {
    std::string value;               ///< the graph's name of the node's first output
    std::vector<at::Tensor> inputs;  ///< weights are the tensors of `Model::parameters()` themselves
    at::Tensor output;               ///< the first, in the autograd graph
};

class Tapping {
public:
    /// Hears every node that holds a weight that is being trained.
    Tapping();
    /// Hears these values, whatever makes them.
    explicit Tapping(std::vector<std::string> values);
    Tapping(const Tapping&) = delete;
    Tapping& operator=(const Tapping&) = delete;
    ~Tapping();

    const std::vector<Tap>& taps() const { return taps_; }

    /// Is there one on this thread?
    static bool wanted();
    /// Called by the plan: notes a node that this tapping wants to hear.
    static void note(std::string_view value, const std::vector<at::Tensor>& inputs, const at::Tensor& output);

private:
    bool wants(std::string_view value, const std::vector<at::Tensor>& inputs) const;

    std::vector<std::string> values_;
    bool weights_ = true;
    std::vector<Tap> taps_;
};

}  // namespace bartizan::model
