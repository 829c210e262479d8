#include "quality/personal_data.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "quality/national_ids.h"
#include "quality/secrets.h"
#include "quality/table_rows.h"

namespace bartizan::quality {
namespace {

constexpr std::size_t kLongestEmail = 254;
constexpr std::size_t kMostInText = 10'000;

bool digit(char c) { return c >= '0' && c <= '9'; }
bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool letter(char c) { return upper(c) || (c >= 'a' && c <= 'z'); }
bool wordy(char c) { return letter(c) || digit(c) || c == '_'; }

/// Where a value may begin: not in the middle of a word.
bool starts_word(std::string_view text, std::size_t at) { return at == 0 || !wordy(text[at - 1]); }
bool ends_word(std::string_view text, std::size_t end) { return end >= text.size() || !wordy(text[end]); }

template <class Test>
std::size_t run(std::string_view text, std::size_t at, Test test, std::size_t most) {
    std::size_t end = at;
    while (end < text.size() && end - at < most && test(text[end])) ++end;
    return end - at;
}

bool local_part(char c) { return wordy(c) || c == '.' || c == '+' || c == '-' || c == '%' || c == '\''; }

/// The address around the '@' at `at`: its begin and length, or a length of 0.
Sighting email_around(std::string_view text, std::size_t at) {
    std::size_t begin = at;
    while (begin > 0 && at - begin < 64 && local_part(text[begin - 1])) --begin;
    while (begin < at && (text[begin] == '.' || text[begin] == '-' || text[begin] == '\'')) ++begin;
    const auto host = [](char c) { return letter(c) || digit(c) || c == '-' || c == '.'; };
    std::size_t end = at + 1 + run(text, at + 1, host, kLongestEmail);
    while (end > at + 1 && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
    const std::string_view domain = text.substr(at + 1, end - at - 1);
    const std::size_t dot = domain.rfind('.');
    if (begin == at || dot == std::string_view::npos || dot == 0 || domain.size() - dot < 3) return {};
    if (!std::ranges::all_of(domain.substr(dot + 1), letter) || domain.find("..") != std::string_view::npos) return {};
    return {"email", begin, end - begin};
}

/// Lengths of the countries' IBANs (SWIFT IBAN Registry); a country that is not listed has none.
std::size_t iban_length(std::string_view country) {
    static constexpr std::pair<std::string_view, std::size_t> kLengths[] = {
        {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22},
        {"BR", 29}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DK", 18}, {"DO", 28}, {"EE", 20},
        {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18},
        {"GR", 27}, {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27},
        {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21},
        {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NL", 18}, {"NO", 15},
        {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"SA", 24}, {"SE", 24},
        {"SI", 19}, {"SK", 24}, {"SM", 27}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20},
    };
    const auto found = std::ranges::find(kLengths, country, &std::pair<std::string_view, std::size_t>::first);
    return found == std::end(kLengths) ? 0 : found->second;
}

std::size_t iban_at(std::string_view text, std::size_t at) {
    if (at + 15 > text.size() || !starts_word(text, at) || !upper(text[at]) || !upper(text[at + 1]) ||
        !digit(text[at + 2]) || !digit(text[at + 3]))
        return 0;
    const std::size_t wanted = iban_length(text.substr(at, 2));
    std::string compact;
    std::size_t end = at;
    while (end < text.size() && compact.size() < wanted && (upper(text[end]) || digit(text[end]) || text[end] == ' ')) {
        if (text[end] != ' ') compact += text[end];
        ++end;
    }
    return wanted != 0 && ends_word(text, end) && iban_holds(compact) ? end - at : 0;
}

/// A number with its separators: the digits, where it ends, and its outward form.
struct Number {
    std::string digits;
    std::string groups;  ///< lengths of the runs of digits: "\3\2\4"
    std::size_t end = 0;
    char separator = 0;
};

Number number_at(std::string_view text, std::size_t at) {
    Number number{.end = at};
    while (number.end < text.size() && number.digits.size() <= 20) {
        const std::size_t length = run(text, number.end, digit, 21);
        if (length == 0) break;
        number.digits += text.substr(number.end, length);
        number.groups += static_cast<char>(length);
        number.end += length;
        const bool more = number.end + 1 < text.size() && digit(text[number.end + 1]);
        const char c = number.end < text.size() ? text[number.end] : '\0';
        if (!more || (c != ' ' && c != '-' && c != '.')) break;
        if (number.separator != 0 && number.separator != c) break;
        number.separator = c;
        ++number.end;
    }
    while (number.end > at && !digit(text[number.end - 1])) --number.end;
    return number;
}

bool card(const Number& number) {
    const std::string& d = number.digits;
    if (d.size() < 13 || d.size() > 19 || number.separator == '.' || !luhn_holds(d)) return false;
    const int two = (d[0] - '0') * 10 + (d[1] - '0');
    const bool issuer = d[0] == '4' || (two >= 51 && two <= 55) || (two >= 22 && two <= 27) || two == 34 || two == 37 ||
                        two == 35 || two == 36 || two == 38 || two == 60 || two == 62 || two == 64 || two == 65;
    return issuer && d.find_first_not_of(d[0]) != std::string::npos;
}

/// North American: 3-3-4 with separators; or eleven digits that begin with 1.
bool local_phone(const Number& number) {
    if (number.separator == 0) return false;
    return (number.groups == "\3\3\4" && number.digits[0] > '1') || number.groups == "\1\3\3\4";
}

/// +49 30 123456, +44 (0)20 7946 0018: 8 to 15 digits (ITU-T E.164).
std::size_t international_phone_at(std::string_view text, std::size_t at) {
    if (at + 1 >= text.size() || !digit(text[at + 1]) || text[at + 1] == '0') return 0;
    std::size_t end = at + 1, digits = 0, last = at;
    while (end < text.size() && digits <= 15) {
        const char c = text[end];
        if (digit(c))
            ++digits, last = end;
        else if (std::string_view(" -.()/").find(c) == std::string_view::npos)
            break;
        ++end;
    }
    return digits >= 8 && digits <= 15 && ends_word(text, last + 1) ? last + 1 - at : 0;
}

Sighting starting_with_digit(std::string_view text, std::size_t at) {
    const Number number = number_at(text, at);
    const std::size_t length = number.end - at;
    const bool apart = starts_word(text, at) && ends_word(text, number.end) && (at == 0 || text[at - 1] != '.');
    if (apart && card(number)) return {"payment_card", at, length};
    if (apart && local_phone(number)) return {"phone", at, length};
    return {};
}

/// (212) 555-0123
std::size_t bracketed_phone_at(std::string_view text, std::size_t at) {
    if (run(text, at + 1, digit, 4) != 3 || at + 5 >= text.size() || text[at + 4] != ')') return 0;
    const std::size_t begin = at + 5 + (text[at + 5] == ' ' ? 1U : 0U);
    const Number rest = number_at(text, begin);
    return rest.groups == "\3\4" && ends_word(text, rest.end) ? rest.end - at : 0;
}

Sighting sighting_at(std::string_view text, std::size_t at, std::string_view beside) {
    const char c = text[at];
    if (c == '@') return email_around(text, at);
    if (letter(c) || c == '-')
        if (const SecretFound secret = secret_at(text, at); secret.length > 0)
            return {"secret", at, secret.length, secret.name};
    if (upper(c))
        if (const std::size_t length = iban_at(text, at)) return {"iban", at, length};
    if ((upper(c) || digit(c)) && starts_word(text, at))
        if (const IdFound id = national_id_at(text, at, beside); id.rule != nullptr)
            return {"national_id", at, id.length, id.rule->name};
    if (c == '+' && starts_word(text, at))
        if (const std::size_t length = international_phone_at(text, at)) return {"phone", at, length};
    if (c == '(')
        if (const std::size_t length = bracketed_phone_at(text, at)) return {"phone", at, length};
    if (digit(c)) return starting_with_digit(text, at);
    return {};
}

struct KindText {
    std::string_view kind;
    std::string_view what;
    Severity severity;
};
constexpr KindText kKinds[] = {
    {"email", "e-mail addresses", Severity::medium},
    {"phone", "phone numbers", Severity::medium},
    {"payment_card", "payment card numbers", Severity::high},
    {"iban", "bank accounts (IBAN)", Severity::high},
    {"national_id", "national identity numbers", Severity::high},
    {"secret", "keys and tokens", Severity::critical},
};

struct Found {
    std::int64_t count = 0;
    std::vector<std::int64_t> items;
    std::vector<Place> places;
    std::map<std::string, std::int64_t> columns;
    std::map<std::string_view, std::int64_t> what;
};

/// Numbers that stand in a column by themselves: a single one may hold its check digit by chance, a column tells.
class WholeCells {
public:
    explicit WholeCells(const Column& column) {
        for (const Cell& cell : column.cells) count(trimmed(column.text(cell)));
    }

    /// The rule in context that the column fulfils beyond chance and that this cell fulfils; nullptr: none.
    const IdRule* believed(std::string_view value) const {
        if (value.size() > kLongestId) return nullptr;
        std::string compact;
        for (std::size_t i = 0; i < id_rules().size(); ++i) {
            const IdRule& rule = id_rules()[i];
            if (rule.trust == Trust::in_context && rule.chance < 0.5 && beyond_chance(tallies_[i], rule) &&
                id_form_at(rule, value, 0, compact) == value.size() && rule.holds(compact))
                return &rule;
        }
        return nullptr;
    }

    /// Whether a sighting that is all of a cell is one of many numbers of which some must hold by chance.
    bool doubted(const Sighting& sighting) const {
        if (sighting.kind == "payment_card") return by_chance(cards_, kCardChance);
        for (std::size_t i = 0; i < id_rules().size(); ++i)
            if (id_rules()[i].name == sighting.what && by_chance(tallies_[i], id_rules()[i].chance)) return true;
        return false;
    }

private:
    static constexpr std::size_t kLongestId = 24;
    static constexpr double kCardChance = 0.03;
    static constexpr std::int64_t kMany = 50, kFew = 5;

    struct Tally {
        std::int64_t form = 0, held = 0;
    };

    void count(std::string_view value) {
        if (value.empty() || value.size() > kLongestId) return;
        std::string compact;
        for (std::size_t i = 0; i < id_rules().size(); ++i) {
            const IdRule& rule = id_rules()[i];
            if (id_form_at(rule, value, 0, compact) != value.size()) continue;
            ++tallies_[i].form;
            tallies_[i].held += rule.holds(compact) ? 1 : 0;
        }
        if (value.size() < 13 || value.size() > 19 || !std::ranges::all_of(value, digit)) return;
        ++cards_.form;
        cards_.held += card({.digits = std::string(value)}) ? 1 : 0;
    }

    static bool by_chance(const Tally& tally, double chance) {
        return tally.form >= kMany && double(tally.held) <= 2 * chance * double(tally.form) + double(kFew);
    }
    static bool beyond_chance(const Tally& tally, const IdRule& rule) {
        constexpr double kUnlikely = 1e-6;
        return tally.held >= kFew && double(tally.held) >= 0.9 * double(tally.form) &&
               std::pow(rule.chance, double(tally.held)) < kUnlikely;
    }

    std::vector<Tally> tallies_ = std::vector<Tally>(id_rules().size());
    Tally cards_;
};

void look_into(const Subject& subject, const Column& column, std::map<std::string_view, Found>& found) {
    std::string beside = column.name;
    std::ranges::transform(beside, beside.begin(), [](char c) { return upper(c) ? static_cast<char>(c + 32) : c; });
    const WholeCells whole(column);
    for (const Cell& cell : column.cells) {
        const std::string_view text = column.text(cell), value = trimmed(text);
        std::vector<Sighting> sightings = find_personal_data(text, beside);
        std::erase_if(sightings, [&](const Sighting& one) { return one.length == value.size() && whole.doubted(one); });
        if (sightings.empty())
            if (const IdRule* rule = whole.believed(value))
                sightings.push_back(
                    {"national_id", static_cast<std::size_t>(value.data() - text.data()), value.size(), rule->name});
        for (const Sighting& sighting : sightings) {
            Found& of_kind = found[sighting.kind];
            const std::int64_t id = subject.ids[cell.row];
            ++of_kind.count;
            ++of_kind.columns[column.name];
            if (!sighting.what.empty()) ++of_kind.what[sighting.what];
            of_kind.items.push_back(id);
            if (of_kind.places.size() < kMostPlaces)
                of_kind.places.push_back({id, column.name, sighting.offset,
                                          masked(text.substr(sighting.offset, sighting.length)), sighting.what});
        }
    }
}

/// "'note': 3, 'card': 2; NHS number (GB): 4"
std::string where_found(const Found& found) {
    std::string out;
    for (const auto& [column, count] : found.columns)
        out += fmt::format("{}'{}': {}", out.empty() ? "" : ", ", column, count);
    const char* before = "; ";
    for (const auto& [what, count] : found.what) {
        out += fmt::format("{}{}: {}", before, what, count);
        before = ", ";
    }
    return out;
}

}  // namespace

bool luhn_holds(std::string_view digits) {
    int sum = 0;
    bool twice = false;
    for (std::size_t i = digits.size(); i-- > 0;) {
        if (!digit(digits[i])) return false;
        const int value = (digits[i] - '0') * (twice ? 2 : 1);
        sum += value > 9 ? value - 9 : value;
        twice = !twice;
    }
    return !digits.empty() && sum % 10 == 0;
}

bool iban_holds(std::string_view compact) {
    if (compact.size() < 5 || compact.size() != iban_length(compact.substr(0, 2))) return false;
    int rest = 0;
    const auto take = [&](char c) {
        if (digit(c))
            rest = (rest * 10 + (c - '0')) % 97;
        else if (upper(c))
            rest = (rest * 100 + (c - 'A' + 10)) % 97;
        return digit(c) || upper(c);
    };
    return std::ranges::all_of(compact.substr(4), take) && std::ranges::all_of(compact.substr(0, 4), take) && rest == 1;
}

std::string masked(std::string_view value) {
    if (value.size() <= 4) return "****";
    const std::size_t at = value.find('@');
    if (at != std::string_view::npos) return fmt::format("{}***@***", value.substr(0, 1));
    const std::size_t shown = value.size() >= 12 ? 2 : 1;
    const auto plain = [](std::string_view part) {
        std::string out(part);
        for (char& c : out)
            if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '*';
        return out;
    };
    return plain(value.substr(0, shown)) + "***" + plain(value.substr(value.size() - shown));
}

std::vector<Sighting> find_personal_data(std::string_view text, std::string_view beside) {
    std::vector<Sighting> out;
    std::size_t free = 0;  // behind the last sighting
    for (std::size_t at = 0; at < text.size() && out.size() < kMostInText;) {
        const Sighting sighting = sighting_at(text, at, beside);
        if (sighting.length == 0 || sighting.offset < free) {
            const bool in_number = digit(text[at]);
            ++at;
            while (in_number && at < text.size() && digit(text[at])) ++at;  // a number is tried at its begin only
            continue;
        }
        out.push_back(sighting);
        at = free = sighting.offset + sighting.length;
    }
    return out;
}

std::vector<Issue> personal_data_issues(const Subject& subject) {
    std::map<std::string_view, Found> found;
    for (const Column& column : subject.columns) look_into(subject, column, found);
    std::vector<Issue> out;
    for (const KindText& kind : kKinds) {
        const auto at = found.find(kind.kind);
        if (at == found.end()) continue;
        Found& of_kind = at->second;
        std::ranges::sort(of_kind.items);
        of_kind.items.erase(std::unique(of_kind.items.begin(), of_kind.items.end()), of_kind.items.end());
        out.push_back({.kind = kind.kind,
                       .severity = kind.severity,
                       .title = fmt::format("{} {} in {} items", of_kind.count, kind.what, of_kind.items.size()),
                       .indices = std::move(of_kind.items),
                       .score = 1,
                       .detail = where_found(of_kind),
                       .suspect = true,
                       .places = std::move(of_kind.places)});
    }
    return out;
}

}  // namespace bartizan::quality
