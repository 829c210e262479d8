// Products of matrices: MatMul, Gemm, MatMulInteger, Einsum, Det.
#include <algorithm>
#include <map>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/det.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <c10/core/ScalarType.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace linear_algebra {
namespace {

/// The product's shape is known from the operands': batch dimensions broadcast, then rows by columns.
Result<void> check_product(const at::Tensor& a, const at::Tensor& b) {
    if (a.dim() < 2 || b.dim() < 2) return {};
    Shape left = shape_of(a);
    Shape right = shape_of(b);
    left.back() = 1;
    right[right.size() - 2] = 1;
    const std::size_t rank = std::max(left.size(), right.size());
    left.insert(left.begin(), rank - left.size(), 1);
    right.insert(right.begin(), rank - right.size(), 1);
    for (std::size_t i = 0; i < rank; ++i) left[i] = left[i] == 1 ? right[i] : left[i];
    return check_output(left);
}

}  // namespace
}  // namespace linear_algebra

Result<at::Tensor> matrix_product(const at::Tensor& a, const at::Tensor& b) {
    BARTIZAN_TRY(linear_algebra::check_product(a, b));
    return at::matmul(a, b);
}

namespace linear_algebra {
namespace {

Result<Kernel> matmul(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    return numeric([](const Call& call) { return matrix_product(call.inputs[0], call.inputs[1]); });
}

struct GemmOptions {
    double alpha = 1;
    double beta = 1;
    bool transpose_a = false;
    bool transpose_b = false;
};

/// ATen wants integers as factors of integer matrices.
at::Scalar factor(double value, const at::Tensor& of) {
    if (c10::isIntegralType(of.scalar_type(), true)) return static_cast<std::int64_t>(value);
    return value;
}

Result<at::Tensor> run_gemm(const Call& call, const GemmOptions& options) {
    const at::Tensor& a = call.inputs[0];
    const at::Tensor& b = call.inputs[1];
    if (a.dim() != 2 || b.dim() != 2)
        return invalid_input("Gemm wants matrices, given ranks " + std::to_string(a.dim()) + " and " +
                             std::to_string(b.dim()));
    const at::Tensor left = options.transpose_a ? a.t() : a;
    const at::Tensor right = options.transpose_b ? b.t() : b;
    BARTIZAN_TRY(check_output({left.size(0), right.size(1)}));
    if (call.has(2)) return at::addmm(call.inputs[2], left, right, factor(options.beta, a), factor(options.alpha, a));
    const at::Tensor plain = at::mm(left, right);
    return options.alpha == 1 ? plain : plain * factor(options.alpha, a);
}

Result<Kernel> gemm(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 3));
    GemmOptions options;
    options.alpha = BARTIZAN_TRY(node.real("alpha", 1));
    options.beta = BARTIZAN_TRY(node.real("beta", 1));
    options.transpose_a = BARTIZAN_TRY(node.integer("transA", 0)) != 0;
    options.transpose_b = BARTIZAN_TRY(node.integer("transB", 0)) != 0;
    return numeric([options](const Call& call) { return run_gemm(call, options); });
}

/// One zero point, or one a row of the left matrix.
at::Tensor row_offset(const at::Tensor& zero_point) {
    const at::Tensor wide = zero_point.to(at::kInt);
    return wide.dim() == 1 && wide.numel() > 1 ? wide.unsqueeze(-1) : wide;
}

Result<Kernel> matmul_integer(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 4));
    return single([](const Call& call) {
        at::Tensor a = call.inputs[0].to(at::kInt);
        at::Tensor b = call.inputs[1].to(at::kInt);
        if (call.has(2)) a = a - row_offset(call.inputs[2]);
        if (call.has(3)) b = b - call.inputs[3].to(at::kInt);
        return matrix_product(a, b);
    });
}

/// Bounds what the equation can make: the product of all its labels' sizes (for ellipses, of all dimensions).
Result<void> check_einsum(const std::string& equation, std::span<const at::Tensor> inputs) {
    std::string terms = equation.substr(0, equation.find("->"));
    std::erase(terms, ' ');
    std::map<char, std::int64_t> sizes;
    std::size_t at = 0;
    for (const at::Tensor& input : inputs) {
        const std::string term = terms.substr(at, terms.find(',', at) - at);
        at = std::min(terms.size(), at + term.size() + 1);
        if (static_cast<std::int64_t>(term.size()) != input.dim()) continue;  // an ellipsis, or ATen's to refuse
        for (std::int64_t d = 0; d < input.dim(); ++d) sizes[term[static_cast<std::size_t>(d)]] = input.size(d);
    }
    Shape output;
    const std::size_t arrow = equation.find("->");
    if (arrow == std::string::npos) return {};
    for (const char label : equation.substr(arrow + 2))
        if (const auto found = sizes.find(label); found != sizes.end()) output.push_back(found->second);
    return check_output(output);
}

Result<Kernel> einsum(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, std::max<std::size_t>(1, node.inputs.size())));
    const std::string equation = BARTIZAN_TRY(node.text("equation", ""));
    return numeric([equation](const Call& call) -> Result<at::Tensor> {
        BARTIZAN_TRY(check_einsum(equation, call.inputs));
        return at::einsum(equation, at::TensorList(call.inputs.data(), call.inputs.size()));
    });
}

Result<Kernel> determinant(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    return numeric([](const Call& call) { return at::det(call.inputs[0]); });
}

constexpr OperatorSpec kOperators[] = {
    {"", "Det", 11, Gradient::smooth, determinant},
    {"", "Einsum", 12, Gradient::smooth, einsum},
    {"", "Gemm", 1, Gradient::smooth, gemm},
    {"", "MatMul", 1, Gradient::smooth, matmul},
    {"", "MatMulInteger", 10, Gradient::none, matmul_integer},
};

}  // namespace
}  // namespace linear_algebra

std::span<const OperatorSpec> linear_algebra_operators() { return linear_algebra::kOperators; }

}  // namespace bartizan::model::operators
