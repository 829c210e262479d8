#pragma once
/// The files of a model: what is in a folder (or the one file), in the order of signing, without those to be ignored.
/// Links are not followed unless asked; what is not a regular file is listed as refused, not opened.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::provenance {

inline constexpr std::size_t kMostFiles = 1'000'000;
inline constexpr int kDeepestFolder = 128;

enum class Links { refuse, follow_to_files };

struct TreeRules {
    std::vector<std::string> ignored;  ///< names relative to the root; each hides itself and what is below
    Links links = Links::refuse;
};

struct TreeFile {
    std::string name;  ///< relative to the root; "." when the root is a file
    std::filesystem::path path;
    std::uint64_t size = 0;
};
struct RefusedFile {
    std::string name;
    std::string why;
};

struct FileTree {
    bool single = false;
    std::vector<TreeFile> files;  ///< ordered by `before_by_parts`
    std::vector<RefusedFile> refused;
};

/// What the reference signer leaves out by itself: .git, .gitattributes, .github, .gitignore.
std::vector<std::string> default_ignored();

/// Fails with `not_found`, `denied` (the root cannot be read), `exhausted` beyond the limits above.
Result<FileTree> list_files(const std::filesystem::path& root, const TreeRules& rules);

/// What the user calls `path` as a name below `root`: relative to the root if such a thing is there, else relative to
/// the working folder. Fails with `invalid_input` when it lies outside the root or is the root itself.
Result<std::string> name_below(const std::filesystem::path& root, const std::filesystem::path& path);

}  // namespace bartizan::provenance
