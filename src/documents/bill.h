#pragma once
/// CycloneDX 1.6 and 1.7 (ECMA-424) of a version: the component with its model card, and declarations: which
/// requirements of which standards are claimed, on what evidence, by whom. What failed is a counter-claim; what nobody
/// showed is neither. Pure.

#include <string>

#include "bartizan/result.h"
#include "core/json.h"
#include "documents/facts.h"

namespace bartizan::documents {

/// `spec_version`: "1.6" or "1.7". Fails with `invalid_input` for another one, and for the organisation, which is no
/// component.
Result<Json> bill_of(const Facts& facts, const std::string& spec_version);

}  // namespace bartizan::documents
