#include "scan/archive/inflate.h"

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

namespace bartizan::scan {
namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;
/// So much of the packed bytes is looked at before its pages are given back.
constexpr std::size_t kPacked = std::size_t{1} << 20;

int window_bits(Deflated kind) {
    switch (kind) {
        case Deflated::raw:
            return -MAX_WBITS;
        case Deflated::zlib:
            return MAX_WBITS;
        case Deflated::gzip:
            return MAX_WBITS + 16;
    }
    return MAX_WBITS;
}

struct ArchiveCloser {
    void operator()(archive* reader) const { archive_read_free(reader); }
};

/// Hands libarchive the bytes piece by piece.
struct Feed {
    Bytes packed;
    Unpacked* out;
    std::size_t given = 0;
};

la_ssize_t feed_next(archive*, void* client, const void** data) {
    Feed& feed = *static_cast<Feed*>(client);
    const std::size_t last = std::min(feed.given, kPacked);
    feed.out->done_with(feed.packed.subspan(feed.given - last, last));
    const std::size_t more = std::min(kPacked, feed.packed.size() - feed.given);
    *data = feed.packed.data() + feed.given;
    feed.given += more;
    return static_cast<la_ssize_t>(more);
}

}  // namespace

Inflation inflate(Bytes packed, Deflated kind, Unpacked& out) {
    z_stream stream{};
    if (inflateInit2(&stream, window_bits(kind)) != Z_OK) return {};
    std::array<std::byte, kChunk> chunk;
    Inflation result;
    std::size_t given = 0;
    for (int status = Z_OK; status == Z_OK;) {
        if (stream.avail_in == 0) {
            if (given > 0) out.done_with(packed.subspan(given - std::min(given, kPacked), std::min(given, kPacked)));
            const std::size_t more = std::min(packed.size() - given, kPacked);
            // zlib's interface lacks const; it does not write to its input.
            stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data() + given));
            stream.avail_in = static_cast<uInt>(more);
            given += more;
        }
        stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
        stream.avail_out = static_cast<uInt>(chunk.size());
        status = ::inflate(&stream, Z_NO_FLUSH);
        const std::size_t made = chunk.size() - stream.avail_out;
        if (!out.append(Bytes(chunk.data(), made))) {
            result.how = Unpacking::stopped;
            break;
        }
        if (status == Z_STREAM_END) result.how = Unpacking::ended;
        const bool no_more = status == Z_BUF_ERROR || (status == Z_OK && made == 0 && given == packed.size());
        if (no_more && stream.avail_in == 0) {
            result.how = Unpacking::cut;
            break;
        }
    }
    result.used = given - stream.avail_in;
    inflateEnd(&stream);
    return result;
}

Unpacking unpack_filters(Bytes packed, Unpacked& out) {
    const std::unique_ptr<archive, ArchiveCloser> reader(archive_read_new());
    if (reader == nullptr) return Unpacking::broken;
    // By name: "all" would include filters that start programs.
    archive_read_support_filter_bzip2(reader.get());
    archive_read_support_filter_xz(reader.get());
    archive_read_support_filter_lzma(reader.get());
    archive_read_support_filter_zstd(reader.get());
    archive_read_support_filter_lz4(reader.get());
    archive_read_support_filter_compress(reader.get());
    archive_read_support_format_raw(reader.get());
    archive_entry* entry = nullptr;
    Feed feed{packed, &out};
    if (archive_read_open(reader.get(), &feed, nullptr, feed_next, nullptr) != ARCHIVE_OK ||
        archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK)
        return Unpacking::broken;
    std::array<std::byte, kChunk> chunk;
    for (;;) {
        const la_ssize_t got = archive_read_data(reader.get(), chunk.data(), chunk.size());
        if (got == 0) return Unpacking::ended;
        if (got < 0) return out.size() > 0 ? Unpacking::cut : Unpacking::broken;
        if (!out.append(Bytes(chunk.data(), static_cast<std::size_t>(got)))) return Unpacking::stopped;
    }
}

}  // namespace bartizan::scan
