#pragma once
/// The catalogue of extraction attacks, as data: what `extract --list`, help and documentation are made from.
/// src/extraction/make.cpp binds each to its code, and a test holds the two together. To add one: a line in
/// extractions.cpp, a line there, a section in docs/extraction.md.
/// Thread rule: constants.

#include <span>
#include <string_view>

#include "bartizan/params.h"

namespace bartizan::catalog {

struct ExtractionSpec {
    std::string_view name;       ///< "knockoff-random"; never renamed once released
    std::string_view summary;    ///< one sentence
    std::string_view reference;  ///< who, when, title
    std::string_view url;        ///< of the paper
    std::string_view asks_with;  ///< "items", "made inputs": what the attacker sends
    std::string_view sees;       ///< "scores", "labels"
    std::string_view works_on;   ///< "any", "linear models", ...
    bool learns;                 ///< trains a copy, better with each query; else works the model out
    std::span<const ParamSpec> params;
};

/// The MITRE ATLAS technique of them all: extract the model.
inline constexpr std::string_view kExtractionAtlas = "AML.T0024.002";

/// All of them, in the order of the list.
std::span<const ExtractionSpec> extractions();
/// Fails with `invalid_input`, naming the nearest names.
Result<const ExtractionSpec*> find_extraction(std::string_view name);

}  // namespace bartizan::catalog
