#pragma once
/// What a model's papers say of it: the card of the Hugging Face hub (README.md: YAML front matter, then Markdown),
/// config.json of Transformers, and Bartizan's own sidecar. Claims of whoever wrote them; texts are cut and counted.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bartizan/result.h"
#include "provenance/bom/licences.h"

namespace bartizan::provenance {

inline constexpr std::size_t kLargestPaper = std::size_t{4} << 20;  ///< README.md, config.json, LICENSE
inline constexpr std::size_t kLongestText = 2000;
inline constexpr std::size_t kMostListed = 200;

struct Metric {
    std::string type, value, slice;
};
using Property = std::pair<std::string, std::string>;

struct ModelCard {
    std::string name;  ///< empty: not said
    std::string task;
    std::string family;
    std::string architecture;
    std::vector<Licence> licences;
    std::vector<std::string> datasets;
    std::vector<std::string> base_models;
    std::vector<std::string> tags;
    std::vector<Metric> metrics;
    std::vector<std::string> use_cases;
    std::vector<std::string> limitations;
    std::vector<std::string> risks;
    std::vector<Property> environment;
    std::vector<Property> properties;
    std::vector<std::string> warnings;  ///< what could not be read
};

/// Each adds what it finds; what is malformed becomes a warning, because the other papers still count.
void read_hub_card(std::string_view readme, const std::string& file, ModelCard& into);
void read_config(std::string_view json, const std::string& file, ModelCard& into);
void read_sidecar(std::string_view yaml, const std::string& file, ModelCard& into);

}  // namespace bartizan::provenance
