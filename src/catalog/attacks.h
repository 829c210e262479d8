#pragma once
/// The catalogue of attacks, as data: what `attack --list`, help, completion, docs and reports are made from.
/// Light, so that listing them needs no LibTorch; src/attacks/make.cpp binds each to its code, and a test holds
/// the two together. To add one: a line in attacks.cpp, a file in src/attacks/, a page in docs/attacks/.
/// Thread rule: constants.

#include <span>
#include <string_view>

#include "bartizan/params.h"

namespace bartizan::catalog {

enum class Access { gradients, scores, decisions };
enum class Norm : std::uint8_t { linf, l2, l1, l0 };
enum class Maturity { wip, alpha, stable };

std::string_view to_string(Access access);
std::string_view to_string(Norm norm);
std::string_view to_string(Maturity maturity);
Result<Norm> norm_from(std::string_view text);

struct AttackSpec {
    std::string_view name;       ///< "pgd"; never renamed once released
    std::string_view summary;    ///< one sentence
    std::string_view reference;  ///< who, when, title
    std::string_view url;        ///< of the paper
    Access access;
    std::span<const Norm> norms;
    std::string_view data_kind;  ///< "any", "image", "table"
    std::string_view atlas;      ///< MITRE ATLAS technique
    bool minimal;                ///< looks for the smallest perturbation, not for any within eps
    bool can_target;             ///< understands --targeted
    Maturity maturity;
    std::span<const ParamSpec> params;
};

/// All attacks, in the order of the list.
std::span<const AttackSpec> attacks();
/// Fails with `invalid_input`, naming the nearest names.
Result<const AttackSpec*> find_attack(std::string_view name);

}  // namespace bartizan::catalog
