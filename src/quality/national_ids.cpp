#include "quality/national_ids.h"

#include <algorithm>
#include <array>
#include <string>

#include "quality/personal_data.h"

namespace bartizan::quality {
namespace national_ids {

constexpr std::size_t kBeside = 40;  ///< bytes before a number in which the word that names it may stand

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_wordy(char c) { return is_digit(c) || is_capital(c) || (c >= 'a' && c <= 'z') || c == '_'; }
int digit_at(std::string_view d, std::size_t i) { return d[i] - '0'; }
int number(std::string_view d, std::size_t at, std::size_t length) {
    int out = 0;
    for (const char c : d.substr(at, length)) out = out * 10 + (c - '0');
    return out;
}
bool all_equal(std::string_view d) { return d.find_first_not_of(d[0]) == std::string_view::npos; }

int weighted(std::string_view d, std::span<const int> weights) {
    int sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * digit_at(d, i);
    return sum;
}

bool day_of_year(int month, int day) { return month >= 1 && month <= 12 && day >= 1 && day <= 31; }

/// Social security number, AAA-GG-SSSS: no area 000, 666 or 9xx, no group 00, no serial 0000 (Social Security
/// Administration, 2011). There is no check digit.
bool us_ssn(std::string_view d) {
    return d[0] != '9' && d.substr(0, 3) != "000" && d.substr(0, 3) != "666" && d.substr(3, 2) != "00" &&
           d.substr(5) != "0000";
}

/// Modulus 11 with weights 10 to 2 (NHS Data Dictionary, NHS NUMBER).
bool gb_nhs(std::string_view d) {
    constexpr int kWeights[] = {10, 9, 8, 7, 6, 5, 4, 3, 2};
    const int check = 11 - weighted(d, kWeights) % 11;
    return check != 10 && check % 11 == digit_at(d, 9) && !all_equal(d);
}

/// No check digit, but letters that are not given (HMRC, NIM39110).
bool gb_nino(std::string_view c) {
    constexpr std::string_view kNever = "DFIQUV";
    constexpr std::array<std::string_view, 7> kPrefixes = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"};
    return kNever.find(c[0]) == std::string_view::npos && kNever.find(c[1]) == std::string_view::npos && c[1] != 'O' &&
           std::ranges::find(kPrefixes, c.substr(0, 2)) == kPrefixes.end() && c[8] <= 'D';
}

/// Key 97 less the number modulo 97; Corsica's 2A and 2B count as 19 and 18 (INSEE).
bool fr_nir(std::string_view c) {
    if (c[0] != '1' && c[0] != '2') return false;
    std::string digits(c);
    if (!is_digit(digits[6])) {
        if (digits[5] != '2' || (digits[6] != 'A' && digits[6] != 'B')) return false;
        const char instead = digits[6] == 'A' ? '9' : '8';
        digits.replace(5, 2, {'1', instead});
    }
    if (digits.find_first_not_of("0123456789") != std::string::npos) return false;
    const int month = number(digits, 3, 2);
    if (month < 1 || month > 12) return false;
    long long value = 0;
    for (std::size_t i = 0; i < 13; ++i) value = value * 10 + digit_at(digits, i);
    return 97 - value % 97 == number(digits, 13, 2);
}

/// ISO 7064 MOD 11,10; of the first ten digits exactly one stands twice or three times (Steuer-Identifikationsnummer).
bool de_tax_id(std::string_view d) {
    if (d[0] == '0') return false;
    std::array<int, 10> times{};
    for (const char c : d.substr(0, 10)) ++times[std::size_t(c - '0')];
    if (std::ranges::count_if(times, [](int n) { return n > 1; }) != 1 || std::ranges::max(times) > 3) return false;
    int product = 10;
    for (std::size_t i = 0; i < 10; ++i) {
        const int sum = (digit_at(d, i) + product) % 10;
        product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return (11 - product) % 10 == digit_at(d, 10);
}

/// The letter is that of the number modulo 23; NIE begin with X, Y, Z for 0, 1, 2 (Ministerio del Interior).
bool es_letter(int value, char letter) {
    return std::string_view("TRWAGMYFPDXBNJZSQVHLCKE")[std::size_t(value % 23)] == letter;
}
bool es_dni(std::string_view c) { return es_letter(number(c, 0, 8), c[8]) && !all_equal(c.substr(0, 8)); }
bool es_nie(std::string_view c) {
    return c[0] >= 'X' && c[0] <= 'Z' && es_letter((c[0] - 'X') * 10'000'000 + number(c, 1, 7), c[8]);
}

/// Odd places by a table, even ones by their order, modulo 26 (Decreto ministeriale 23 dicembre 1976).
bool it_codice(std::string_view c) {
    constexpr int kOdd[] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                            20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    if (std::string_view("ABCDEHLMPRST").find(c[8]) == std::string_view::npos) return false;
    const int day = number(c, 9, 2);
    if (day < 1 || day > 71 || (day > 31 && day < 41)) return false;
    int sum = 0;
    for (std::size_t i = 0; i < 15; ++i) {
        const int order = is_digit(c[i]) ? c[i] - '0' : c[i] - 'A';
        sum += i % 2 == 0 ? kOdd[order] : order;
    }
    return sum % 26 == c[15] - 'A';
}

/// The eleven test with weights 9 to 2 and -1 (Burgerservicenummer).
bool nl_bsn(std::string_view d) {
    constexpr int kWeights[] = {9, 8, 7, 6, 5, 4, 3, 2, -1};
    return weighted(d, kWeights) % 11 == 0 && !all_equal(d);
}

/// A date whose month tells the century, weights 1 3 7 9 (PESEL).
bool pl_pesel(std::string_view d) {
    constexpr int kWeights[] = {1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1};
    return day_of_year(number(d, 2, 2) % 20, number(d, 4, 2)) && weighted(d, kWeights) % 10 == 0;
}

/// Twelve digits, not from 0 or 1 on, no palindrome, Verhoeff's check (UIDAI).
bool in_aadhaar(std::string_view d) {
    return d[0] > '1' && !std::equal(d.begin(), d.begin() + 6, d.rbegin()) && verhoeff_holds(d);
}

/// Two digits modulo 11 (Receita Federal, CPF).
bool br_cpf(std::string_view d) {
    for (const std::size_t at : {std::size_t{9}, std::size_t{10}}) {
        int sum = 0;
        for (std::size_t i = 0; i < at; ++i) sum += static_cast<int>(at + 1 - i) * digit_at(d, i);
        if (sum * 10 % 11 % 10 != digit_at(d, at)) return false;
    }
    return !all_equal(d);
}

/// Luhn; none begins with 0 or 8 (Social Insurance Number).
bool ca_sin(std::string_view d) { return d[0] != '0' && d[0] != '8' && luhn_holds(d) && !all_equal(d); }

/// Luhn over a date and a serial; the day of a coordination number lies 60 higher (Skatteverket).
bool se_person(std::string_view d) {
    const std::string_view last = d.substr(d.size() - 10);
    return day_of_year(number(last, 2, 2), number(last, 4, 2) % 60) && luhn_holds(last);
}

/// ISO 7064 MOD 11-2 over a region, a date and a serial (GB 11643).
bool cn_resident(std::string_view c) {
    if (c.substr(0, 17).find_first_not_of("0123456789") != std::string_view::npos || c[0] == '0') return false;
    const int century = number(c, 6, 2);
    if ((century != 19 && century != 20) || !day_of_year(number(c, 10, 2), number(c, 12, 2))) return false;
    int sum = 0, power = 1;
    for (std::size_t i = 17; i-- > 0;) {
        power = power * 2 % 11;
        sum += power * digit_at(c, i);
    }
    return std::string_view("10X98765432")[std::size_t(sum % 11)] == c[17];
}

// The order matters: longer forms first, so that none is taken for the beginning of another.
constexpr IdRule kRules[] = {
    {"resident identity number (CN)", "00000000000000000X", cn_resident, Trust::alone, 5e-5},
    {"social security number (FR)", "0 00 00 0X 000 000 00", fr_nir, Trust::alone, 2.6e-4},
    {"social security number (FR)", "000000X00000000", fr_nir, Trust::alone, 2.6e-4},
    {"codice fiscale (IT)", "AAAAAA00A00A000A", it_codice, Trust::alone, 0.011},
    {"tax number (BR)", "000.000.000-00", br_cpf, Trust::alone, 0.01},
    {"tax number (BR)", "00000000000", br_cpf, Trust::in_context, 0.01, "cpf"},
    {"tax number (DE)", "00 000 000 000", de_tax_id, Trust::alone, 0.0034},
    {"tax number (DE)", "00000000000", de_tax_id, Trust::in_context, 0.0034, "steuer|tax id|tax_id|idnr|tin"},
    {"PESEL (PL)", "00000000000", pl_pesel, Trust::in_context, 0.019, "pesel"},
    {"Aadhaar (IN)", "0000 0000 0000", in_aadhaar, Trust::alone, 0.08},
    {"Aadhaar (IN)", "000000000000", in_aadhaar, Trust::in_context, 0.08, "aadhaar|aadhar|uidai"},
    {"personal number (SE)", "00000000-0000", se_person, Trust::alone, 0.0074},
    {"personal number (SE)", "000000-0000", se_person, Trust::alone, 0.0074},
    {"NHS number (GB)", "000 000 0000", gb_nhs, Trust::alone, 0.083},
    {"NHS number (GB)", "0000000000", gb_nhs, Trust::in_context, 0.083, "nhs"},
    {"national insurance number (GB)", "AA 00 00 00 A", gb_nino, Trust::alone, 0.089},
    {"national insurance number (GB)", "AA000000A", gb_nino, Trust::alone, 0.089},
    {"social security number (US)", "000-00-0000", us_ssn, Trust::alone, 0.89},
    {"social security number (US)", "000000000", us_ssn, Trust::in_context, 0.89, "ssn|social security"},
    {"citizen service number (NL)", "0000.00.000", nl_bsn, Trust::alone, 0.091},
    {"citizen service number (NL)", "000000000", nl_bsn, Trust::in_context, 0.091, "bsn|burgerservice|sofi"},
    {"social insurance number (CA)", "000 000 000", ca_sin, Trust::alone, 0.08},
    {"social insurance number (CA)", "000000000", ca_sin, Trust::in_context, 0.08, "social insurance|sin"},
    {"DNI (ES)", "00000000A", es_dni, Trust::alone, 0.038},
    {"DNI (ES)", "00000000-A", es_dni, Trust::alone, 0.038},
    {"NIE (ES)", "A0000000A", es_nie, Trust::alone, 0.0044},
    {"NIE (ES)", "A-0000000-A", es_nie, Trust::alone, 0.0044},
};

bool fits(char pattern, char c) {
    if (pattern == '0') return is_digit(c);
    if (pattern == 'A') return is_capital(c);
    return pattern == 'X' && (is_digit(c) || is_capital(c));
}

/// Not part of a longer number in groups: "12 345 678 901" holds no "345 678 901".
bool stands_apart(std::string_view text, std::size_t begin, std::size_t end) {
    const auto joins = [](char c) { return c == ' ' || c == '-' || c == '.' || c == ','; };
    if (begin >= 1 && is_wordy(text[begin - 1])) return false;
    if (begin >= 2 && joins(text[begin - 1]) && is_digit(text[begin - 2]) && is_digit(text[begin])) return false;
    if (end < text.size() && is_wordy(text[end])) return false;
    return !(end + 1 < text.size() && joins(text[end]) && is_digit(text[end + 1]) && is_digit(text[end - 1]));
}

/// Whether one of the words stands in `text` by itself.
bool names_it(std::string_view words, std::string_view text) {
    while (!words.empty()) {
        const std::string_view word = words.substr(0, words.find('|'));
        words.remove_prefix(std::min(words.size(), word.size() + 1));
        for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
            const auto letter = [](char c) { return is_wordy(c) && !is_digit(c) && c != '_'; };
            const std::size_t end = at + word.size();
            if ((at == 0 || !letter(text[at - 1])) && (end == text.size() || word.size() > 3 || !letter(text[end])))
                return true;
        }
    }
    return false;
}

std::string lower_before(std::string_view text, std::size_t at) {
    std::string out(text.substr(at - std::min(at, kBeside), std::min(at, kBeside)));
    std::ranges::transform(out, out.begin(), [](char c) { return is_capital(c) ? static_cast<char>(c + 32) : c; });
    return out;
}

constexpr std::array<std::array<int, 10>, 10> kDihedral = {{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
                                                            {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
                                                            {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
                                                            {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
                                                            {4, 0, 1, 2, 3, 9, 5, 6, 7, 8},
                                                            {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
                                                            {6, 5, 9, 8, 7, 1, 0, 4, 3, 2},
                                                            {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
                                                            {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
                                                            {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}}};
constexpr std::array<int, 10> kPermutation = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};

}  // namespace national_ids

std::span<const IdRule> id_rules() { return national_ids::kRules; }

bool verhoeff_holds(std::string_view digits) {
    int state = 0;
    for (std::size_t place = 0; place < digits.size(); ++place) {
        int value = digits[digits.size() - 1 - place] - '0';
        if (value < 0 || value > 9) return false;
        for (std::size_t turn = 0; turn < place % 8; ++turn) value = national_ids::kPermutation[std::size_t(value)];
        state = national_ids::kDihedral[std::size_t(state)][std::size_t(value)];
    }
    return !digits.empty() && state == 0;
}

std::size_t id_form_at(const IdRule& rule, std::string_view text, std::size_t at, std::string& compact) {
    using namespace national_ids;
    const std::size_t length = rule.pattern.size();
    if (at + length > text.size()) return 0;
    compact.clear();
    char separator = 0;
    for (std::size_t i = 0; i < length; ++i) {
        const char pattern = rule.pattern[i], c = text[at + i];
        if (pattern == ' ') {
            if ((c != ' ' && c != '-') || (separator != 0 && separator != c)) return 0;
            separator = c;
        } else if (pattern == '0' || pattern == 'A' || pattern == 'X') {
            if (!fits(pattern, c)) return 0;
            compact += c;
        } else if (pattern != c) {
            return 0;
        }
    }
    return stands_apart(text, at, at + length) ? length : 0;
}

IdFound national_id_at(std::string_view text, std::size_t at, std::string_view beside) {
    std::string compact;
    for (const IdRule& rule : id_rules()) {
        const std::size_t length = id_form_at(rule, text, at, compact);
        if (length == 0 || !rule.holds(compact)) continue;
        // Hyphens in this form are those of telephone numbers.
        if (rule.pattern == "000 000 0000" && text[at + 3] == '-') continue;
        if (rule.trust == Trust::alone || national_ids::names_it(rule.words, beside) ||
            national_ids::names_it(rule.words, national_ids::lower_before(text, at)))
            return {&rule, length};
    }
    return {};
}

}  // namespace bartizan::quality
