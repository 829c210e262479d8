#pragma once
/// Money as a whole number of the smallest unit of its currency (ISO 4217): never a fraction in binary, no rounding
/// that nobody saw. Pure functions.

#include <cstdint>
#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::registers {

inline constexpr std::int64_t kMostMoney = 1'000'000'000'000'000;  ///< smallest units, of one amount

/// Digits behind the point: 2 for EUR, 0 for JPY, 3 for KWD. Fails with `invalid_input` for a code that is none.
Result<int> digits_of(std::string_view currency);
/// "1200.50" in EUR is 120050. Digits, and a point with at most as many digits as the currency has. Fails with
/// `invalid_input`: signs, separators, more digits, more than `kMostMoney`.
Result<std::int64_t> parse_money(std::string_view text, std::string_view currency);
/// 120050 in EUR is "1200.50 EUR".
std::string money_text(std::int64_t minor, std::string_view currency);

/// Fail with `exhausted` where 64 bits do not hold the result.
Result<std::int64_t> checked_sum(std::int64_t a, std::int64_t b);
Result<std::int64_t> checked_product(std::int64_t a, std::int64_t b);

}  // namespace bartizan::registers
