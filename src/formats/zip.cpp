#include "formats/zip.h"

#include <algorithm>
#include <set>

#include <zlib.h>

#include "formats/inflate.h"

namespace bartizan::formats {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50, kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr std::uint64_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22, kLocatorSize = 20;
constexpr std::uint16_t kStored = 0, kDeflated = 8;
constexpr std::uint16_t kEncrypted = 1;
constexpr std::uint16_t kZip64Extra = 1;
constexpr std::uint32_t kIn64 = 0xffffffff;
constexpr std::uint16_t kIn64Short = 0xffff;
constexpr std::uint64_t kSpare = 1 << 20;  // more than the headers of one entry

Error broken(const std::string& what) { return invalid_input("broken zip archive: " + what); }

struct Directory {
    std::uint64_t offset = 0;
    std::uint64_t entries = 0;
};

/// The end record is the last thing in the file but for a comment of at most 64 KiB.
Result<std::uint64_t> find_end(Bytes archive) {
    if (archive.size() < kEndSize) return broken("too short");
    const std::uint64_t last = archive.size() - kEndSize;
    const std::uint64_t first = last > kIn64Short ? last - kIn64Short : 0;
    for (std::uint64_t at = last + 1; at-- > first;) {
        if (read_number<std::uint32_t>(archive, at) != kEnd) continue;
        if (at + kEndSize + read_number<std::uint16_t>(archive, at + 20).value_or(0) == archive.size()) return at;
    }
    return broken("no end record");
}

Result<Directory> find_directory(Bytes archive) {
    const std::uint64_t end = BARTIZAN_TRY(find_end(archive));
    Directory directory{read_number<std::uint32_t>(archive, end + 16).value_or(0),
                        read_number<std::uint16_t>(archive, end + 10).value_or(0)};
    if (directory.offset != kIn64 && directory.entries != kIn64Short) return directory;
    if (end < kLocatorSize || read_number<std::uint32_t>(archive, end - kLocatorSize) != kEnd64Locator)
        return directory;
    const std::uint64_t end64 = read_number<std::uint64_t>(archive, end - kLocatorSize + 8).value_or(archive.size());
    if (read_number<std::uint32_t>(archive, end64) != kEnd64) return broken("no zip64 end record");
    const auto offset = read_number<std::uint64_t>(archive, end64 + 48);
    if (!offset) return broken("cut zip64 end record");
    return Directory{*offset, read_number<std::uint64_t>(archive, end64 + 32).value_or(0)};
}

/// Sizes and offset that did not fit into 32 bits stand in the zip64 extra field, in this order.
Result<void> apply_zip64(Bytes extra, ZipEntry& entry) {
    std::uint64_t at = 0;
    while (const auto id = read_number<std::uint16_t>(extra, at)) {
        const auto size = read_number<std::uint16_t>(extra, at + 2);
        if (!size) break;
        const auto field = part(extra, at + 4, *size);
        if (!field) return broken("cut extra field of '" + entry.name + "'");
        if (*id == kZip64Extra) {
            std::uint64_t inner = 0;
            for (std::uint64_t* value : {&entry.size, &entry.packed_size, &entry.header_offset}) {
                if (*value != kIn64) continue;
                const auto wide = read_number<std::uint64_t>(*field, inner);
                if (!wide) return broken("cut zip64 field of '" + entry.name + "'");
                *value = *wide;
                inner += 8;
            }
        }
        at += 4 + *size;
    }
    return {};
}

/// Where the content lies; the local header must agree with the directory.
Result<void> locate(Bytes archive, ZipEntry& entry) {
    const std::uint64_t local_offset = entry.header_offset;
    const auto header = part(archive, local_offset, kLocalSize);
    if (!header || read_number<std::uint32_t>(*header, 0) != kLocalHeader)
        return broken("no local header for '" + entry.name + "'");
    const std::uint64_t name_size = read_number<std::uint16_t>(*header, 26).value_or(0);
    const auto name = part(archive, local_offset + kLocalSize, name_size);
    if (!name || as_text(*name) != entry.name)
        return broken("'" + entry.name + "' has another name in its local header");
    if (read_number<std::uint16_t>(*header, 8) != entry.method)
        return broken("'" + entry.name + "' has another method in its local header");
    entry.data_offset = local_offset + kLocalSize + name_size + read_number<std::uint16_t>(*header, 28).value_or(0);
    if (!part(archive, entry.data_offset, entry.packed_size))
        return broken("'" + entry.name + "' reaches past the end");
    return {};
}

Result<void> check_sizes(const ZipEntry& entry) {
    const bool stored = entry.method == kStored;
    if (stored && entry.size != entry.packed_size) return broken("'" + entry.name + "' is stored with two sizes");
    // The division keeps a hostile size from wrapping round.
    if (!stored && entry.size / kMaxZipRatio > entry.packed_size)
        return broken("'" + entry.name + "' claims " + std::to_string(entry.size) + " bytes from " +
                      std::to_string(entry.packed_size));
    return {};
}

/// Reads the directory record at `at` and moves behind it.
Result<ZipEntry> read_record(Bytes archive, std::uint64_t& at) {
    const auto record = part(archive, at, kCentralSize);
    if (!record || read_number<std::uint32_t>(*record, 0) != kCentralHeader) return broken("cut directory");
    const auto short_at = [&](std::uint64_t offset) { return read_number<std::uint16_t>(*record, offset).value_or(0); };
    const auto word_at = [&](std::uint64_t offset) { return read_number<std::uint32_t>(*record, offset).value_or(0); };
    const std::uint64_t name_size = short_at(28), extra_size = short_at(30), comment_size = short_at(32);
    const auto name = part(archive, at + kCentralSize, name_size);
    const auto extra = part(archive, at + kCentralSize + name_size, extra_size);
    if (!name || !extra) return broken("cut directory");
    ZipEntry entry{.name = std::string(as_text(*name)),
                   .method = short_at(10),
                   .crc = word_at(16),
                   .packed_size = word_at(20),
                   .size = word_at(24),
                   .header_offset = word_at(42)};
    if ((short_at(8) & kEncrypted) != 0) return unsupported("zip entry '" + entry.name + "' is encrypted");
    if (entry.method != kStored && entry.method != kDeflated)
        return unsupported("zip entry '" + entry.name + "' uses compression method " + std::to_string(entry.method));
    BARTIZAN_TRY(apply_zip64(*extra, entry));
    BARTIZAN_TRY(locate(archive, entry));
    BARTIZAN_TRY(check_sizes(entry));
    at += kCentralSize + name_size + extra_size + comment_size;
    return entry;
}

/// Entries that share bytes are how a small file becomes a large one.
Result<void> check_apart(const std::vector<ZipEntry>& entries, const Directory& directory) {
    std::vector<const ZipEntry*> order;
    std::set<std::string_view> names;
    std::uint64_t total = 0;
    for (const ZipEntry& entry : entries) {
        order.push_back(&entry);
        if (!names.insert(entry.name).second) return broken("two entries are called '" + entry.name + "'");
        if (entry.size > kMaxZipTotalBytes - total) return exhausted("zip archive of more than 1 TiB when unpacked");
        total += entry.size;
    }
    std::ranges::sort(order, {}, &ZipEntry::header_offset);
    for (std::size_t i = 0; i < order.size(); ++i) {
        const bool last = i + 1 == order.size();
        const std::uint64_t next = last ? directory.offset : order[i + 1]->header_offset;
        if (order[i]->data_offset + order[i]->packed_size > next)
            return broken("'" + order[i]->name + "' overlaps " +
                          (last ? "the directory" : "'" + order[i + 1]->name + "'"));
    }
    return {};
}

std::uint32_t crc_of(Bytes bytes) {
    return static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<z_size_t>(bytes.size())));
}

Result<void> check_crc(const ZipEntry& entry, Bytes content) {
    if (crc_of(content) != entry.crc) return broken("'" + entry.name + "' does not match its checksum");
    return {};
}

template <std::unsigned_integral T>
void append(std::string& out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
        out += static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xff);
}

/// Version, flags, method, time, checksum, sizes: what local and central headers share.
void append_common(std::string& out, std::uint32_t crc, std::uint32_t packed, std::uint32_t size,
                   std::size_t name_size) {
    constexpr std::uint16_t kDate = (1 << 5) | 1;  // 1980-01-01: the same input gives the same bytes
    append<std::uint16_t>(out, 20);
    append<std::uint16_t>(out, 0);
    append<std::uint16_t>(out, kDeflated);
    append<std::uint16_t>(out, 0);
    append<std::uint16_t>(out, kDate);
    append(out, crc);
    append(out, packed);
    append(out, size);
    append<std::uint16_t>(out, static_cast<std::uint16_t>(name_size));
    append<std::uint16_t>(out, 0);
}

}  // namespace

Result<ZipReader> ZipReader::open(Bytes archive) {
    const Directory directory = BARTIZAN_TRY(find_directory(archive));
    if (directory.entries > kMaxZipEntries)
        return exhausted("zip archive of " + std::to_string(directory.entries) + " entries, at most " +
                         std::to_string(kMaxZipEntries) + " are read");
    ZipReader reader(archive);
    std::uint64_t at = directory.offset;
    for (std::uint64_t i = 0; i < directory.entries; ++i)
        reader.entries_.push_back(BARTIZAN_TRY(read_record(archive, at)));
    BARTIZAN_TRY(check_apart(reader.entries_, directory));
    return reader;
}

Result<Bytes> ZipReader::stored(const ZipEntry& entry) const {
    if (entry.method != kStored || entry.packed_size != entry.size)
        return unsupported("zip entry '" + entry.name + "' is compressed");
    const Bytes content = *part(archive_, entry.data_offset, entry.packed_size);
    BARTIZAN_TRY(check_crc(entry, content));
    return content;
}

Result<std::vector<std::byte>> ZipReader::read(const ZipEntry& entry, std::uint64_t limit) const {
    if (entry.size > limit)
        return exhausted("zip entry '" + entry.name + "' has " + std::to_string(entry.size) + " bytes, at most " +
                         std::to_string(limit) + " are read");
    if (entry.method == kStored) {
        const Bytes content = BARTIZAN_TRY(stored(entry));
        return std::vector<std::byte>(content.begin(), content.end());
    }
    auto content = inflate(*part(archive_, entry.data_offset, entry.packed_size), Wrapping::raw, entry.size);
    if (!content.ok()) return content.error().within("zip entry '" + entry.name + "'");
    if (content->size() != entry.size) return broken("'" + entry.name + "' is shorter than its header says");
    BARTIZAN_TRY(check_crc(entry, *content));
    return content;
}

Result<std::string> make_zip(const std::vector<std::pair<std::string, std::string>>& entries) {
    if (entries.size() >= kIn64Short)
        return exhausted("a zip archive of " + std::to_string(entries.size()) + " entries");
    std::string out, directory;
    for (const auto& [name, content] : entries) {
        const Bytes plain = std::as_bytes(std::span(content));
        const std::vector<std::byte> packed = BARTIZAN_TRY(deflate(plain));
        if (name.size() >= kIn64Short) return invalid_input("a zip entry's name is longer than 64 KiB");
        if (plain.size() >= kIn64 || out.size() + packed.size() + directory.size() + kSpare >= kIn64)
            return exhausted("zip entry '" + name + "' takes the archive beyond 4 GiB", "save fewer or smaller arrays");
        const auto offset = static_cast<std::uint32_t>(out.size());
        const auto packed_size = static_cast<std::uint32_t>(packed.size());
        const auto size = static_cast<std::uint32_t>(plain.size());
        append(out, kLocalHeader);
        append_common(out, crc_of(plain), packed_size, size, name.size());
        out += name;
        out += as_text(packed);
        append(directory, kCentralHeader);
        append<std::uint16_t>(directory, 20);
        append_common(directory, crc_of(plain), packed_size, size, name.size());
        append<std::uint16_t>(directory, 0);
        append<std::uint16_t>(directory, 0);
        append<std::uint16_t>(directory, 0);
        append<std::uint32_t>(directory, 0);
        append(directory, offset);
        directory += name;
    }
    const auto offset = static_cast<std::uint32_t>(out.size());
    out += directory;
    append(out, kEnd);
    append<std::uint32_t>(out, 0);
    append(out, static_cast<std::uint16_t>(entries.size()));
    append(out, static_cast<std::uint16_t>(entries.size()));
    append(out, static_cast<std::uint32_t>(directory.size()));
    append(out, offset);
    append<std::uint16_t>(out, 0);
    return out;
}

}  // namespace bartizan::formats
