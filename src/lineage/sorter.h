#pragma once
/// Sorts any number of records by their keys in bounded memory: what does not fit is sorted in runs in a temporary file
/// without a name, and the runs are merged. Equal keys keep the order in which they were added.
/// Thread rule: one thread at a time. A record that was given lives until the next call.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::lineage {

inline constexpr std::size_t kSortMemory = std::size_t{64} << 20;
inline constexpr std::size_t kLongestRecord = std::size_t{256} << 10;

struct Record {
    std::string_view key;
    std::string_view value;
};

class Sorter {
public:
    /// `scratch`: the folder of the temporary file; it is made only when `memory` bytes do not do.
    explicit Sorter(std::filesystem::path scratch, std::size_t memory = kSortMemory);
    Sorter(Sorter&&) noexcept;
    Sorter& operator=(Sorter&&) noexcept;
    ~Sorter();

    /// Fails with `exhausted` (disk full, a record that is too long), or as files do.
    Result<void> add(std::string_view key, std::string_view value);
    /// Nothing may be added afterwards.
    Result<void> sort();
    /// After `sort`: the next record; nothing at the end.
    Result<std::optional<Record>> next();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// $TMPDIR, or /tmp.
std::filesystem::path default_scratch();

}  // namespace bartizan::lineage
