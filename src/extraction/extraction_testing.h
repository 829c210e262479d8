#pragma once
/// For tests of this module: victims whose weights are known, and items to ask them with.

#include <memory>
#include <vector>

#include "core/random.h"
#include "extraction/attack.h"
#include "extraction/leaf_boxes.h"
#include "extraction/numerics.h"
#include "model/classifier.h"
#include "training/architecture.h"

namespace bartizan::extraction {

inline std::vector<double> normal_numbers(std::size_t count, std::uint64_t stream, double deviation) {
    Random random(77, stream);
    std::vector<double> out(count);
    for (double& value : out) value = deviation * static_cast<double>(random.normal());
    return out;
}

inline Dense random_layer(std::int64_t outputs, std::int64_t inputs, std::uint64_t stream, double deviation = 1) {
    return {outputs, inputs, normal_numbers(static_cast<std::size_t>(outputs * inputs), stream, deviation),
            normal_numbers(static_cast<std::size_t>(outputs), stream + 1, 0.5)};
}

inline std::shared_ptr<const model::Classifier> classifier_over(graph::Graph graph, const Shape& item_shape) {
    return copy_of(std::move(graph), item_shape, "victim").value().classifier;
}

/// Uniform items of `features` numbers in [0, 1], as a table with three labels that mean nothing.
struct Items {
    data::Batch batch;
    data::Info info;

    Items(std::int64_t rows, std::int64_t features, std::uint64_t seed) {
        batch.x = NdArray::zeros(DType::f32, {rows, features}).value();
        Random(seed, 0).fill_uniform(batch.x.mutable_values<float>(), 0, 1);
        for (std::int64_t i = 0; i < rows; ++i) batch.y.push_back(i % 3), batch.ids.push_back(i);
        info.kind = data::Kind::table;
        info.item_shape = {features};
        info.items = rows;
        info.classes = 3;
    }
    Start start(std::uint64_t seed = 1) const {
        return {.pool = &batch, .info = info, .surrogate = {.architecture = "mlp", .steps = 300, .seed = seed}, .seed = seed};
    }
};

inline Result<std::unique_ptr<Attack>> attack_called(std::string_view name, const Start& start,
                                                     const std::map<std::string, std::string>& given = {}) {
    const catalog::ExtractionSpec& spec = *BARTIZAN_TRY(catalog::find_extraction(name));
    return make_attack(spec, BARTIZAN_TRY(Params::make(spec.params, given)), start);
}

/// How often two classifiers say the same on fresh items.
inline double agreement(const model::Classifier& a, const model::Classifier& b, std::int64_t rows = 2000) {
    const Items fresh(rows, a.item_shape()[0], 4242);
    const auto hold = [](const model::Classifier& one) {
        return std::shared_ptr<const model::Classifier>(std::shared_ptr<void>(), &one);
    };
    const RunContext ctx;
    const auto first = Victim(hold(a), {}, 0).measure(fresh.batch.x, ctx).value().labels();
    const auto second = Victim(hold(b), {}, 0).measure(fresh.batch.x, ctx).value().labels();
    double same = 0;
    for (std::size_t i = 0; i < first.size(); ++i) same += first[i] == second[i] ? 1 : 0;
    return same / static_cast<double>(first.size());
}

}  // namespace bartizan::extraction
