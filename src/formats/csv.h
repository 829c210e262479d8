#pragma once
/// Tables as comma-separated values (RFC 4180): quotes, line breaks within quotes, a byte order mark, and the delimiter
/// (comma, semicolon or tab) found from the first line.
/// Thread rule: pure functions.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::formats {

struct CsvLimits {
    std::size_t columns = 100'000;
    std::size_t field_bytes = 1 << 20;
};

/// Calls `row` for each line with its fields and its line number (from 1). Empty lines are left out.
/// Fails with `invalid_input` naming line and column on an unclosed quote or text behind a closing one, `exhausted`
/// beyond the limits, and with whatever `row` fails with.
Result<void> read_csv(std::string_view text,
                      const std::function<Result<void>(const std::vector<std::string>& fields, std::int64_t line)>& row,
                      const CsvLimits& limits = {});

/// The byte at which each line that `read_csv` would hand over begins: the header's too. Fails alike.
Result<std::vector<std::size_t>> csv_record_offsets(std::string_view text, const CsvLimits& limits = {});

}  // namespace bartizan::formats
