#include "ownership/dataset_inference.h"

#include <algorithm>
#include <cmath>

#include "model/shards.h"
#include "ownership/evidence.h"

namespace bartizan::ownership {

Result<std::vector<double>> margins(const model::Classifier& classifier, const data::Batch& items, const RunContext& ctx) {
    const NdArray logits = BARTIZAN_TRY(model::predict(classifier, items.x, ctx));
    const auto classes = static_cast<std::size_t>(logits.shape()[1]);
    std::vector<double> out;
    for (std::size_t i = 0; i < items.y.size(); ++i) {
        const auto row = logits.values<float>().subspan(i * classes, classes);
        const auto label = static_cast<std::size_t>(items.y[i]);
        if (items.y[i] < 0 || label >= classes) return invalid_input("a label that the model has no class for");
        double next = -INFINITY;
        for (std::size_t c = 0; c < classes; ++c)
            if (c != label) next = std::max(next, static_cast<double>(row[c]));
        out.push_back(static_cast<double>(row[label]) - next);
    }
    return out;
}

DatasetInference infer(std::span<const double> private_margins, std::span<const double> public_margins) {
    const NullDistribution one = null_of(private_margins), two = null_of(public_margins);
    const double pooled = std::sqrt((one.deviation * one.deviation + two.deviation * two.deviation) / 2);
    return {pooled > 0 ? (one.mean - two.mean) / pooled : 0, welch_p_value(private_margins, public_margins)};
}

}  // namespace bartizan::ownership
