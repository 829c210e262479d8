#pragma once
/// Zip archives (PKWARE APPNOTE 6.3.10) as NumPy and PyTorch write them: stored and deflated entries, zip64. The
/// central directory is what counts; an entry whose local header disagrees with it is refused.
/// Thread rule: a reader is immutable; `read` may be called from several threads.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bartizan/result.h"
#include "formats/bytes.h"

namespace bartizan::formats {

struct ZipEntry {
    std::string name;
    std::uint16_t method = 0;  ///< 0 stored, 8 deflated
    std::uint32_t crc = 0;
    std::uint64_t packed_size = 0;
    std::uint64_t size = 0;
    std::uint64_t header_offset = 0;  ///< of the local header in the archive
    std::uint64_t data_offset = 0;    ///< of the content
};

/// What an archive may hold. Deflate makes at most 1032 bytes of one, so a higher ratio is a lie.
inline constexpr std::uint64_t kMaxZipEntries = 100'000;
inline constexpr std::uint64_t kMaxZipRatio = 1032;
inline constexpr std::uint64_t kMaxZipTotalBytes = std::uint64_t{1} << 40;

class ZipReader {
public:
    /// Over bytes that must outlive the reader. Fails with `invalid_input` on a broken directory, entries that overlap
    /// or share a name, sizes that cannot be; `unsupported` on encryption or other methods; `exhausted` beyond the
    /// limits above.
    static Result<ZipReader> open(Bytes archive);

    const std::vector<ZipEntry>& entries() const { return entries_; }
    /// The content as it lies in the archive, if it is stored; its CRC is checked.
    Result<Bytes> stored(const ZipEntry& entry) const;
    /// The content; its CRC is checked. Fails with `exhausted` beyond `limit` bytes.
    Result<std::vector<std::byte>> read(const ZipEntry& entry, std::uint64_t limit) const;

private:
    explicit ZipReader(Bytes archive) : archive_(archive) {}
    Bytes archive_;
    std::vector<ZipEntry> entries_;
};

/// The bytes of an archive of these entries, in their order, deflated. Without zip64: fails with `exhausted` beyond
/// 4 GiB or 65,534 entries.
Result<std::string> make_zip(const std::vector<std::pair<std::string, std::string>>& entries);

}  // namespace bartizan::formats
