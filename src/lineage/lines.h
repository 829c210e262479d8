#pragma once
/// The lines of a file of any size, one after the other, in constant memory.
/// Thread rule: one thread at a time. A line that was given lives until the next call.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::lineage {

class Lines {
public:
    /// Fails as opening a file does; a pipe or folder is refused.
    static Result<Lines> open(const std::filesystem::path& path, std::size_t longest);
    Lines(Lines&&) noexcept;
    Lines& operator=(Lines&&) noexcept;
    ~Lines();

    /// The next line without its line feed; nothing at the end. Fails with `invalid_input` for a line that is too long,
    /// or that the end of the file cuts off.
    Result<std::optional<std::string_view>> next();
    /// Of the line given last, from 1.
    std::uint64_t number() const;
    /// Of the file when it was opened.
    std::uint64_t file_bytes() const;

private:
    struct State;
    explicit Lines(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace bartizan::lineage
