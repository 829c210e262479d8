#pragma once
/// The catalogue of hardening methods, as data: what help and the documentation are made from.
/// src/training binds each to its loss. To add one: a line in hardening.cpp, a case in training/objective.cpp.
/// Thread rule: constants.

#include <span>
#include <string_view>

#include "bartizan/params.h"

namespace bartizan::catalog {

struct HardeningSpec {
    std::string_view name;       ///< "trades"; never renamed once released
    std::string_view summary;    ///< one sentence
    std::string_view reference;  ///< who, when, title
    std::string_view url;        ///< of the paper
    std::span<const ParamSpec> params;
};

/// All methods, in the order of the list.
std::span<const HardeningSpec> hardening_methods();
/// Fails with `invalid_input`, naming the nearest names.
Result<const HardeningSpec*> find_hardening(std::string_view name);

}  // namespace bartizan::catalog
