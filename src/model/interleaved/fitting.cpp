#include "model/interleaved/fitting.h"

namespace bartizan::model::interleaved {
namespace fitting {
namespace {

// Weights that every place of an image asks for must stay in the second cache, a block's values nearly so; beyond
// that libraries for large networks are as good.
constexpr std::int64_t kMaxSharedWeights = std::int64_t{1} << 16, kMaxWeights = std::int64_t{1} << 20;
constexpr std::int64_t kMaxBlock = std::int64_t{1} << 19;

bool plain(const at::Tensor& tensor, std::int64_t rank) {
    return tensor.defined() && tensor.dim() == rank && tensor.scalar_type() == at::kFloat && tensor.device().is_cpu() &&
           tensor.is_contiguous();
}

/// Follows the values through the members.
class Fitter {
public:
    explicit Fitter(const at::Tensor& x) : images_(x.size(0)) {
        flat_ = x.dim() == 2;
        channels_ = x.size(1);
        if (!flat_) {
            h_ = x.size(2);
            w_ = x.size(3);
        }
        block_ = channels_ * h_ * w_;
    }

    bool take(const Link& link, std::span<const at::Tensor> others) {
        switch (link.kind) {
            case Link::Kind::convolution:
                return convolution(link, others);
            case Link::Kind::product:
                return product(link, others);
            case Link::Kind::relu:
                if (fitted_.layers.empty()) return false;
                return fitted_.layers.back().rectified = true;
            case Link::Kind::flatten:
                return flat_ = true;
            case Link::Kind::reshape:
                return flat_ = flattens(others[0]);
        }
        return false;
    }

    std::optional<Fitted> fitted() && {
        if (fitted_.layers.empty() || weights_ > kMaxWeights || block_ * kLanes > kMaxBlock ||
            (images_ / kLanes + 1) * kLanes * block_ > kMaxOutputElements)
            return std::nullopt;
        fitted_.output = flat_ ? std::vector<std::int64_t>{images_, channels_ * h_ * w_}
                               : std::vector<std::int64_t>{images_, channels_, h_, w_};
        return std::move(fitted_);
    }

private:
    bool convolution(const Link& link, std::span<const at::Tensor> others) {
        const at::Tensor& weight = others[0];
        if (flat_ || !plain(weight, 4) || weight.size(1) != channels_) return false;
        const auto window = operators::complete(link.window, 2, {weight.size(2), weight.size(3)});
        if (!window.ok()) return false;
        const auto layout = operators::lay_out(*window, {h_, w_});
        if (!layout.ok() || layout->output[0] < 1 || layout->output[1] < 1) return false;
        Layer layer{channels_, h_, w_, weight.size(0), layout->output[0], layout->output[1]};
        layer.kernel_h = weight.size(2);
        layer.kernel_w = weight.size(3);
        layer.stride_h = window->strides[0];
        layer.stride_w = window->strides[1];
        layer.pad_h = layout->padding.before[0];
        layer.pad_w = layout->padding.before[1];
        if (layer.oh * layer.ow > 1 && weight.numel() > kMaxSharedWeights) return false;
        return add(layer, others, {weight.data_ptr<float>(), layer.taps(), 1});
    }

    bool product(const Link& link, std::span<const at::Tensor> others) {
        const at::Tensor& weight = others[0];
        if (!flat_ || !plain(weight, 2) || weight.size(link.transposed ? 1 : 0) != channels_ * h_ * w_) return false;
        const std::int64_t filters = weight.size(link.transposed ? 0 : 1);
        Layer layer{channels_, h_, w_, filters};
        layer.kernel_h = h_;
        layer.kernel_w = w_;
        return add(layer, others,
                   {weight.data_ptr<float>(), link.transposed ? layer.taps() : 1, link.transposed ? 1 : filters});
    }

    bool add(const Layer& layer, std::span<const at::Tensor> others, const GivenWeights& weights) {
        const at::Tensor bias = others.size() > 1 ? others[1] : at::Tensor();
        if (bias.defined() && (!plain(bias, 1) || bias.size(0) != layer.filters)) return false;
        if (layer.filters < 1 || layer.taps() < 1) return false;
        fitted_.layers.push_back(layer);
        fitted_.weights.push_back(weights);
        fitted_.weight.push_back(others[0]);
        fitted_.bias.push_back(bias);
        channels_ = layer.filters;
        h_ = layer.oh;
        w_ = layer.ow;
        weights_ += others[0].numel();
        block_ += layer.outputs();
        return true;
    }

    /// The shape [images, everything else].
    bool flattens(const at::Tensor& shape) const {
        if (!shape.defined() || shape.scalar_type() != at::kLong || shape.dim() != 1 || shape.numel() != 2)
            return false;
        const at::Tensor whole = shape.contiguous();
        const auto* sizes = whole.data_ptr<std::int64_t>();
        const bool rows = sizes[0] == 0 || sizes[0] == images_ || (sizes[0] == -1 && sizes[1] != -1);
        return rows && (sizes[1] == -1 || sizes[1] == channels_ * h_ * w_);
    }

    Fitted fitted_;
    std::int64_t images_, channels_ = 1, h_ = 1, w_ = 1;
    bool flat_ = false;
    std::int64_t weights_ = 0, block_ = 0;
};

}  // namespace
}  // namespace fitting

std::optional<Fitted> fit(std::span<const Member> members, const at::Tensor& x, std::span<const at::Tensor> others) {
    if ((x.dim() != 2 && x.dim() != 4) || x.scalar_type() != at::kFloat || !x.device().is_cpu() ||
        x.size(0) < kLeastImages || x.numel() == 0)
        return std::nullopt;
    fitting::Fitter fitter(x);
    for (const Member& member : members) {
        if (!fitter.take(member.link, others.first(member.others))) return std::nullopt;
        others = others.subspan(member.others);
    }
    return std::move(fitter).fitted();
}

}  // namespace bartizan::model::interleaved
