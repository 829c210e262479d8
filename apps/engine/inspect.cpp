/// `bartizan inspect MODEL`: inputs, outputs, shapes, parameters, operators.
#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "apps/engine/inputs.h"
#include "cli/output.h"
#include "core/file.h"
#include "crypto/hash.h"

namespace bartizan::engine {
namespace inspecting {
namespace {

std::string dtype_text(const graph::TensorType& type) {
    if (!type.is_tensor) return "sequence or map";
    return type.dtype ? std::string(to_string(*type.dtype)) : "string";
}

/// "[batch, 3, 32, 32]", or "unknown shape".
std::string shape_text(const graph::TensorType& type) {
    if (!type.has_shape) return "unknown shape";
    std::string out;
    for (std::size_t i = 0; i < type.shape.size(); ++i) {
        const bool named = i < type.symbols.size() && !type.symbols[i].empty();
        out += i == 0 ? "" : ", ";
        out += type.shape[i] >= 0 ? std::to_string(type.shape[i]) : named ? type.symbols[i] : "?";
    }
    return "[" + out + "]";
}

Json values_json(const std::vector<graph::Value>& values) {
    Json out = Json::array();
    for (const graph::Value& value : values) {
        Json shape = nullptr;
        if (value.type.has_shape) {
            shape = Json::array();
            for (const std::int64_t size : value.type.shape) shape.push_back(size >= 0 ? Json(size) : Json(nullptr));
        }
        out.push_back({{"name", value.name}, {"type", dtype_text(value.type)}, {"shape", shape}});
    }
    return out;
}

std::string values_text(const char* heading, const std::vector<graph::Value>& values) {
    std::string out;
    for (const graph::Value& value : values) {
        out += fmt::format("{:<12} {}  {} {}\n", heading, value.name, dtype_text(value.type), shape_text(value.type));
        heading = "";
    }
    return out;
}

std::string_view reach_text(model::GradientPath::Reach reach) {
    switch (reach) {
        case model::GradientPath::Reach::smooth:
            return "smooth";
        case model::GradientPath::Reach::zero:
            return "zero";
        case model::GradientPath::Reach::none:
            return "none";
    }
    return "";
}

/// Of the output that carries them furthest: classifiers of trees have a label output beside the scores.
model::GradientPath best_path(const model::Model& model) {
    model::GradientPath best = model.gradient_path(0);
    for (std::size_t i = 1; i < model.info().outputs.size(); ++i)
        if (model::GradientPath path = model.gradient_path(i); path.reach < best.reach) best = std::move(path);
    return best;
}

std::string as_text(const std::string& path, const model::ModelInfo& info, const std::string& sha256,
                    const model::GradientPath& gradients) {
    std::string out = fmt::format("{:<12} {}\n{:<12} {}", "model", path, "format", info.format);
    if (info.opset > 0) out += fmt::format(", opset {}", info.opset);
    if (!info.producer.empty()) out += ", made by " + info.producer;
    out += fmt::format("\n{:<12} {}\n", "sha256", sha256);
    out += values_text("inputs", info.inputs) + values_text("outputs", info.outputs);
    out += fmt::format("{:<12} {}\n", "parameters", info.parameters);
    std::string operators;
    for (const auto& [name, count] : info.operators)
        operators += fmt::format("{}{} x{}", operators.empty() ? "" : ", ", name, count);
    out += fmt::format("{:<12} {}\n", "operators", operators);
    out += fmt::format("{:<12} {}", "gradients", reach_text(gradients.reach));
    return out + (gradients.blocker.empty() ? "\n" : fmt::format(", stopped by {}\n", gradients.blocker));
}

}  // namespace
}  // namespace inspecting

Result<int> inspect(const cli::Invocation& invocation, RunContext&) {
    const std::string path = invocation.positional(0);
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    const auto model = BARTIZAN_TRY(open_model(invocation));
    const std::string sha256 = crypto::to_hex(BARTIZAN_TRY(crypto::sha256_file(path)));
    const model::ModelInfo& info = model->info();
    const model::GradientPath gradients = inspecting::best_path(*model);
    Json json = cli::document(invocation);
    json["path"] = path;
    json["sha256"] = sha256;
    json["format"] = info.format;
    json["producer"] = info.producer;
    json["opset"] = info.opset;
    json["inputs"] = inspecting::values_json(info.inputs);
    json["outputs"] = inspecting::values_json(info.outputs);
    json["parameters"] = info.parameters;
    json["operators"] = info.operators;
    json["gradients"] = {{"reach", inspecting::reach_text(gradients.reach)}, {"blocker", gradients.blocker}};
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, inspecting::as_text(path, info, sha256, gradients)));
    return 0;
}

}  // namespace bartizan::engine
