#include "scan/targets.h"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "scan/scan.h"

namespace bartizan::scan {
namespace {

namespace fs = std::filesystem;

bool is_inside(const fs::path& path, const fs::path& root) {
    return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

/// A link below the root: nothing if what it leads to lies inside the root too.
std::optional<Target> link_target(const fs::path& link, const fs::path& real_root) {
    std::error_code error;
    const fs::path real = fs::canonical(link, error);
    if (error) return Target{link, "link", "a link that leads nowhere"};
    if (is_inside(real, real_root)) return std::nullopt;
    return Target{link, "link",
                  fmt::format("a link that leads out of the target, to '{}': not followed", real.string())};
}

std::optional<Target> target_of(const fs::path& path, fs::file_status status, const fs::path& real_root) {
    switch (status.type()) {
        case fs::file_type::regular:
            return Target{path};
        case fs::file_type::symlink:
            return link_target(path, real_root);
        case fs::file_type::directory:
            return std::nullopt;
        case fs::file_type::fifo:
            return Target{path, "special file", "a pipe, not a file: not read"};
        case fs::file_type::socket:
            return Target{path, "special file", "a socket, not a file: not read"};
        case fs::file_type::block:
        case fs::file_type::character:
            return Target{path, "special file", "a device, not a file: not read"};
        default:
            return Target{path, "unknown", "cannot be inspected"};
    }
}

/// What lies in one folder; the folders in it are appended to `folders`.
void walk(const fs::path& folder, const fs::path& real_root, std::vector<fs::path>& folders,
          std::vector<Target>& targets) {
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    if (error) {
        targets.push_back({folder, "folder", "cannot be opened: " + error.message()});
        return;
    }
    for (const fs::directory_iterator end; entries != end && targets.size() <= kMaxFiles; entries.increment(error)) {
        std::error_code ignored;
        const fs::file_status status = entries->symlink_status(ignored);
        if (status.type() == fs::file_type::directory) folders.push_back(entries->path());
        if (auto target = target_of(entries->path(), status, real_root)) targets.push_back(std::move(*target));
        if (error) break;
    }
    if (error) targets.push_back({folder, "folder", "cannot be read to its end: " + error.message()});
}

}  // namespace

Result<std::vector<Target>> targets_of(const fs::path& root) {
    std::error_code error;
    const fs::file_status status = fs::status(root, error);
    if (status.type() == fs::file_type::not_found)
        return Error(Errc::not_found, fmt::format("there is no '{}'", root.string()), "check the path");
    if (error)
        return Error(Errc::denied, fmt::format("cannot look at '{}': {}", root.string(), error.message()),
                     "check the permissions");
    if (status.type() != fs::file_type::directory) {
        auto target = target_of(root, status, root);
        return std::vector<Target>{target.value_or(Target{root})};
    }
    const fs::path real_root = fs::canonical(root, error);
    std::vector<fs::path> folders = {root};
    std::vector<Target> targets;
    while (!folders.empty()) {
        const fs::path folder = std::move(folders.back());
        folders.pop_back();
        walk(folder, real_root, folders, targets);
        if (targets.size() > kMaxFiles)
            return exhausted(fmt::format("'{}' has more than {} files", root.string(), kMaxFiles));
    }
    std::ranges::sort(targets, {}, &Target::path);
    return targets;
}

}  // namespace bartizan::scan
