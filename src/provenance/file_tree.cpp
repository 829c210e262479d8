#include "provenance/file_tree.h"

#include <algorithm>
#include <system_error>
#include <unordered_set>

#include "provenance/names.h"

namespace bartizan::provenance {
namespace {

namespace fs = std::filesystem;

std::string kind_in_words(fs::file_type type) {
    switch (type) {
        case fs::file_type::symlink:
            return "a symbolic link";
        case fs::file_type::fifo:
            return "a pipe";
        case fs::file_type::socket:
            return "a socket";
        case fs::file_type::block:
        case fs::file_type::character:
            return "a device";
        default:
            return "not a regular file";
    }
}

class Walk {
public:
    explicit Walk(const TreeRules& rules) : links_(rules.links), ignored_(rules.ignored.begin(), rules.ignored.end()) {}

    Result<void> folder(const fs::path& path, const std::string& prefix, int depth) {
        if (depth > kDeepestFolder) return exhausted("folders nested deeper than " + std::to_string(kDeepestFolder));
        std::error_code error;
        fs::directory_iterator at(path, error);
        for (; !error && at != fs::directory_iterator(); at.increment(error))
            BARTIZAN_TRY(entry(*at, prefix + at->path().filename().string(), depth));
        if (error && depth == 0)
            return Error(Errc::denied, "cannot list '" + path.string() + "': " + error.message(),
                         "check the permissions");
        if (error) refuse(prefix.substr(0, prefix.size() - 1), "cannot be listed: " + error.message());
        return {};
    }

    FileTree finish() {
        std::ranges::sort(tree_.files, before_by_parts, &TreeFile::name);
        std::ranges::sort(tree_.refused, before_by_parts, &RefusedFile::name);
        return std::move(tree_);
    }

private:
    Result<void> entry(const fs::directory_entry& found, const std::string& name, int depth) {
        if (ignored_.contains(name)) return {};
        if (tree_.files.size() + tree_.refused.size() >= kMostFiles)
            return exhausted("more than " + std::to_string(kMostFiles) + " files");
        std::error_code error;
        const fs::file_type type = found.symlink_status(error).type();
        if (type == fs::file_type::directory) return folder(found.path(), name + "/", depth + 1);
        const bool link = type == fs::file_type::symlink && links_ == Links::follow_to_files;
        if (type == fs::file_type::regular || (link && fs::is_regular_file(found.path(), error)))
            add(found, name);
        else
            refuse(name, link ? "a link that leads to no file" : kind_in_words(type));
        return {};
    }

    void add(const fs::directory_entry& found, const std::string& name) {
        const auto fit = check_name(name);
        if (!fit.ok()) return refuse(name, fit.error().message());
        std::error_code ignored;
        const std::uint64_t size = found.file_size(ignored);
        tree_.files.push_back({name, found.path(), ignored ? 0 : size});
    }

    void refuse(std::string name, std::string why) { tree_.refused.push_back({std::move(name), std::move(why)}); }

    Links links_;
    std::unordered_set<std::string> ignored_;
    FileTree tree_;
};

}  // namespace

std::vector<std::string> default_ignored() { return {".git", ".gitattributes", ".github", ".gitignore"}; }

Result<FileTree> list_files(const fs::path& root, const TreeRules& rules) {
    std::error_code error;
    const fs::file_status status = fs::status(root, error);
    if (status.type() == fs::file_type::not_found)
        return Error(Errc::not_found, "'" + root.string() + "' is not there", "check the path");
    if (error) return Error(Errc::denied, "cannot open '" + root.string() + "': " + error.message());
    if (status.type() == fs::file_type::regular) {
        const std::uint64_t size = fs::file_size(root, error);
        return FileTree{true, {{std::string(kSingleFile), root, size}}, {}};
    }
    if (status.type() != fs::file_type::directory)
        return invalid_input("'" + root.string() + "' is " + kind_in_words(status.type()),
                             "a model is a file or a folder");
    Walk walk(rules);
    BARTIZAN_TRY_WITHIN(walk.folder(root, "", 0), "'" + root.string() + "'");
    return walk.finish();
}

Result<std::string> name_below(const fs::path& root, const fs::path& path) {
    std::error_code error;
    const fs::path absolute_root = fs::weakly_canonical(root, error);
    const fs::path inside = absolute_root / path;
    const bool there = fs::exists(fs::symlink_status(inside, error));
    // The last part is kept as it is written: it may be a link, which is what is to be named.
    fs::path wanted = (there || path.is_absolute() ? inside : fs::absolute(path, error)).lexically_normal();
    if (wanted.filename().empty()) wanted = wanted.parent_path();
    const fs::path folder = fs::weakly_canonical(wanted.parent_path(), error);
    const std::string name = (folder / wanted.filename()).lexically_relative(absolute_root).string();
    if (check_name(name).ok()) return name;
    const std::string plain = path.lexically_normal().string();
    if (path.is_relative() && !there && check_name(plain).ok()) return plain;
    return invalid_input("'" + path.string() + "' is not inside '" + root.string() + "'",
                         "give a path below the model's folder");
}

}  // namespace bartizan::provenance
