#pragma once
/// The catalogue of probes, as data: what plans, help and documentation are made from. src/audit/catalog.cpp binds
/// each to its code, and a test holds the two together.
/// Thread rule: constants.

#include <span>
#include <string_view>

#include "bartizan/params.h"

namespace bartizan::catalog {

struct ProbeSpec {
    std::string_view name;     ///< "evasion-whitebox"; never renamed once released
    std::string_view title;    ///< "White-box evasion"
    std::string_view summary;  ///< one sentence
    std::span<const ParamSpec> params;
};

/// All probes, in the order in which an audit runs them.
std::span<const ProbeSpec> probes();
/// Fails with `invalid_input`, naming those that exist.
Result<const ProbeSpec*> find_probe(std::string_view name);

}  // namespace bartizan::catalog
