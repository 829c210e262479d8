#include "provenance/bom/model_card.h"

#include <algorithm>
#include <cctype>

#include "core/json.h"
#include "provenance/bom/yaml.h"

namespace bartizan::provenance {
namespace {

std::string cut(std::string_view text) { return std::string(text.substr(0, kLongestText)); }

/// A text, or each text of a list: cards write either.
std::vector<std::string> texts(const Json& object, const char* name) {
    std::vector<std::string> out;
    if (!object.is_object() || !object.contains(name)) return out;
    const Json& value = object[name];
    if (value.is_string()) out.push_back(cut(value.get_ref<const std::string&>()));
    if (value.is_array())
        for (const Json& element : value)
            if (element.is_string() && out.size() < kMostListed)
                out.push_back(cut(element.get_ref<const std::string&>()));
    std::erase(out, "");
    return out;
}

std::string text(const Json& object, const char* name) {
    const auto all = texts(object, name);
    return all.empty() ? std::string() : all.front();
}

void append_new(std::vector<std::string>& to, const std::vector<std::string>& from) {
    for (const std::string& one : from)
        if (to.size() < kMostListed && std::ranges::find(to, one) == to.end()) to.push_back(one);
}

const Json* list_in(const Json& object, const char* name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    return found != object.end() && found->is_array() ? &*found : nullptr;
}

/// model-index: [{results: [{task, dataset: {name, split}, metrics: [{type, value}]}]}]
void read_results(const Json& front, ModelCard& into) {
    const Json* index = list_in(front, "model-index");
    if (index == nullptr) return;
    for (const Json& model : *index) {
        const Json* results = list_in(model, "results");
        if (results == nullptr) continue;
        for (const Json& result : *results) {
            const Json* metrics = list_in(result, "metrics");
            if (metrics == nullptr) continue;
            const Json dataset = result.value("dataset", Json::object());
            const std::string split = text(dataset, "split");
            const std::string slice = text(dataset, "name") + (split.empty() ? "" : " (" + split + ")");
            for (const Json& metric : *metrics)
                if (into.metrics.size() < kMostListed)
                    into.metrics.push_back({text(metric, "type"), text(metric, "value"), slice});
        }
    }
}

void read_licences(const Json& front, const std::string& file, ModelCard& into) {
    const std::string own_name = text(front, "license_name");
    for (const std::string& word : texts(front, "license"))
        into.licences.push_back(licence_of_word(word == "other" && !own_name.empty() ? own_name : word, file));
}

void read_emissions(const Json& front, ModelCard& into) {
    const auto found = front.find("co2_eq_emissions");
    if (found == front.end()) return;
    if (found->is_string())
        into.environment.emplace_back("co2_eq_emissions", cut(found->get_ref<const std::string&>()));
    for (const char* name : {"emissions", "source", "training_type", "geographical_location", "hardware_used"})
        if (const std::string value = text(*found, name); !value.empty())
            into.environment.emplace_back(std::string("co2_eq_emissions:") + name, value);
}

void read_front(const Json& front, const std::string& file, ModelCard& into) {
    if (!front.is_object()) {
        into.warnings.push_back(file + ": the front matter is not a map");
        return;
    }
    read_licences(front, file, into);
    if (into.task.empty()) into.task = text(front, "pipeline_tag");
    append_new(into.datasets, texts(front, "datasets"));
    append_new(into.base_models, texts(front, "base_model"));
    append_new(into.tags, texts(front, "tags"));
    for (const char* name : {"library_name", "base_model_relation", "license_link"})
        if (const std::string value = text(front, name); !value.empty())
            into.properties.emplace_back(std::string("huggingface:") + name, value);
    for (const std::string& language : texts(front, "language"))
        into.properties.emplace_back("huggingface:language", language);
    read_results(front, into);
    read_emissions(front, into);
}

/// The section that a heading opens, by words of the heading; null: none of interest.
std::vector<std::string>* section_for(std::string_view heading, ModelCard& into) {
    std::string lowered(heading.substr(0, kLongestText));
    std::ranges::transform(lowered, lowered.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto has = [&](const char* word) { return lowered.find(word) != std::string::npos; };
    if (has("out-of-scope") || has("limitation")) return &into.limitations;
    if (has("intended use") || has("direct use") || has("use case")) return &into.use_cases;
    if (has("bias") || has("risk") || has("ethic")) return &into.risks;
    return nullptr;
}

void close_section(std::vector<std::string>* section, std::string& content) {
    const std::size_t end = content.find_last_not_of(" \t\n");
    content.resize(end == std::string::npos ? 0 : end + 1);
    if (section != nullptr && !content.empty() && section->size() < kMostListed) section->push_back(content);
    content.clear();
}

void read_sections(std::string_view markdown, ModelCard& into) {
    std::vector<std::string>* section = nullptr;
    std::string content;
    while (!markdown.empty()) {
        const std::size_t end = std::min(markdown.find('\n'), markdown.size());
        std::string_view line = markdown.substr(0, end);
        markdown.remove_prefix(std::min(end + 1, markdown.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.starts_with('#')) {
            close_section(section, content);
            section = section_for(line, into);
        } else if (section != nullptr && content.size() + line.size() < kLongestText &&
                   !(content.empty() && line.empty())) {
            content.append(line) += '\n';
        }
    }
    close_section(section, content);
}

struct Parts {
    std::string_view front, rest;
};

/// Between a first line "---" and the next one.
Parts split_front(std::string_view readme) {
    if (readme.starts_with("\xef\xbb\xbf")) readme.remove_prefix(3);
    if (!readme.starts_with("---\n") && !readme.starts_with("---\r\n")) return {{}, readme};
    const std::size_t begin = readme.find('\n') + 1;
    for (std::size_t at = begin; at < readme.size();) {
        const std::size_t end = std::min(readme.find('\n', at), readme.size());
        const std::string_view line = readme.substr(at, end - at);
        if (line == "---" || line == "---\r")
            return {readme.substr(begin, at - begin), readme.substr(std::min(end + 1, readme.size()))};
        at = end + 1;
    }
    return {{}, readme};
}

}  // namespace

void read_hub_card(std::string_view readme, const std::string& file, ModelCard& into) {
    const Parts parts = split_front(readme);
    if (!parts.front.empty()) {
        const auto front = parse_yaml(parts.front);
        if (front.ok())
            read_front(*front, file, into);
        else
            into.warnings.push_back(file + ": " + front.error().line());
    }
    read_sections(parts.rest, into);
}

void read_config(std::string_view json, const std::string& file, ModelCard& into) {
    const auto config = parse_json(json, {.bytes = kLargestPaper, .depth = 64});
    if (!config.ok()) {
        into.warnings.push_back(file + ": " + config.error().line());
        return;
    }
    into.family = text(*config, "model_type");
    into.architecture = text(*config, "architectures");
    for (const char* name : {"transformers_version", "torch_dtype"})
        if (const std::string value = text(*config, name); !value.empty())
            into.properties.emplace_back(std::string("transformers:") + name, value);
}

void read_sidecar(std::string_view yaml, const std::string& file, ModelCard& into) {
    const auto sidecar = parse_yaml(yaml);
    if (!sidecar.ok() || !sidecar->is_object()) {
        into.warnings.push_back(file + ": " + (sidecar.ok() ? "not a map of settings" : sidecar.error().line()));
        return;
    }
    for (const char* name : {"layout", "temperature"})
        if (const std::string value = text(*sidecar, name); !value.empty())
            into.properties.emplace_back(std::string("bartizan:input:") + name, value);
    for (const char* name : {"mean", "std", "range", "classes"}) {
        std::string joined;
        for (const std::string& value : texts(*sidecar, name)) joined += (joined.empty() ? "" : ", ") + value;
        if (!joined.empty()) into.properties.emplace_back(std::string("bartizan:") + name, cut(joined));
    }
}

}  // namespace bartizan::provenance
