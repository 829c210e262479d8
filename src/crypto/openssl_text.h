#pragma once
/// Between OpenSSL's memory streams and strings; for this module's own files.

#include <memory>
#include <string>
#include <string_view>

struct bio_st;

namespace bartizan::crypto {

struct BioFree {
    void operator()(bio_st* bio) const;
};
using Bio = std::unique_ptr<bio_st, BioFree>;

/// A stream that reads `text`, which must outlive it.
Bio reading(std::string_view text);
/// An empty stream in memory.
Bio writing();
/// What was written into it.
std::string content_of(bio_st* bio);

}  // namespace bartizan::crypto
