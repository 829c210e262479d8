#pragma once
/// A file as bytes, in constant memory: small ones are read, large ones mapped. A mapped file that shrinks meanwhile
/// reads as zeros from there on, and says so, instead of killing the process.
/// Thread rule: one input, one thread; several inputs may be open in several threads.

#include <cstdint>
#include <filesystem>
#include <memory>

#include "bartizan/result.h"
#include "scan/judge.h"

namespace bartizan::scan {

class Input final {
public:
    /// Fails with `not_found`, `denied`, `invalid_input` (a folder or a special file: never blocks on a pipe).
    static Result<std::unique_ptr<Input>> open(const std::filesystem::path& path);
    ~Input();
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    Bytes bytes() const { return bytes_; }
    /// The bytes, where they are a map of the file.
    Bytes mapped() const { return map_ == nullptr ? Bytes() : bytes_; }
    /// The file is not what it was when it was opened.
    bool changed() const;

private:
    Input(int fd, std::uint64_t size, std::int64_t modified) : fd_(fd), size_(size), modified_(modified) {}
    Result<void> read_all();
    Result<void> map_all();

    int fd_;
    std::uint64_t size_;
    std::int64_t modified_;  ///< nanoseconds
    std::vector<std::byte> buffer_;
    void* map_ = nullptr;
    Bytes bytes_;
};

}  // namespace bartizan::scan
