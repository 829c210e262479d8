#pragma once
/// A pass phrase or PIN: cannot be copied by accident or printed, and its memory is wiped when it goes.
/// Thread rule: a plain value.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::crypto {

class Secret {
public:
    explicit Secret(std::string text) : text_(std::move(text)) {}
    /// The first line of a file, without its line break. Fails with `invalid_input` when that is empty.
    static Result<Secret> from_file(const std::filesystem::path& path);
    ~Secret();
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;

    std::string_view text() const { return text_; }

private:
    std::string text_;
};

using Passphrase = std::optional<Secret>;

/// Overwrites the bytes of `text` in a way that the compiler does not remove.
void wipe(std::string& text);

}  // namespace bartizan::crypto
