#include "data/input_contract.h"

#include <algorithm>
#include <exception>
#include <set>

#include <yaml-cpp/yaml.h>

#include "bartizan/params.h"
#include "core/file.h"
#include "core/spelling.h"

namespace bartizan::data {
namespace {

constexpr std::uint64_t kMaxSidecarBytes = 1 << 20;
constexpr std::size_t kMaxNumbers = 4096;
constexpr std::size_t kMaxClassNames = 100'000;
constexpr std::size_t kMostShown = 80;
constexpr std::size_t kMostText = 1000;
constexpr int kVersion = 1;
constexpr std::string_view kKeys[] = {"mean", "std", "range", "layout", "classes", "temperature", "preprocessing"};

Error at_line(const YAML::Node& node, const std::string& message, std::string hint = {}) {
    return invalid_input("line " + std::to_string(node.Mark().line + 1) + ": " + message, std::move(hint));
}

Result<double> number(const YAML::Node& node) {
    if (!node.IsScalar()) return at_line(node, "a number is needed here");
    const auto value = parse_number(node.Scalar());
    if (!value.ok()) return at_line(node, value.error().message());
    return *value;
}

Result<std::vector<double>> numbers(const YAML::Node& node) {
    if (!node.IsSequence() || node.size() > kMaxNumbers) return at_line(node, "a list of numbers is needed here");
    std::vector<double> values;
    for (const YAML::Node& element : node) values.push_back(BARTIZAN_TRY(number(element)));
    return values;
}

Result<std::vector<std::string>> names(const YAML::Node& node) {
    if (!node.IsSequence() || node.size() > kMaxClassNames) return at_line(node, "a list of names is needed here");
    std::vector<std::string> values;
    for (const YAML::Node& element : node) {
        if (!element.IsScalar()) return at_line(element, "a name is needed here");
        values.push_back(element.Scalar());
    }
    return values;
}

Result<void> apply(const YAML::Node& name, const YAML::Node& value, InputContract& contract) {
    const std::string& key = name.Scalar();
    if (key == "bartizan_sidecar") {
        if (BARTIZAN_TRY(number(value)) != kVersion) return at_line(value, "written by a newer version of bartizan");
    } else if (key == "mean") {
        contract.mean = BARTIZAN_TRY(numbers(value));
    } else if (key == "std") {
        contract.std = BARTIZAN_TRY(numbers(value));
        if (std::ranges::any_of(contract.std, [](double one) { return one <= 0; }))
            return at_line(value, "each std must be above 0");
    } else if (key == "range") {
        const std::vector<double> range = BARTIZAN_TRY(numbers(value));
        if (range.size() != 2 || range[0] >= range[1]) return at_line(value, "range is [low, high], low below high");
        contract.low = range[0];
        contract.high = range[1];
    } else if (key == "layout") {
        contract.layout = value.IsScalar() ? value.Scalar() : "?";
        if (contract.layout != "nchw" && contract.layout != "nhwc") return at_line(value, "layout is nchw or nhwc");
    } else if (key == "classes") {
        contract.class_names = BARTIZAN_TRY(names(value));
    } else if (key == "temperature") {
        contract.temperature = BARTIZAN_TRY(number(value));
        if (*contract.temperature <= 0) return at_line(value, "temperature must be above 0");
    } else if (key == "preprocessing") {
        if (!value.IsScalar() || value.Scalar().size() > kMostText)
            return at_line(value, "a line of text is needed here");
        contract.preprocessing = value.Scalar();
    } else {
        return at_line(
            name, "no setting called '" + key.substr(0, kMostShown) + "'",
            did_you_mean(key, kKeys, "there are mean, std, range, layout, classes, temperature, preprocessing"));
    }
    return {};
}

/// An alias is a second name of one node, never a copy, and lists hold scalars alone: nothing here grows with aliases.
Result<InputContract> parse(const std::string& text) {
    InputContract contract;
    try {
        const YAML::Node root = YAML::Load(text);
        if (root.IsNull()) return contract;
        if (!root.IsMap()) return invalid_input("a map of settings is needed");
        std::set<std::string> seen;
        for (const auto& entry : root) {
            if (!entry.first.IsScalar()) return at_line(entry.first, "a setting is a single word");
            if (!seen.insert(entry.first.Scalar()).second)
                return at_line(entry.first, "'" + entry.first.Scalar().substr(0, kMostShown) + "' is set twice");
            BARTIZAN_TRY(apply(entry.first, entry.second, contract));
        }
    } catch (const YAML::Exception& error) {
        return invalid_input("line " + std::to_string(error.mark.line + 1) + ": " + error.msg);
    } catch (const std::exception& error) {
        return invalid_input(std::string("not YAML: ") + error.what());
    }
    return contract;
}

void emit_numbers(YAML::Emitter& out, const char* key, const std::vector<double>& values) {
    if (values.empty()) return;
    out << YAML::Key << key << YAML::Value << YAML::Flow << values;
}

}  // namespace

bool InputContract::is_identity() const {
    const auto all = [](const std::vector<double>& values, double wanted) {
        return std::ranges::all_of(values, [&](double value) { return value == wanted; });
    };
    return all(mean, 0) && all(std, 1) && low == 0 && high == 1;
}

std::filesystem::path sidecar_path(const std::filesystem::path& model) { return model.string() + ".bartizan.yaml"; }

Result<InputContract> read_sidecar(const std::filesystem::path& model) {
    const std::filesystem::path path = sidecar_path(model);
    const auto text = read_file(path, kMaxSidecarBytes);
    if (!text.ok() && text.error().code() == Errc::not_found) return InputContract{};
    if (!text.ok()) return text.error();
    return parse(*text).within("sidecar '" + path.string() + "'");
}

Result<void> write_sidecar(const std::filesystem::path& model, const InputContract& contract) {
    YAML::Emitter out;
    out.SetDoublePrecision(17);
    out << YAML::Comment("What the model beside this file expects. Read by every bartizan command.");
    out << YAML::BeginMap << YAML::Key << "bartizan_sidecar" << YAML::Value << kVersion;
    emit_numbers(out, "mean", contract.mean);
    emit_numbers(out, "std", contract.std);
    if (contract.low != 0 || contract.high != 1) emit_numbers(out, "range", {contract.low, contract.high});
    if (!contract.layout.empty()) out << YAML::Key << "layout" << YAML::Value << contract.layout;
    if (!contract.class_names.empty()) out << YAML::Key << "classes" << YAML::Value << contract.class_names;
    if (contract.temperature) out << YAML::Key << "temperature" << YAML::Value << *contract.temperature;
    if (!contract.preprocessing.empty()) out << YAML::Key << "preprocessing" << YAML::Value << contract.preprocessing;
    out << YAML::EndMap;
    return write_file_atomically(sidecar_path(model), std::string_view(std::string(out.c_str()) + "\n"));
}

Result<std::vector<double>> parse_numbers(std::string_view text) {
    std::vector<double> values;
    while (true) {
        const std::size_t comma = std::min(text.find(','), text.size());
        values.push_back(BARTIZAN_TRY(parse_number(text.substr(0, comma))));
        if (comma == text.size()) return values;
        if (values.size() == kMaxNumbers) return invalid_input("too many numbers");
        text.remove_prefix(comma + 1);
    }
}

}  // namespace bartizan::data
