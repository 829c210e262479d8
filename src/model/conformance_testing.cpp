#include "model/conformance_testing.h"

#include <algorithm>
#include <span>

#include <ATen/TensorOperators.h>
#include <ATen/ops/isclose.h>
#include <c10/core/ScalarType.h>

#include "core/file.h"
#include "model/tensors.h"

namespace bartizan::model::conformance {
namespace {

constexpr std::uint64_t kMaxCaseBytes = std::uint64_t{64} << 20;
constexpr double kRelative = 1e-3;
constexpr double kAbsolute = 1e-7;
/// One unit in the last place: the files cut float32 off to bfloat16, ATen rounds.
constexpr double kRelativeBfloat16 = 1.0 / 128;

/// The files hold bfloat16 as uint16 of the same bits; the model says which it is.
Result<NdArray> as_declared(const NdArray& array, const graph::TensorType& type) {
    if (type.dtype != DType::bf16 || array.dtype() != DType::u16) return array;
    return NdArray::view(DType::bf16, array.shape(), array.bytes(), array.owner());
}

Result<std::vector<at::Tensor>> tensors_of(const std::filesystem::path& folder, const std::string& stem,
                                           const std::vector<graph::Value>& declared) {
    std::vector<at::Tensor> tensors;
    for (std::size_t i = 0; i < declared.size(); ++i) {
        const auto path = folder / (stem + "_" + std::to_string(i) + ".pb");
        if (!std::filesystem::exists(path)) break;
        const std::string bytes = BARTIZAN_TRY(read_file(path, kMaxCaseBytes));
        const NdArray array = BARTIZAN_TRY(graph::parse_tensor(std::as_bytes(std::span(bytes))));
        tensors.push_back(BARTIZAN_TRY(to_tensor(BARTIZAN_TRY(as_declared(array, declared[i].type)))));
    }
    return tensors;
}

}  // namespace

std::vector<Case> all_cases() {
    std::vector<Case> cases;
    for (const std::string suite : {"node", "simple", "pytorch-operator", "pytorch-converted"}) {
        std::error_code missing;
        for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(kFolder) / suite, missing))
            if (std::filesystem::exists(entry.path() / "model.onnx"))
                cases.push_back({suite, entry.path().filename().string(), entry.path()});
    }
    std::sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) { return a.folder < b.folder; });
    return cases;
}

Result<std::vector<DataSet>> data_sets(const Case& which, const graph::Graph& graph) {
    for (const auto& values : {graph.inputs, graph.outputs})
        for (const graph::Value& value : values)
            if (!value.type.is_tensor || !value.type.dtype)
                return unsupported("'" + value.name + "' is not a tensor of numbers");
    std::vector<DataSet> sets;
    for (int i = 0; std::filesystem::exists(which.folder / ("test_data_set_" + std::to_string(i))); ++i) {
        const auto folder = which.folder / ("test_data_set_" + std::to_string(i));
        DataSet set;
        set.inputs = BARTIZAN_TRY(tensors_of(folder, "input", graph.inputs));
        set.outputs = BARTIZAN_TRY(tensors_of(folder, "output", graph.outputs));
        sets.push_back(std::move(set));
    }
    return sets;
}

std::string difference(const at::Tensor& expected, const at::Tensor& actual) {
    if (!actual.defined()) return "there is no output";
    if (actual.scalar_type() != expected.scalar_type())
        return std::string("type ") + c10::toString(actual.scalar_type()) + ", not " +
               c10::toString(expected.scalar_type());
    if (actual.sizes() != expected.sizes())
        return "shape " + to_string(actual.sizes().vec()) + ", not " + to_string(expected.sizes().vec());
    const bool fractions = c10::isFloatingType(expected.scalar_type());
    const at::Tensor wanted = expected.to(at::kDouble);
    const at::Tensor given = actual.detach().to(at::kDouble);
    const double relative = expected.scalar_type() == at::kBFloat16 ? kRelativeBfloat16 : kRelative;
    const at::Tensor close = fractions ? at::isclose(given, wanted, relative, kAbsolute, true) : given == wanted;
    if (close.all().item<bool>()) return "";
    const at::Tensor worst = (given - wanted).abs().nan_to_num(0).reshape({-1}).argmax();
    const auto at = [&](const at::Tensor& x) {
        return std::to_string(x.reshape({-1})[worst.item<std::int64_t>()].item<double>());
    };
    return std::to_string((close.logical_not()).sum().item<std::int64_t>()) + " values differ, for one " + at(given) +
           ", not " + at(wanted);
}

}  // namespace bartizan::model::conformance
