#include "explain/grad_cam.h"

#include <algorithm>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <torch/csrc/autograd/autograd.h>

#include "model/taps.h"
#include "model/tensors.h"

namespace bartizan::explain {
namespace grad_cam_parts {
namespace {

constexpr const char* kInstead = "take occlusion or integrated-gradients";

/// A convolution's value, or, where its normalisation is folded into it, the value of that.
struct Layer {
    std::vector<std::string> names;
};

std::vector<Layer> layers_of(const graph::Graph& graph) {
    std::vector<Layer> out;
    for (const graph::Node& node : graph.nodes) {
        if (!node.domain.empty() || node.outputs.empty()) continue;
        if (node.op_type == "Conv") out.push_back({{node.outputs[0]}});
        if (node.op_type == "BatchNormalization" && !node.inputs.empty())
            for (Layer& layer : out)
                if (layer.names.size() == 1 && layer.names[0] == node.inputs[0]) layer.names.push_back(node.outputs[0]);
    }
    return out;
}

struct Seen {
    at::Tensor maps, slopes;  ///< [channels, height, width]
};

/// The maps of one input and the gradient of the score by them; undefined where the score does not hang on them.
Result<Seen> look(const model::Classifier& classifier, std::int64_t target, std::span<const float> x, const Layer& layer) {
    Shape shape = classifier.item_shape();
    shape.insert(shape.begin(), 1);
    const NdArray row = BARTIZAN_TRY(NdArray::from<float>(std::move(shape), x));
    at::Tensor input = BARTIZAN_TRY(model::to_tensor(row));
    Seen out;
    BARTIZAN_TRY(model::guarded([&]() -> Result<void> {
        input.requires_grad_(true);
        const model::Tapping tapping(layer.names);
        const at::Tensor score = BARTIZAN_TRY(classifier.logits(input)).select(1, target).sum();
        // Behind the normalisation, where that is a step of its own.
        if (tapping.taps().empty()) return {};
        const at::Tensor maps = tapping.taps().back().output;
        if (maps.dim() != 4 || !maps.requires_grad()) return {};
        const at::Tensor slopes = torch::autograd::grad({score}, {maps}, {}, {}, false, true)[0];
        if (!slopes.defined()) return {};
        out = {maps.detach().select(0, 0).to(at::kFloat), slopes.select(0, 0).to(at::kFloat)};
        return {};
    }));
    return out;
}

Result<Attribution> run(const Layer& layer, const Score& score, std::span<const float> x, const Layout& layout) {
    const Seen seen = BARTIZAN_TRY(look(score.classifier(), score.target(), x, layer));
    if (!seen.maps.defined())
        return unsupported("the method 'grad-cam' finds no maps '" + layer.names[0] + "' in this model", kInstead);
    Attribution out{.values = std::vector<float>(x.size(), 0), .completeness_error = {}, .evaluations = 1};
    BARTIZAN_TRY(model::guarded([&]() -> Result<void> {
        const at::Tensor weights = seen.slopes.mean({1, 2}, true);            // equation 1
        const at::Tensor map = (weights * seen.maps).sum(0, false).relu();  // equation 2
        const at::Tensor large =
            at::upsample_bilinear2d(map.unsqueeze(0).unsqueeze(0),
                                    {static_cast<std::int64_t>(layout.height), static_cast<std::int64_t>(layout.width)},
                                    false)
                .contiguous();
        const float* const values = large.data_ptr<float>();
        for (std::size_t p = 0; p < layout.pixels(); ++p)
            for (std::size_t c = 0; c < layout.channels; ++c)
                out.values[layout.at(p, c)] = values[p] / static_cast<float>(layout.channels);
        return {};
    }));
    return out;
}

}  // namespace
}  // namespace grad_cam_parts

Result<GradCam> grad_cam(const std::shared_ptr<const model::Classifier>& classifier, bool is_picture) {
    using namespace grad_cam_parts;
    const auto refused = [](const std::string& why) {
        return unsupported("the method 'grad-cam' " + why, kInstead);
    };
    if (!is_picture) return refused("explains pictures, this data are none");
    const graph::Graph* graph = classifier->model().graph();
    if (graph == nullptr) return refused("looks for convolutions in ONNX files alone");
    const auto differentiable = classifier->differentiable();
    if (!differentiable.ok()) return refused("needs gradients: " + differentiable.error().message());
    const std::vector<Layer> layers = layers_of(*graph);
    if (layers.empty()) return refused("looks at the last convolution, and this model has none");
    // A picture of half grey: convolutions that nothing comes out of are still found, as gradients are undefined only
    // where the score does not hang on them.
    std::size_t width = 1;
    for (const std::int64_t extent : classifier->item_shape()) width *= static_cast<std::size_t>(extent);
    const std::vector<float> grey(width, 0.5F);
    for (std::size_t at = layers.size(); at > 0; --at) {
        const Layer& layer = layers[at - 1];
        const Seen seen = BARTIZAN_TRY(look(*classifier, 0, grey, layer));
        if (!seen.maps.defined() || seen.maps.size(1) * seen.maps.size(2) < 2) continue;
        const auto method = [layer](const Score& score, std::span<const float> x, std::span<const float>,
                                    const Layout& layout, const RunContext&) { return run(layer, score, x, layout); };
        return GradCam{{kGradCam, "Where the last convolution looked (Selvaraju et al. 2017).", true, method},
                       layer.names.back(), seen.maps.size(1), seen.maps.size(2), seen.maps.size(0)};
    }
    return refused("finds no convolution with maps larger than one pixel that the classes depend on");
}

}  // namespace bartizan::explain
