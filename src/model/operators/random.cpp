// Random operators. A model gives the same output for the same input, whatever thread runs it: each call starts a
// generator of its own from the node's `seed` (from a fixed one where it names none).
#include <cstring>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/multinomial.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace random {
namespace {

constexpr std::uint64_t kSeedWithoutOne = 20'230'113;

Result<std::uint64_t> seed_of(const graph::Node& node) {
    if (!node.has("seed")) return kSeedWithoutOne;
    const float given = BARTIZAN_TRY(node.real("seed", 0));
    std::uint32_t bits = 0;
    std::memcpy(&bits, &given, sizeof bits);
    return std::uint64_t{bits};
}

/// Fills a double tensor in place.
using Fill = void (*)(at::Tensor& values, double a, double b, const at::Generator& generator);

void normal(at::Tensor& values, double mean, double scale, const at::Generator& generator) {
    values.normal_(mean, scale, generator);
}

void uniform(at::Tensor& values, double low, double high, const at::Generator& generator) {
    values.uniform_(low, high, generator);
}

struct Distribution {
    Fill fill;
    std::string_view first;
    double first_preset;
    std::string_view second;
    double second_preset;
};
constexpr Distribution kNormal{normal, "mean", 0, "scale", 1};
constexpr Distribution kUniform{uniform, "low", 0, "high", 1};

struct Draw {
    Fill fill;
    double a;
    double b;
    std::uint64_t seed;

    Result<at::Tensor> operator()(const Shape& shape, const ElementType& type) const {
        BARTIZAN_TRY(check_output(shape));
        at::Tensor values = at::empty(shape, at::kDouble);
        fill(values, a, b, at::detail::createCPUGenerator(seed));
        return convert(values, type);
    }
};

Result<Draw> draw_of(const Distribution& distribution, const graph::Node& node) {
    const double a = BARTIZAN_TRY(node.real(distribution.first, static_cast<float>(distribution.first_preset)));
    const double b = BARTIZAN_TRY(node.real(distribution.second, static_cast<float>(distribution.second_preset)));
    return Draw{distribution.fill, a, b, BARTIZAN_TRY(seed_of(node))};
}

template <const Distribution& distribution>
Result<Kernel> of_shape(const graph::Node& node, std::int64_t) {
    const Draw draw = BARTIZAN_TRY(draw_of(distribution, node));
    const ElementType type = BARTIZAN_TRY(element_type_attribute(node, "dtype", 1));
    const Shape shape = BARTIZAN_TRY(checked(BARTIZAN_TRY(node.integers("shape", {}))));
    return single([=](const Call&) { return draw(shape, type); });
}

template <const Distribution& distribution>
Result<Kernel> like(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const Draw draw = BARTIZAN_TRY(draw_of(distribution, node));
    const bool typed = node.has("dtype");
    const ElementType type = BARTIZAN_TRY(element_type_attribute(node, "dtype", 1));
    return single([=](const Call& call) {
        const at::Tensor& x = call.inputs[0];
        return draw(shape_of(x), typed ? type : ElementType{x.scalar_type(), 0});
    });
}

Result<Kernel> bernoulli(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const Draw draw{uniform, 0, 1, BARTIZAN_TRY(seed_of(node))};
    const bool typed = node.has("dtype");
    const ElementType type = BARTIZAN_TRY(element_type_attribute(node, "dtype", 1));
    return single([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& p = call.inputs[0];
        const at::Tensor drawn = BARTIZAN_TRY(draw(shape_of(p), {at::kDouble, 0}));
        return convert(drawn < p, typed ? type : ElementType{p.scalar_type(), 0});
    });
}

/// The input holds unnormalised log-probabilities.
Result<Kernel> multinomial(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const std::uint64_t seed = BARTIZAN_TRY(seed_of(node));
    const std::int64_t samples = BARTIZAN_TRY(node.integer("sample_size", 1));
    const ElementType type = BARTIZAN_TRY(element_type_attribute(node, "dtype", 6));
    return single([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        if (x.dim() != 2) return invalid_input("Multinomial of rank " + std::to_string(x.dim()) + ", wants 2");
        BARTIZAN_TRY(check_output({x.size(0), samples}));
        const at::Tensor weights = x.to(at::kDouble).softmax(1);
        return convert(at::multinomial(weights, samples, true, at::detail::createCPUGenerator(seed)), type);
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "Bernoulli", 15, Gradient::none, bernoulli},
    {"", "Multinomial", 7, Gradient::none, multinomial},
    {"", "RandomNormal", 1, Gradient::none, of_shape<kNormal>},
    {"", "RandomNormalLike", 1, Gradient::none, like<kNormal>},
    {"", "RandomUniform", 1, Gradient::none, of_shape<kUniform>},
    {"", "RandomUniformLike", 1, Gradient::none, like<kUniform>},
};

}  // namespace
}  // namespace random

std::span<const OperatorSpec> random_operators() { return random::kOperators; }

}  // namespace bartizan::model::operators
