#pragma once
/// The catalogue of poisoning attacks, as data: what `poison --list`, help and documentation are made from.
/// src/attacks/poisoning/poison.cpp binds each to its code, and a test holds the two together. To add one: a line in
/// poisons.cpp, a case there, a section in docs/poisoning.md.
/// Thread rule: constants.

#include <span>
#include <string_view>

#include "bartizan/params.h"

namespace bartizan::catalog {

struct PoisonSpec {
    std::string_view name;       ///< "badnets"; never renamed once released
    std::string_view summary;    ///< one sentence
    std::string_view reference;  ///< who, when, title
    std::string_view url;        ///< of the paper
    std::string_view data_kind;  ///< "any", "image", "table"; "model": an ONNX file is poisoned, not data
    bool keeps_labels;           ///< clean-label: the poisoned items are labelled truly
    bool has_trigger;            ///< a trigger calls the target class later
    bool needs_model;            ///< the poison is crafted on a model like the one to be misled
    std::span<const ParamSpec> params;
};

/// The MITRE ATLAS technique of them all: poison training data.
inline constexpr std::string_view kPoisonAtlas = "AML.T0020";

/// All of them, in the order of the list.
std::span<const PoisonSpec> poisons();
/// Fails with `invalid_input`, naming the nearest names.
Result<const PoisonSpec*> find_poison(std::string_view name);

}  // namespace bartizan::catalog
