#include "provenance/bom/yaml.h"

#include <exception>
#include <string>

#include <yaml-cpp/yaml.h>

namespace bartizan::provenance {
namespace {

/// The JSON form of a node. Aliases let a short text stand for a long one, so what is made is counted.
class Expansion {
public:
    Result<Json> expand(const YAML::Node& node, int depth) {
        if (depth > kDeepestYaml) return exhausted("YAML nested deeper than " + std::to_string(kDeepestYaml));
        if (++made_ > kMostYamlNodes)
            return exhausted("YAML of more than " + std::to_string(kMostYamlNodes) + " nodes");
        if (node.IsSequence()) return list(node, depth);
        if (node.IsMap()) return map(node, depth);
        return node.IsScalar() ? Json(node.Scalar()) : Json();
    }

private:
    Result<Json> list(const YAML::Node& node, int depth) {
        Json out = Json::array();
        for (const YAML::Node& element : node) out.push_back(BARTIZAN_TRY(expand(element, depth + 1)));
        return out;
    }
    Result<Json> map(const YAML::Node& node, int depth) {
        Json out = Json::object();
        for (const auto& entry : node)
            if (entry.first.IsScalar()) out[entry.first.Scalar()] = BARTIZAN_TRY(expand(entry.second, depth + 1));
        return out;
    }

    std::size_t made_ = 0;
};

}  // namespace

Result<Json> parse_yaml(std::string_view text) {
    if (text.size() > kLargestYaml)
        return exhausted("YAML of " + std::to_string(text.size()) + " bytes, at most " + std::to_string(kLargestYaml) +
                         " are read");
    try {
        return Expansion().expand(YAML::Load(std::string(text)), 0);
    } catch (const YAML::Exception& error) {
        return invalid_input("not valid YAML at line " + std::to_string(error.mark.line + 1) + ": " + error.msg);
    } catch (const std::exception& error) {
        return invalid_input(std::string("not valid YAML: ") + error.what());
    }
}

}  // namespace bartizan::provenance
