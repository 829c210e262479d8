#pragma once
/// The lines of the entries in their segment files, for the one writer. One thread at a time.

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "bartizan/result.h"
#include "crypto/merkle.h"
#include "ledger/append_file.h"
#include "ledger/source.h"

namespace bartizan::ledger {

class EntryFiles {
public:
    /// Opens the segments and cuts off what lies behind the first `size` entries, which is at most `most_cut` lines.
    /// Fails with `conflict` when there are fewer entries than `size`, or more lie behind than a crash can leave.
    static Result<EntryFiles> open(const std::filesystem::path& folder, std::uint64_t size, std::uint64_t most_cut);

    std::uint64_t size() const { return size_; }
    /// Appends the lines (without line breaks). On failure `cut` back.
    Result<void> append(std::span<const std::string> lines);
    /// All that was appended is on the disk.
    Result<void> sync();
    /// Takes back what was appended behind the first `size` entries; for a failed batch only.
    Result<void> cut(std::uint64_t size);

private:
    explicit EntryFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}
    Result<void> use_segment(std::uint64_t segment);

    std::filesystem::path folder_;
    std::uint64_t size_ = 0;
    std::optional<AppendFile> file_;
    std::uint64_t segment_ = 0;
    bool unsynced_ = false;
};

}  // namespace bartizan::ledger
