#pragma once
/// Blobs in a folder, named by the SHA-256 of their content, encrypted at rest: each with a key of its own
/// (XChaCha20-Poly1305 streams, libsodium's secretstream), wrapped by the master key. Every read checks every byte and
/// the digest. Thread rule: may be used from any thread, and by several processes.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "crypto/secret.h"

namespace bartizan::store {

/// 32 bytes that wrap the keys of blobs.
class MasterKey {
public:
    static MasterKey generate();
    /// A file whose first line is the key as 64 hexadecimal digits; makes it, for its owner alone, when it is not
    /// there.
    static Result<MasterKey> open(const std::filesystem::path& path);
    static Result<MasterKey> from_hex(std::string_view hex);
    crypto::Secret hex() const;
    std::string_view bytes() const { return bytes_.text(); }

private:
    explicit MasterKey(std::string bytes) : bytes_(std::move(bytes)) {}
    crypto::Secret bytes_;
};

class Blobs final {
public:
    static Result<std::unique_ptr<Blobs>> open(std::filesystem::path folder, MasterKey key);

    /// Gives the next piece of a content; an empty one at its end.
    using Source = std::function<Result<std::string>()>;
    using Sink = std::function<Result<void>(std::string_view piece)>;

    /// Stores a content and gives its digest (64 hexadecimal digits); durable when this returns. The same content twice
    /// is stored once.
    Result<std::string> put(const Source& source);
    Result<std::string> put(std::string_view content);
    /// Hands on the content piece by piece; each is authentic when it is handed on, but that it is the whole content of
    /// this digest is known only when this succeeds. Fails with `not_found`, `denied` (changed, cut off, of another
    /// master key, another content).
    Result<void> read(const std::string& digest, const Sink& sink) const;
    /// The whole content. Fails with `exhausted` beyond `limit_bytes`.
    Result<std::string> get(const std::string& digest, std::uint64_t limit_bytes) const;
    bool contains(const std::string& digest) const;
    /// Succeeds when it is not there either.
    Result<void> remove(const std::string& digest);

private:
    Blobs(std::filesystem::path folder, MasterKey key) : folder_(std::move(folder)), key_(std::move(key)) {}
    Result<std::filesystem::path> path_of(const std::string& digest) const;
    std::filesystem::path folder_;
    MasterKey key_;
};

}  // namespace bartizan::store
