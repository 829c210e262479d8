#include "registers/money.h"

#include <algorithm>

#include <fmt/format.h>

namespace bartizan::registers {
namespace {

// ISO 4217 list one, without funds, metals and test codes.
constexpr std::string_view kTwoDigits =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR "
    "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN "
    "NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
    "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG";
constexpr std::string_view kNoDigits = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
constexpr std::string_view kThreeDigits = "BHD IQD JOD KWD LYD OMR TND";

bool among(std::string_view codes, std::string_view code) {
    const auto at = codes.find(code);
    return code.size() == 3 && code.find(' ') == std::string_view::npos && at != std::string_view::npos && at % 4 == 0;
}

std::int64_t power_of_ten(int digits) {
    std::int64_t out = 1;
    for (int i = 0; i < digits; ++i) out *= 10;
    return out;
}

bool all_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<int> digits_of(std::string_view currency) {
    if (among(kTwoDigits, currency)) return 2;
    if (among(kNoDigits, currency)) return 0;
    if (among(kThreeDigits, currency)) return 3;
    return invalid_input("'" + std::string(currency.substr(0, 10)) + "' is no currency", "a code of ISO 4217, as EUR");
}

Result<std::int64_t> parse_money(std::string_view text, std::string_view currency) {
    const int digits = BARTIZAN_TRY(digits_of(currency));
    const auto point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view part = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
    const bool written =
        !whole.empty() && all_digits(whole) && all_digits(part) && (point == std::string_view::npos || !part.empty());
    if (!written || part.size() > static_cast<std::size_t>(digits))
        return invalid_input(fmt::format("'{}' is no amount of {}", text.substr(0, 40), currency),
                             digits == 0 ? "as 1200" : fmt::format("as 1200.{:0>{}}", 50, digits));
    if (whole.size() > 16) return invalid_input(fmt::format("'{}' is too much", text.substr(0, 40)));
    std::int64_t minor = 0;
    for (const char c : whole) minor = minor * 10 + (c - '0');
    if (minor > kMostMoney / power_of_ten(digits))
        return invalid_input(fmt::format("'{}' is too much", text.substr(0, 40)));
    std::int64_t behind = 0;
    for (const char c : part) behind = behind * 10 + (c - '0');
    behind *= power_of_ten(digits - static_cast<int>(part.size()));
    minor = minor * power_of_ten(digits) + behind;
    if (minor > kMostMoney) return invalid_input(fmt::format("'{}' is too much", text.substr(0, 40)));
    return minor;
}

std::string money_text(std::int64_t minor, std::string_view currency) {
    const int digits = digits_of(currency).value_or(2);
    const std::int64_t unit = power_of_ten(digits);
    const std::string sign = minor < 0 ? "-" : "";
    const std::int64_t whole = minor / unit, behind = minor % unit;
    if (digits == 0) return fmt::format("{} {}", minor, currency);
    return fmt::format("{}{}.{:0>{}} {}", sign, whole < 0 ? -whole : whole, behind < 0 ? -behind : behind, digits,
                       currency);
}

Result<std::int64_t> checked_sum(std::int64_t a, std::int64_t b) {
    std::int64_t out = 0;
    if (__builtin_add_overflow(a, b, &out)) return exhausted("a sum of money does not fit");
    return out;
}

Result<std::int64_t> checked_product(std::int64_t a, std::int64_t b) {
    std::int64_t out = 0;
    if (__builtin_mul_overflow(a, b, &out)) return exhausted("a sum of money does not fit");
    return out;
}

}  // namespace bartizan::registers
