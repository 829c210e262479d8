#include "ledger/canonical.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace bartizan::ledger {
namespace {

constexpr std::int64_t kMostExact = std::int64_t{1} << 53;

/// Orders UTF-8 as its UTF-16 code units: only characters beyond U+FFFF (lead byte 0xF0 and up), which become
/// surrogates, go before U+E000 to U+FFFF (lead bytes 0xEE, 0xEF).
bool before_in_utf16(const std::string& a, const std::string& b) {
    const auto [left, right] = std::ranges::mismatch(a, b);
    if (left == a.end() || right == b.end()) return left == a.end() && right != b.end();
    const auto weight = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0xF0) return byte - 2;
        return byte >= 0xEE ? byte + 0x10 : static_cast<int>(byte);
    };
    return weight(*left) < weight(*right);
}

/// Number::toString of ECMA-262, from the shortest digits that give the same double.
Result<std::string> number_text(double value) {
    if (!std::isfinite(value)) return invalid_input("a number that JSON lacks (not a number, or infinite)");
    if (value == 0) return "0";
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific).ptr;
    const std::string_view shortest(buffer, static_cast<std::size_t>(end - buffer));
    const std::size_t e = shortest.find('e');
    int exponent = 0;
    const char* first = shortest.data() + e + (shortest[e + 1] == '+' ? 2 : 1);
    std::from_chars(first, end, exponent);
    std::string digits(1, shortest[0]);
    if (e > 2) digits += shortest.substr(2, e - 2);

    const int k = static_cast<int>(digits.size());
    const int n = exponent + 1;  // the decimal point stands behind the n-th digit
    std::string text;
    if (k <= n && n <= 21)
        text = digits + std::string(static_cast<std::size_t>(n - k), '0');
    else if (0 < n && n <= 21)
        text = digits.insert(static_cast<std::size_t>(n), ".");
    else if (-6 < n && n <= 0)
        text = "0." + std::string(static_cast<std::size_t>(-n), '0') + digits;
    else
        text = digits.insert(1, k > 1 ? "." : "") + (n > 0 ? "e+" : "e-") + std::to_string(std::abs(n - 1));
    return value < 0 ? "-" + text : text;
}

Result<std::string> integer_text(const Json& value) {
    const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() <= std::uint64_t{kMostExact}
                                                 : std::abs(value.get<std::int64_t>()) <= kMostExact;
    if (!fits) return invalid_input("the integer " + value.dump() + " is beyond 2^53", "write it as text");
    return value.dump();
}

Result<void> write(const Json& value, std::string& out);

Result<void> write_object(const Json& value, std::string& out) {
    std::vector<std::pair<const std::string*, const Json*>> members;
    for (const auto& [key, member] : value.items()) members.emplace_back(&key, &member);
    std::ranges::sort(members, [](const auto& a, const auto& b) { return before_in_utf16(*a.first, *b.first); });
    char separator = '{';
    for (const auto& [key, member] : members) {
        out += separator;
        BARTIZAN_TRY(write(Json(*key), out));
        out += ':';
        BARTIZAN_TRY(write(*member, out));
        separator = ',';
    }
    out += members.empty() ? "{}" : "}";
    return {};
}

Result<void> write_array(const Json& value, std::string& out) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (i > 0) out += ',';
        BARTIZAN_TRY(write(value[i], out));
    }
    out += ']';
    return {};
}

Result<void> write(const Json& value, std::string& out) {
    if (value.is_object()) return write_object(value, out);
    if (value.is_array()) return write_array(value, out);
    if (value.is_number_float())
        out += BARTIZAN_TRY(number_text(value.get<double>()));
    else if (value.is_number())
        out += BARTIZAN_TRY(integer_text(value));
    else
        try {
            out += value.dump();
        } catch (const Json::exception&) {
            return invalid_input("text that is not UTF-8");
        }
    return {};
}

}  // namespace

Result<std::string> canonical(const Json& value) {
    std::string out;
    BARTIZAN_TRY(write(value, out));
    return out;
}

}  // namespace bartizan::ledger
