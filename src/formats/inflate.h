#pragma once
/// Decompression with a bound on what may come out: gzip (RFC 1952) and raw deflate (RFC 1951), by zlib.
/// Thread rule: pure functions.

#include <cstdint>
#include <vector>

#include "bartizan/result.h"
#include "formats/bytes.h"

namespace bartizan::formats {

enum class Wrapping { gzip, raw };

/// Joined gzip members come out as one. Fails with `invalid_input` on damaged or cut data and on bytes behind its end,
/// `exhausted` when more than `limit` bytes come out.
Result<std::vector<std::byte>> inflate(Bytes compressed, Wrapping wrapping, std::uint64_t limit);

/// Raw deflate.
Result<std::vector<std::byte>> deflate(Bytes plain);

bool is_gzip(Bytes bytes);

}  // namespace bartizan::formats
