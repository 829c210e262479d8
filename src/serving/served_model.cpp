#include "serving/served_model.h"

#include <algorithm>
#include <cstring>

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include "model/feature_view.h"
#include "model/tensors.h"

namespace bartizan::serving {
namespace serving_model {
namespace {

/// Triton's names for what has none.
std::string name_of(const graph::Value& value, const char* kind, std::size_t index) {
    return value.name.empty() ? std::string(kind) + "__" + std::to_string(index) : value.name;
}

Result<std::vector<oip::Signature>> signatures(const std::vector<graph::Value>& values, const char* kind) {
    std::vector<oip::Signature> out;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const graph::TensorType& type = values[i].type;
        if (!type.is_tensor) continue;  // an output that is a map or a list: it is left out
        const DType dtype = type.dtype.value_or(DType::f32);
        if (type.element == 8) continue;  // strings
        out.push_back({name_of(values[i], kind, i), oip::datatype_of(dtype), type.has_shape ? type.shape : Shape{}});
    }
    return out;
}

bool open_ended(const std::vector<oip::Signature>& signatures) {
    return !signatures.empty() && std::ranges::all_of(signatures, [](const oip::Signature& one) {
        return !one.shape.empty() && one.shape[0] < 0;
    });
}

const oip::Tensor* find(const oip::InferRequest& request, std::string_view name) {
    for (const oip::Tensor& tensor : request.inputs)
        if (tensor.name == name) return &tensor;
    return nullptr;
}

/// The input `name` of all requests, one below the other.
Result<at::Tensor> gathered(std::span<const oip::InferRequest* const> requests, const std::string& name) {
    const oip::Tensor& first = *find(*requests[0], name);
    Shape shape = first.shape;
    for (const oip::InferRequest* const other : requests.subspan(1)) shape[0] += find(*other, name)->shape[0];
    const auto dtype = dtype_of(first.type);
    if (!dtype) return unsupported("tensor '" + name + "': this model takes numbers");
    NdArray array = BARTIZAN_TRY(NdArray::zeros(*dtype, shape));
    std::byte* to = array.mutable_bytes().data();
    for (const oip::InferRequest* const one : requests) {
        const std::string_view bytes = find(*one, name)->bytes();
        if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
        to += bytes.size();
    }
    return model::to_tensor(array);
}

/// Null: there are none.
std::shared_ptr<const model::Model> with_features(const model::Model& model) {
    if (model.graph() == nullptr) return nullptr;
    const auto value = model::last_features(*model.graph());
    if (!value.ok()) return nullptr;
    graph::Graph graph = *model.graph();
    graph.outputs.push_back({*value, {}});
    return model.view(std::move(graph)).value_or(nullptr);
}

/// Rows [begin, begin + count) of the features.
std::vector<float> features_of(const at::Tensor& tensor, std::int64_t begin, std::int64_t count, std::size_t most) {
    if (!tensor.defined() || tensor.dim() < 2 || begin + count > tensor.size(0)) return {};
    const at::Tensor part = tensor.narrow(0, begin, count).to(at::kFloat).contiguous();
    const auto size = static_cast<std::size_t>(part.numel());
    if (size == 0 || size * sizeof(float) > most) return {};
    return {part.data_ptr<float>(), part.data_ptr<float>() + size};
}

/// Rows [begin, begin + count) of an output; all of it where `count` is 0.
oip::Tensor part_of(const NdArray& array, const std::string& name, std::int64_t begin, std::int64_t count) {
    oip::Tensor out;
    out.name = name;
    out.type = oip::datatype_of(array.dtype());
    out.shape = array.shape();
    std::span<const std::byte> bytes = array.bytes();
    if (count > 0 && array.shape()[0] > 0) {
        const std::size_t row = bytes.size() / static_cast<std::size_t>(array.shape()[0]);
        bytes = bytes.subspan(static_cast<std::size_t>(begin) * row, static_cast<std::size_t>(count) * row);
        out.shape[0] = count;
    }
    const auto* const data = reinterpret_cast<const char*>(bytes.data());
    out.own(std::vector<char>(data, data + bytes.size()));
    return out;
}

}  // namespace
}  // namespace serving_model

Result<std::unique_ptr<ServedModel>> ServedModel::make(std::shared_ptr<const model::Model> model, std::string name,
                                                       std::string version) {
    const model::ModelInfo& info = model->info();
    oip::Metadata metadata{std::move(name), {}, info.format == "onnx" ? "onnx_onnxv1" : "pytorch_torchscript", {}, {}};
    if (!version.empty()) metadata.versions.push_back(std::move(version));
    metadata.inputs = BARTIZAN_TRY(serving_model::signatures(info.inputs, "INPUT"));
    metadata.outputs = BARTIZAN_TRY(serving_model::signatures(info.outputs, "OUTPUT"));
    if (metadata.inputs.size() != info.inputs.size() || metadata.inputs.empty())
        return unsupported("the model has inputs that are no tensors of numbers, or none");
    std::unique_ptr<ServedModel> out(new ServedModel(std::move(model), std::move(metadata)));
    out->with_features_ = serving_model::with_features(*out->model_);
    out->batches_ =
        serving_model::open_ended(out->metadata_.inputs) && serving_model::open_ended(out->metadata_.outputs);
    return out;
}

Result<void> ServedModel::check(const oip::InferRequest& request) const {
    if (request.inputs.size() != metadata_.inputs.size())
        return invalid_input("the model has " + std::to_string(metadata_.inputs.size()) + " inputs, the request has " +
                             std::to_string(request.inputs.size()));
    for (const oip::Signature& wanted : metadata_.inputs) {
        const oip::Tensor* const given = serving_model::find(request, wanted.name);
        if (given == nullptr) return invalid_input("the input '" + wanted.name + "' is missing");
        if (given->type != wanted.type)
            return invalid_input("the input '" + wanted.name + "' is of type " + std::string(to_string(wanted.type)) +
                                 ", not " + std::string(to_string(given->type)));
        if (!oip::fits(wanted.shape, given->shape))
            return invalid_input("the input '" + wanted.name + "' has the shape " + to_string(wanted.shape) + ", not " +
                                 to_string(given->shape));
    }
    for (const oip::RequestedOutput& output : request.outputs)
        if (std::ranges::find(metadata_.outputs, output.name, &oip::Signature::name) == metadata_.outputs.end())
            return invalid_input("the model has no output '" + output.name + "'");
    return {};
}

std::int64_t ServedModel::rows(const oip::InferRequest& request) const {
    if (!batches_) return 0;
    const std::int64_t rows = request.inputs[0].shape[0];
    const bool same = std::ranges::all_of(request.inputs, [&](const oip::Tensor& one) { return one.shape[0] == rows; });
    return same ? rows : 0;
}

bool ServedModel::joinable(const oip::InferRequest& a, const oip::InferRequest& b) {
    return std::ranges::all_of(a.inputs, [&](const oip::Tensor& one) {
        const oip::Tensor* const other = serving_model::find(b, one.name);
        return other != nullptr && one.shape.size() == other->shape.size() &&
               std::equal(one.shape.begin() + 1, one.shape.end(), other->shape.begin() + 1);
    });
}

Result<std::vector<oip::InferResponse>> ServedModel::run(std::span<const oip::InferRequest* const> requests) const {
    const at::NoGradGuard no_gradients;
    std::vector<at::Tensor> inputs;
    for (const oip::Signature& input : metadata_.inputs)
        inputs.push_back(BARTIZAN_TRY(serving_model::gathered(requests, input.name)));
    const bool wants_features =
        with_features_ && std::ranges::any_of(requests, [](const auto* request) { return request->features; });
    const std::int64_t all = requests.size() > 1 ? inputs[0].size(0) : 0;
    auto tensors = BARTIZAN_TRY((wants_features ? with_features_ : model_)->run(inputs));
    at::Tensor features;
    if (wants_features) {
        features = tensors.back();
        tensors.pop_back();
    }
    auto out = BARTIZAN_TRY(split(requests, tensors, all));
    std::int64_t begin = 0;
    for (std::size_t i = 0; wants_features && i < requests.size(); ++i) {
        const std::int64_t count = std::max<std::int64_t>(rows(*requests[i]), all > 0 ? 0 : inputs[0].size(0));
        if (requests[i]->features)
            out[i].features = serving_model::features_of(features, begin, count, kMostFeatureBytes);
        begin += count;
    }
    return out;
}

Result<std::vector<oip::InferResponse>> ServedModel::split(std::span<const oip::InferRequest* const> requests,
                                                           std::span<const at::Tensor> tensors,
                                                           std::int64_t all) const {
    std::vector<oip::InferResponse> out(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i)
        out[i] = {metadata_.name, metadata_.versions.empty() ? "" : metadata_.versions[0], requests[i]->id, {}};
    const auto& values = model_->info().outputs;
    for (std::size_t index = 0; index < tensors.size(); ++index) {
        if (!tensors[index].defined()) continue;
        const std::string name = index < values.size() ? serving_model::name_of(values[index], "OUTPUT", index)
                                                       : "OUTPUT__" + std::to_string(index);
        const NdArray array = BARTIZAN_TRY(model::to_array(tensors[index]));
        if (all > 0 && (array.rank() == 0 || array.shape()[0] != all))
            return unsupported("the output '" + name + "' has no row for each row of the input");
        std::int64_t begin = 0;
        for (std::size_t i = 0; i < requests.size(); ++i) {
            const std::int64_t count = all > 0 ? rows(*requests[i]) : 0;
            const auto& wanted = requests[i]->outputs;
            if (wanted.empty() || std::ranges::find(wanted, name, &oip::RequestedOutput::name) != wanted.end())
                out[i].outputs.push_back(serving_model::part_of(array, name, begin, count));
            begin += count;
        }
    }
    return out;
}

}  // namespace bartizan::serving
