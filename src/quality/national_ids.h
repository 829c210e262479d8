#pragma once
/// National identity numbers: their forms, and their public check-digit rules. Thread rule: pure functions.

#include <cstddef>
#include <span>
#include <string_view>

namespace bartizan::quality {

/// Whether the form is enough to be told apart from an ordinary number.
enum class Trust {
    alone,       ///< separators, letters or a strong check: it stands for itself
    in_context,  ///< bare digits with a weak check: only beside a word that names it, or in a column full of them
};

struct IdRule {
    std::string_view name;     ///< "NHS number (GB)"
    std::string_view pattern;  ///< 0: digit, A: capital letter, X: either, blank: blank or hyphen, all else: itself
    /// Letters and digits without the separators, as the pattern has them.
    bool (*holds)(std::string_view compact);
    Trust trust = Trust::alone;
    /// Share of random strings of this form for which `holds` is true; measured by the test.
    double chance = 0;
    std::string_view words = {};  ///< lower case, apart by '|': what stands beside it in_context
};

std::span<const IdRule> id_rules();

struct IdFound {
    const IdRule* rule = nullptr;
    std::size_t length = 0;
};
/// The number that starts at `at`, which starts a word; a rule of nullptr: none. `beside`: lower case, what else is
/// known of the place, the name of the column say. O(rules).
IdFound national_id_at(std::string_view text, std::size_t at, std::string_view beside = {});

/// Length of the form of `rule` at `at`, whether or not its check holds; 0: it has another form. `compact` gets letters
/// and digits.
std::size_t id_form_at(const IdRule& rule, std::string_view text, std::size_t at, std::string& compact);

bool verhoeff_holds(std::string_view digits);  ///< Verhoeff 1969: Aadhaar

}  // namespace bartizan::quality
