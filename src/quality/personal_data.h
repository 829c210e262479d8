#pragma once
/// Personal data and secrets in text: found by form, and by check digits where there are any. What is found is told by
/// kind and position; the value is masked.
/// Thread rule: pure functions.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "quality/issue.h"
#include "quality/subject.h"

namespace bartizan::quality {

struct Sighting {
    std::string_view kind;  ///< "email", "phone", "payment_card", "iban", "national_id", "secret"
    std::size_t offset = 0;
    std::size_t length = 0;
    std::string_view what = {};  ///< of national ids and secrets: which
};

/// What stands in `text`, in its order, without overlaps. `beside`: lower case, the name of its column say; bare
/// numbers are ids only where a word names them. O(length).
std::vector<Sighting> find_personal_data(std::string_view text, std::string_view beside = {});

/// A value that is no longer one: its first and last letters, the rest as stars.
std::string masked(std::string_view value);

/// Luhn's check digit (ISO/IEC 7812-1) over the digits of `digits`.
bool luhn_holds(std::string_view digits);
/// The two check digits of an IBAN (ISO 13616, mod 97) and the length of its country.
bool iban_holds(std::string_view compact);

/// One issue a kind, over all columns that hold text. A column of numbers by themselves is taken as a whole: no more of
/// them holding a check digit than chance lets are none, nearly all holding it are ids.
std::vector<Issue> personal_data_issues(const Subject& subject);

}  // namespace bartizan::quality
