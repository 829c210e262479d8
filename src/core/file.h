#pragma once
/// Files: read whole with a limit, mapped read-only, written so that the final name never holds a part.
/// Failures: `not_found`, `denied`, `exhausted` (disk full, too large), `invalid_input` (a folder, say).

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan {

/// The whole file; fails with `exhausted` when it is larger than `limit_bytes`.
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit_bytes);

/// A file mapped read-only. The bytes live as long as the object; pass it on as `shared_ptr` owner.
/// The file must not shrink while it is mapped: a reader past the new end would be killed by the system.
class MappedFile final {
public:
    static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(data_), size_}; }

private:
    MappedFile(void* data, std::size_t size) : data_(data), size_(size) {}
    void* data_;
    std::size_t size_;
};

/// Writes beside the final name, syncs and renames: the final name holds the old content or the new, never
/// a part. Makes no folders.
Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content);
Result<void> write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> content);

/// The same piece by piece, for what does not fit into memory: `make` hands over the pieces; when it fails, its error
/// is returned and the old content stays.
using AppendBytes = std::function<Result<void>(std::span<const std::byte>)>;
Result<void> write_pieces_atomically(const std::filesystem::path& path,
                                     const std::function<Result<void>(const AppendBytes&)>& make);

/// Writes a file that was not there and that only its owner can read: for private keys. Fails with `conflict` when the
/// name is taken.
Result<void> write_new_private_file(const std::filesystem::path& path, std::string_view content);

/// What a system call's `error` (errno) means for a file, as one of the codes above: "cannot write 'PATH': ...".
Error system_failure(int error, const std::string& what, const std::filesystem::path& path);

/// Makes the folder and its parents; succeeds if it is there.
Result<void> make_folder(const std::filesystem::path& path);

}  // namespace bartizan
