#include "formats/inflate.h"

#include <algorithm>
#include <string>

#include <zlib.h>

namespace bartizan::formats {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 18;
constexpr int kGzipWindow = 15 + 16;
constexpr int kRawWindow = -15;

class Inflater {
public:
    explicit Inflater(int window) : ready_(inflateInit2(&stream_, window) == Z_OK) {}
    ~Inflater() {
        if (ready_) inflateEnd(&stream_);
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    bool ready() const { return ready_; }
    z_stream& stream() { return stream_; }

private:
    z_stream stream_{};
    bool ready_;
};

/// zlib counts input in 32 bits.
void feed(z_stream& stream, Bytes& rest) {
    if (stream.avail_in > 0 || rest.empty()) return;
    const std::size_t size = std::min<std::size_t>(rest.size(), 1U << 30);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(rest.data()));
    stream.avail_in = static_cast<uInt>(size);
    rest = rest.subspan(size);
}

}  // namespace

bool is_gzip(Bytes bytes) {
    return bytes.size() > 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b} && bytes[2] == std::byte{8};
}

Result<std::vector<std::byte>> inflate(Bytes compressed, Wrapping wrapping, std::uint64_t limit) {
    Inflater inflater(wrapping == Wrapping::gzip ? kGzipWindow : kRawWindow);
    if (!inflater.ready()) return exhausted("no memory to decompress");
    z_stream& stream = inflater.stream();
    std::vector<std::byte> out;
    std::vector<std::byte> piece(kPiece);
    Bytes rest = compressed;
    for (;;) {
        feed(stream, rest);
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = static_cast<uInt>(piece.size());
        const int status = ::inflate(&stream, Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            return invalid_input("damaged compressed data after " + std::to_string(out.size()) + " bytes");
        const std::size_t got = piece.size() - stream.avail_out;
        if (out.size() + got > limit)
            return exhausted("more than " + std::to_string(limit) + " bytes when decompressed");
        out.insert(out.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(got));
        if (status == Z_STREAM_END) {
            const std::size_t behind = stream.avail_in + rest.size();
            if (behind == 0) return out;
            // gzip files may be joined (RFC 1952, section 2.2).
            if (wrapping == Wrapping::raw || inflateReset(&stream) != Z_OK)
                return invalid_input(std::to_string(behind) + " bytes stand behind the end of the compressed data");
            continue;
        }
        if (got == 0 && stream.avail_in == 0 && rest.empty())
            return invalid_input("compressed data ends early, after " + std::to_string(out.size()) + " bytes");
    }
}

Result<std::vector<std::byte>> deflate(Bytes plain) {
    z_stream stream{};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return exhausted("no memory to compress");
    std::vector<std::byte> out;
    std::vector<std::byte> piece(kPiece);
    int status = Z_OK;
    while (status != Z_STREAM_END) {
        feed(stream, plain);
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = static_cast<uInt>(piece.size());
        status = ::deflate(&stream, plain.empty() ? Z_FINISH : Z_NO_FLUSH);
        out.insert(out.end(), piece.begin(),
                   piece.begin() + static_cast<std::ptrdiff_t>(piece.size() - stream.avail_out));
    }
    deflateEnd(&stream);
    return out;
}

}  // namespace bartizan::formats
