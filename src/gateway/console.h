#pragma once
/// The console's files, as the build of `console/` made them: read once at the start, answered from memory. What is not
/// in the table made then is not there, so no path leads elsewhere. Every answer has the headers that keep the page to
/// itself: a Content-Security-Policy that lets only files of this server run, no framing, no guessing of types.
/// Thread rule: immutable once loaded.

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "http/server.h"

namespace bartizan::gateway {

struct ConsoleFile {
    std::string_view type;   ///< a literal
    std::string body;
    std::string tag;         ///< ETag: of its SHA-256
    bool immutable = false;  ///< its name has a hash of its content
};

class Console {
public:
    static constexpr std::size_t kMostFiles = 1000;
    static constexpr std::uint64_t kMostBytes = std::uint64_t{32} << 20;  ///< of all files

    /// Says, in plain HTML, that the console was not built, and how to build it.
    Console();
    /// Files of unknown kinds and links are passed over. Fails with `invalid_input` where there is no index.html, or
    /// more than fits the limits.
    static Result<Console> load(const std::filesystem::path& folder);

    bool built() const { return built_; }
    /// What lies at a path, given as its parts; null: nothing. Addresses of pages, which are no files, have the start
    /// page, where the asker is a browser that opens a page (`accept`).
    const ConsoleFile* find(std::span<const std::string> parts, std::string_view accept) const;
    /// 200, or 304 where the asker has it already.
    http::Reply answer(const ConsoleFile& file, std::string_view if_none_match) const;

private:
    bool built_ = false;
    std::map<std::string, ConsoleFile, std::less<>> files_;  ///< by path: "assets/index-1a2b.js"
};

/// For every answer of the console.
inline constexpr std::string_view kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";
/// For documents that the API hands out (reports): nothing in them runs, and they have no origin.
inline constexpr std::string_view kDocumentPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox";

}  // namespace bartizan::gateway
