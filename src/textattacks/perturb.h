#pragma once
/// Changes of a text that a reader does not see (Boucher et al. 2022, "Bad Characters", section IV), and two that an
/// attacker who knows of the normaliser falls back on.
/// Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bartizan::textattacks {

enum class Kind : std::uint8_t {
    invisible,   ///< a character of no width inserted
    look_alike,  ///< a character replaced by one that looks the same
    reorder,     ///< two neighbours exchanged, and bidirectional controls that show them in the old order
    deletion,    ///< a character and a backspace inserted
    ascii,       ///< look-alikes within ASCII: l and I, O and 0, m and rn
    mark,        ///< a small combining mark under a letter
};

struct Perturbation {
    Kind kind = Kind::invisible;
    std::size_t position = 0;  ///< of a code point of the text; insertions go before it
    double choice = 0;         ///< in [0, 1): which of the characters that may stand there
};

/// The text with the perturbations, each where it applies: a character is changed once, and one without a look-alike
/// stays. `applied`: how many changed something.
std::u32string perturb(const std::u32string& text, std::span<const Perturbation> perturbations, std::int64_t& applied);

}  // namespace bartizan::textattacks
