#pragma once
/// Attributions: how much each number of an input adds to a class's logit, compared with a baseline input.
/// Thread rule: pure functions.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bartizan/params.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "explain/score.h"

namespace bartizan::explain {

struct Attribution {
    std::vector<float> values;  ///< one for each number of the input
    /// |sum of values - (f(x) - f(baseline))| / |f(x) - f(baseline)|; nothing for methods that promise no such sum.
    std::optional<double> completeness_error;
    std::int64_t evaluations = 0;  ///< of the model, gradients counted as one
};

/// How the numbers of a picture lie: channels of a pixel belong together. One "pixel" of a table is a column.
struct Layout {
    std::size_t height = 1, width = 1, channels = 1;
    bool channels_first = true;

    std::size_t pixels() const { return height * width; }
    /// The place of a channel of a pixel among the numbers.
    std::size_t at(std::size_t pixel, std::size_t channel) const {
        return channels_first ? channel * pixels() + pixel : pixel * channels + channel;
    }
};
/// Of an item's shape: pictures as [H,W], [C,H,W], [H,W,C]; everything else is a row of columns.
Layout layout_of(std::span<const std::int64_t> item_shape, bool is_picture);

struct Method {
    std::string_view name;
    std::string_view summary;
    bool needs_gradients;
    std::function<Result<Attribution>(const Score& score, std::span<const float> x, std::span<const float> baseline,
                                      const Layout& layout, const RunContext& ctx)>
        run;
};

/// gradient, integrated-gradients, smoothgrad, occlusion, permutation-shapley, kernel-shap; those of trees are in
/// tree_method.h, Grad-CAM in grad_cam.h.
std::span<const Method> methods();
/// Fails with `not_found`, naming those that exist.
Result<const Method*> find_method(std::string_view name);

}  // namespace bartizan::explain
