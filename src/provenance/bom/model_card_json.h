#pragma once
/// The model card section of a CycloneDX document, and the pieces that it shares with the rest.

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "provenance/bom/model_card.h"

namespace bartizan::provenance {

/// `modelCard`; an empty object when the card says nothing that belongs there.
Json model_card_json(const ModelCard& card);

/// [{name, value}, ...]
Json as_properties(const std::vector<Property>& properties);

/// Where the Hugging Face hub has a data set or model of this name; empty when the name is not one of the hub's.
std::string hub_address(std::string_view folder, std::string_view name);

}  // namespace bartizan::provenance
