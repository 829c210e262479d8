#include "provenance/bom/model_card_json.h"

namespace bartizan::provenance {
namespace {

void put(Json& object, const char* name, Json value) {
    if (!value.empty() && value != Json("")) object[name] = std::move(value);
}

Json parameters(const ModelCard& card) {
    Json out = Json::object();
    put(out, "task", card.task);
    put(out, "architectureFamily", card.family);
    put(out, "modelArchitecture", card.architecture);
    Json datasets = Json::array();
    for (const std::string& name : card.datasets) datasets.push_back({{"ref", "data:" + name}});
    put(out, "datasets", std::move(datasets));
    return out;
}

Json metrics(const ModelCard& card) {
    Json list = Json::array();
    for (const Metric& metric : card.metrics) {
        Json entry = Json::object();
        put(entry, "type", metric.type);
        put(entry, "value", metric.value);
        put(entry, "slice", metric.slice);
        list.push_back(std::move(entry));
    }
    return list;
}

Json considerations(const ModelCard& card) {
    Json out = Json::object();
    put(out, "useCases", card.use_cases);
    put(out, "technicalLimitations", card.limitations);
    Json risks = Json::array();
    for (const std::string& risk : card.risks) risks.push_back({{"name", risk}});
    put(out, "ethicalConsiderations", std::move(risks));
    if (!card.environment.empty())
        out["environmentalConsiderations"] = {{"properties", as_properties(card.environment)}};
    return out;
}

}  // namespace

Json as_properties(const std::vector<Property>& properties) {
    Json list = Json::array();
    for (const auto& [name, value] : properties) list.push_back({{"name", name}, {"value", value}});
    return list;
}

std::string hub_address(std::string_view folder, std::string_view name) {
    constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./";
    const bool plain = !name.empty() && name.find_first_not_of(kAllowed) == std::string_view::npos &&
                       name.find("..") == std::string_view::npos && !name.starts_with('/');
    return plain ? "https://huggingface.co/" + std::string(folder) + std::string(name) : std::string();
}

Json model_card_json(const ModelCard& card) {
    Json out = Json::object();
    put(out, "modelParameters", parameters(card));
    if (!card.metrics.empty()) out["quantitativeAnalysis"] = {{"performanceMetrics", metrics(card)}};
    put(out, "considerations", considerations(card));
    return out;
}

}  // namespace bartizan::provenance
