#include "store/blobs.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>

#include "core/file.h"
#include "crypto/hash.h"

namespace bartizan::store {
namespace {

// A file: magic, nonce, wrapped key, header of the stream, then pieces of 64 KiB and their tags.
constexpr std::string_view kMagic = "BTZBLOB1";
constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kTag = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::size_t kStreamHeader = crypto_secretstream_xchacha20poly1305_HEADERBYTES;
constexpr std::size_t kDataKey = crypto_secretstream_xchacha20poly1305_KEYBYTES;
constexpr std::size_t kNonce = crypto_secretbox_NONCEBYTES;
constexpr std::size_t kWrapped = kDataKey + crypto_secretbox_MACBYTES;
constexpr std::size_t kHeader = kMagic.size() + kNonce + kWrapped + kStreamHeader;
constexpr std::size_t kDigestDigits = 64;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

Error damaged(const std::string& why) {
    return {Errc::denied, "the blob " + why, "restore it from a copy; do not use it"};
}

using Stream = crypto_secretstream_xchacha20poly1305_state;

/// A stream with a fresh key, and the header that lets the master key open it.
std::string start(Stream& stream, const MasterKey& master) {
    std::string key(kDataKey, '\0');
    crypto_secretstream_xchacha20poly1305_keygen(bytes_of(key));
    std::string nonce(kNonce, '\0');
    randombytes_buf(nonce.data(), nonce.size());
    std::string wrapped(kWrapped, '\0');
    crypto_secretbox_easy(bytes_of(wrapped), bytes_of(std::string_view(key)), key.size(),
                          bytes_of(std::string_view(nonce)), bytes_of(master.bytes()));
    std::string header(kStreamHeader, '\0');
    crypto_secretstream_xchacha20poly1305_init_push(&stream, bytes_of(header), bytes_of(std::string_view(key)));
    crypto::wipe(key);
    return std::string(kMagic) + nonce + wrapped + header;
}

Result<void> resume(Stream& stream, std::string_view header, const MasterKey& master) {
    if (header.size() != kHeader || !header.starts_with(kMagic)) return damaged("is cut off, or not one");
    header.remove_prefix(kMagic.size());
    std::string key(kDataKey, '\0');
    const int opened = crypto_secretbox_open_easy(bytes_of(key), bytes_of(header.substr(kNonce)), kWrapped,
                                                  bytes_of(header), bytes_of(master.bytes()));
    const int started = crypto_secretstream_xchacha20poly1305_init_pull(
        &stream, bytes_of(header.substr(kNonce + kWrapped)), bytes_of(std::string_view(key)));
    crypto::wipe(key);
    if (opened != 0) return damaged("was changed, or is of another master key");
    if (started != 0) return damaged("was changed");
    return {};
}

/// Removes the file unless it was renamed.
class Temporary {
public:
    static Result<std::unique_ptr<Temporary>> make(const std::filesystem::path& folder) {
        std::string name = (folder / "new-XXXXXX").string();
        const int fd = ::mkostemp(name.data(), O_CLOEXEC);
        if (fd < 0) return system_failure(errno, "cannot write", name);
        return std::unique_ptr<Temporary>(new Temporary(fd, std::move(name)));
    }
    ~Temporary() {
        ::close(fd_);
        if (!name_.empty()) ::unlink(name_.c_str());
    }
    Result<void> write(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return system_failure(errno, "cannot write", name_);
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
        return {};
    }
    /// Syncs the content, then the name.
    Result<void> become(const std::filesystem::path& path) {
        BARTIZAN_TRY(make_folder(path.parent_path()));
        if (::fsync(fd_) != 0) return system_failure(errno, "cannot sync", name_);
        if (::rename(name_.c_str(), path.c_str()) != 0) return system_failure(errno, "cannot write", path);
        name_.clear();
        const int folder = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const bool synced = folder >= 0 && ::fsync(folder) == 0;
        if (folder >= 0) ::close(folder);
        if (!synced) return system_failure(errno, "cannot sync", path.parent_path());
        return {};
    }

private:
    Temporary(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
    int fd_;
    std::string name_;
};

/// Cuts whatever a source gives into pieces of one size; the last one is shorter, or empty.
class Pieces {
public:
    explicit Pieces(const Blobs::Source& source) : source_(source) {}
    struct Piece {
        std::string bytes;
        bool last;
    };
    Result<Piece> next() {
        while (buffer_.size() < kPiece && !ended_) {
            const std::string more = BARTIZAN_TRY(source_());
            ended_ = more.empty();
            buffer_ += more;
        }
        Piece piece{buffer_.substr(0, kPiece), buffer_.size() < kPiece};
        buffer_.erase(0, kPiece);
        return piece;
    }

private:
    const Blobs::Source& source_;
    std::string buffer_;
    bool ended_ = false;
};

}  // namespace

MasterKey MasterKey::generate() {
    std::string bytes(crypto_secretbox_KEYBYTES, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return MasterKey(std::move(bytes));
}

Result<MasterKey> MasterKey::from_hex(std::string_view hex) {
    std::string bytes(crypto_secretbox_KEYBYTES, '\0');
    std::size_t length = 0;
    const bool read = hex.size() == 2 * bytes.size() && sodium_hex2bin(bytes_of(bytes), bytes.size(), hex.data(),
                                                                       hex.size(), nullptr, &length, nullptr) == 0;
    if (!read || length != bytes.size()) return invalid_input("a master key is 64 hexadecimal digits");
    return MasterKey(std::move(bytes));
}

crypto::Secret MasterKey::hex() const {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(bytes_.text().data());
    return crypto::Secret(crypto::to_hex({bytes, bytes_.text().size()}));
}

Result<MasterKey> MasterKey::open(const std::filesystem::path& path) {
    if (std::error_code ignored; !std::filesystem::exists(path, ignored)) {
        MasterKey made = generate();
        BARTIZAN_TRY(write_new_private_file(path, std::string(made.hex().text()) + "\n"));
        return made;
    }
    const crypto::Secret line = BARTIZAN_TRY(crypto::Secret::from_file(path));
    return from_hex(line.text()).within("'" + path.string() + "'");
}

Result<std::unique_ptr<Blobs>> Blobs::open(std::filesystem::path folder, MasterKey key) {
    if (sodium_init() < 0) return internal_error("libsodium does not start");
    BARTIZAN_TRY(make_folder(folder));
    return std::unique_ptr<Blobs>(new Blobs(std::move(folder), std::move(key)));
}

Result<std::filesystem::path> Blobs::path_of(const std::string& digest) const {
    const bool hex =
        digest.size() == kDigestDigits && digest.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!hex) return invalid_input("the digest of a blob is 64 hexadecimal digits");
    return folder_ / digest.substr(0, 2) / digest;
}

Result<std::string> Blobs::put(const Source& source) {
    const auto file = BARTIZAN_TRY(Temporary::make(folder_));
    Stream stream;
    BARTIZAN_TRY(file->write(start(stream, key_)));
    crypto::Sha256 hash;
    Pieces pieces(source);
    for (bool last = false; !last;) {
        const auto piece = BARTIZAN_TRY(pieces.next());
        last = piece.last;
        hash.update(std::as_bytes(std::span(piece.bytes)));
        std::string sealed(piece.bytes.size() + kTag, '\0');
        const unsigned char tag = last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0;
        crypto_secretstream_xchacha20poly1305_push(&stream, bytes_of(sealed), nullptr, bytes_of(piece.bytes),
                                                   piece.bytes.size(), nullptr, 0, tag);
        BARTIZAN_TRY(file->write(sealed));
    }
    const std::string digest = crypto::to_hex(hash.finish());
    // Written over what is there: should that be damaged, it is mended.
    BARTIZAN_TRY(file->become(BARTIZAN_TRY(path_of(digest))));
    return digest;
}

Result<std::string> Blobs::put(std::string_view content) {
    return put([&]() -> Result<std::string> {
        const std::string piece(content.substr(0, kPiece));
        content.remove_prefix(piece.size());
        return piece;
    });
}

Result<void> Blobs::read(const std::string& digest, const Sink& sink) const {
    const auto path = BARTIZAN_TRY(path_of(digest));
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error(Errc::not_found, "there is no blob " + digest);
    std::string sealed(kHeader, '\0');
    const auto fill = [&](std::size_t most) {
        sealed.resize(most);
        file.read(sealed.data(), static_cast<std::streamsize>(most));
        sealed.resize(static_cast<std::size_t>(file.gcount()));
    };
    fill(kHeader);
    Stream stream;
    BARTIZAN_TRY_WITHIN(resume(stream, sealed, key_), digest);
    crypto::Sha256 hash;
    for (unsigned char tag = 0; tag != crypto_secretstream_xchacha20poly1305_TAG_FINAL;) {
        fill(kPiece + kTag);
        std::string piece(sealed.size() - std::min(sealed.size(), kTag), '\0');
        if (sealed.size() < kTag || crypto_secretstream_xchacha20poly1305_pull(&stream, bytes_of(piece), nullptr, &tag,
                                                                               bytes_of(std::string_view(sealed)),
                                                                               sealed.size(), nullptr, 0) != 0)
            return damaged("was changed or cut off").within(digest);
        hash.update(std::as_bytes(std::span(piece)));
        BARTIZAN_TRY(sink(piece));
    }
    if (file.peek() != std::ifstream::traits_type::eof()) return damaged("has bytes behind its end").within(digest);
    if (crypto::to_hex(hash.finish()) != digest) return damaged("holds another content").within(digest);
    return {};
}

Result<std::string> Blobs::get(const std::string& digest, std::uint64_t limit_bytes) const {
    std::string content;
    BARTIZAN_TRY(read(digest, [&](std::string_view piece) -> Result<void> {
        if (content.size() + piece.size() > limit_bytes) return exhausted("the blob " + digest + " is too large");
        content += piece;
        return {};
    }));
    return content;
}

bool Blobs::contains(const std::string& digest) const {
    std::error_code ignored;
    const auto path = path_of(digest);
    return path.ok() && std::filesystem::exists(*path, ignored);
}

Result<void> Blobs::remove(const std::string& digest) {
    const auto path = BARTIZAN_TRY(path_of(digest));
    std::error_code error;
    std::filesystem::remove(path, error);
    if (error) return system_failure(error.value(), "cannot remove", path);
    return {};
}

}  // namespace bartizan::store
