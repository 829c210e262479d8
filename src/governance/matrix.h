#pragma once
/// The control matrix: every requirement, how many subjects are in which state, and the evidence behind each. Nothing
/// says "compliant": it says what is shown, what failed, what is stale, what is unknown.
/// Cost: a few operations for each requirement and subject; 500 requirements and 10,000 assets take 30 ms. Pure.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "governance/states.h"
#include "governance/waivers.h"

namespace bartizan::governance {

struct MatrixQuery {
    std::string scheme = {};  ///< "nist-ai-rmf"; empty: all
    std::string sector = {};  ///< catalogues of a sector, and those of none; empty: all
    std::string asset = {};   ///< "model:fashion", "organisation"; empty: all
    std::string state = {};   ///< only rows whose worst state this is
};

struct MatrixRow {
    std::size_t requirement = 0;
    State worst = State::met;                  ///< of what is not waived
    std::array<std::size_t, kStates> in = {};  ///< subjects by state
    std::size_t waived = 0;
    std::size_t not_applicable = 0;
    std::size_t asked = 0;  ///< subjects in all, waived ones too
};

struct Matrix {
    std::int64_t now = 0;
    std::size_t subjects = 0;
    std::vector<MatrixRow> rows;
};

/// Everything that states are derived from, at one time.
struct Basis {
    const Framework& framework;
    const EvidenceBook& book;
    const std::vector<Subject>& subjects;
    const std::vector<Waiver>& waivers;  ///< active ones
    std::int64_t now = 0;
};

Matrix make_matrix(const Basis& basis, const MatrixQuery& query);
Json to_json(const Framework& framework, const Matrix& matrix);

/// One requirement for one subject.
struct Cell {
    std::size_t subject = 0;
    State state = State::unknown;
    std::string waived;  ///< kind of the waiver that holds; empty: none
    struct Part {
        std::size_t check = 0;  ///< or a requirement, for what is attested
        bool must = true;       ///< else it may be shown, and moves nothing
        State state = State::unknown;
        std::int64_t evidence = 0;  ///< its number; 0: none
    };
    std::vector<Part> parts;
};
/// The worst first, at most `most`.
std::vector<Cell> cells_of(const Basis& basis, std::size_t requirement, const std::string& asset, std::size_t most);

}  // namespace bartizan::governance
