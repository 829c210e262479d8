/// `bartizan inspect MODEL`: inputs, outputs, shapes, parameters, operators; and whether this build can run it.
#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "apps/engine/inputs.h"
#include "cli/output.h"
#include "core/file.h"
#include "crypto/hash.h"
#include "graph/graph.h"
#include "model/onnx_model.h"

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

std::string line(std::string_view heading, std::string_view text) {
    return fmt::format("{:<12} {}\n", heading, cli::printable(text));
}

std::string values_text(const char* heading, const std::vector<graph::Value>& values) {
    std::string out;
    for (const graph::Value& value : values) {
        out += line(heading, value.name + "  " + dtype_text(value.type) + " " + shape_text(value.type));
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

struct Description {
    std::string path, sha256;
    model::ModelInfo info;
    model::GradientPath gradients;
    std::string obstacle;  ///< why this build cannot run it; empty if it can
};

Result<Description> describe(const cli::Invocation& invocation) {
    Description description;
    description.path = invocation.positional(0);
    auto model = open_model(invocation);
    if (!model.ok() && model.error().code() != Errc::unsupported) return std::move(model).error();
    if (model.ok()) {
        description.info = (*model)->info();
        description.gradients = best_path(**model);
    } else {
        auto graph = graph::load_onnx(description.path);  // well-formed, but something in it is not run
        if (!graph.ok()) return std::move(model).error();
        description.info = model::describe(*graph);
        description.obstacle = model.error().line();
    }
    description.sha256 = crypto::to_hex(BARTIZAN_TRY(crypto::sha256_file(description.path)));
    return description;
}

std::string as_text(const Description& description) {
    const model::ModelInfo& info = description.info;
    std::string format = info.format;
    if (info.opset > 0) format += fmt::format(", opset {}", info.opset);
    if (!info.producer.empty()) format += ", made by " + info.producer;
    std::string operators;
    for (const auto& [name, count] : info.operators)
        operators += fmt::format("{}{} x{}", operators.empty() ? "" : ", ", name, count);
    std::string gradients(reach_text(description.gradients.reach));
    if (!description.gradients.blocker.empty()) gradients += ", stopped by " + description.gradients.blocker;
    return line("model", description.path) + line("format", format) + line("sha256", description.sha256) +
           values_text("inputs", info.inputs) + values_text("outputs", info.outputs) +
           line("parameters", std::to_string(info.parameters)) + line("operators", operators) +
           (description.obstacle.empty() ? line("gradients", gradients) : line("runs", "no: " + description.obstacle));
}

Json as_json(const cli::Invocation& invocation, const Description& description) {
    const model::ModelInfo& info = description.info;
    Json json = cli::document(invocation);
    json["path"] = description.path;
    json["sha256"] = description.sha256;
    json["format"] = info.format;
    json["producer"] = info.producer;
    json["opset"] = info.opset;
    json["inputs"] = values_json(info.inputs);
    json["outputs"] = values_json(info.outputs);
    json["parameters"] = info.parameters;
    json["operators"] = info.operators;
    json["runs"] = description.obstacle.empty();
    if (description.obstacle.empty())
        json["gradients"] = {{"reach", reach_text(description.gradients.reach)},
                             {"blocker", description.gradients.blocker}};
    else
        json["obstacle"] = description.obstacle;
    return json;
}

}  // namespace
}  // namespace inspecting

Result<int> inspect(const cli::Invocation& invocation, RunContext&) {
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    const auto description = BARTIZAN_TRY(inspecting::describe(invocation));
    const Json json = inspecting::as_json(invocation, description);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, inspecting::as_text(description)));
    return 0;
}

}  // namespace bartizan::engine
