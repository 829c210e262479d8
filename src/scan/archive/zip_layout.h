#pragma once
/// A zip archive as every loader might see it: the union of what the central directory lists and of the local headers
/// that lie in the bytes, with all that contradicts itself kept side by side (PKWARE APPNOTE 6.3.10; Python's zipfile,
/// miniz and streaming readers each believe another part).
/// Thread rule: pure functions.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scan/judge.h"

namespace bartizan::scan {

inline constexpr std::size_t kMaxZipMembers = 65'536;
inline constexpr std::size_t kMaxZipName = 4'096;

/// What one header says.
struct ZipHeader {
    std::string name;
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
    std::uint32_t crc = 0;
    std::uint64_t packed = 0;
    std::uint64_t size = 0;
    std::uint64_t offset = 0;   ///< of this header in the archive
    bool is_link = false;       ///< a symbolic link, by the Unix mode
    bool sizes_follow = false;  ///< flag bit 3: behind the data
};

struct ZipMember {
    std::optional<ZipHeader> central;
    std::optional<ZipHeader> local;
    std::uint64_t data = 0;  ///< where the content begins; only with a local header
};

struct ZipRange {
    std::uint64_t begin = 0, end = 0;
};

struct ZipLayout {
    std::vector<ZipMember> members;  ///< by the offset of their local headers
    std::vector<ZipRange> gaps;      ///< bytes that belong to nothing
    int directories = 0;             ///< ends of central directories that were found
    bool broken = false;             ///< a header or directory that leads nowhere
    bool overlapping = false;        ///< members that share bytes
    bool too_many = false;           ///< more than kMaxZipMembers
};

ZipLayout zip_layout(Bytes archive);

}  // namespace bartizan::scan
