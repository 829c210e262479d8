#pragma once
/// A file that only grows, but for being cut back after a failure, and says when its bytes are on the disk.
/// One thread at a time.

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::ledger {

class AppendFile final {
public:
    /// Makes the file, readable by its owner alone, when it is not there.
    static Result<AppendFile> open(const std::filesystem::path& path);
    ~AppendFile();
    AppendFile(AppendFile&& other) noexcept;
    AppendFile& operator=(AppendFile&& other) noexcept;

    std::uint64_t size() const { return size_; }
    /// On failure the file may hold a part: `cut` back.
    Result<void> append(std::string_view bytes);
    Result<void> sync();
    Result<void> cut(std::uint64_t size);
    /// Succeeds when no other open file holds it: one writer at a time. Fails with `conflict`.
    Result<void> lock();

private:
    AppendFile(int fd, std::filesystem::path path, std::uint64_t size) : fd_(fd), path_(std::move(path)), size_(size) {}
    int fd_;
    std::filesystem::path path_;
    std::uint64_t size_;
};

/// Makes the names in a folder durable.
Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace bartizan::ledger
