/// The files of a folder as items. The walk takes them as they come; the sorter brings them into order.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "core/file.h"
#include "crypto/hash.h"
#include "lineage/item_sources.h"
#include "provenance/hash_files.h"

namespace bartizan::lineage {
namespace {

namespace fs = std::filesystem;

/// What the walk keeps of a file, as the value of a record; behind it the reason why it is refused.
struct Status {
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0;
    std::uint64_t inode = 0;
};

std::string kind_in_words(mode_t mode) {
    if (S_ISLNK(mode)) return "a symbolic link";
    if (S_ISFIFO(mode)) return "a pipe";
    if (S_ISSOCK(mode)) return "a socket";
    return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "not a regular file";
}

std::string record_of(const Status& status, const std::string& refused) {
    std::string value(sizeof status, '\0');
    std::memcpy(value.data(), &status, sizeof status);
    return value + refused;
}

class Walk {
public:
    Walk(Sorter& sorter, const Reading& reading, const RunContext& context)
        : sorter_(sorter), ignored_(reading.ignored.begin(), reading.ignored.end()), context_(context) {}

    Result<void> folder(const fs::path& path, const std::string& prefix, int depth) {
        if (depth > kDeepestFolder) return exhausted("folders nested deeper than " + std::to_string(kDeepestFolder));
        std::error_code error;
        fs::directory_iterator at(path, error);
        for (; !error && at != fs::directory_iterator(); at.increment(error))
            BARTIZAN_TRY(entry(at->path(), prefix + at->path().filename().string(), depth));
        if (error && depth == 0)
            return Error(Errc::denied, "cannot list '" + path.string() + "': " + error.message(),
                         "check the permissions");
        if (error)
            return sorter_.add(prefix.substr(0, prefix.size() - 1),
                               record_of({}, "cannot be listed: " + error.message()));
        return {};
    }

private:
    Result<void> entry(const fs::path& path, const std::string& name, int depth) {
        if (ignored_.contains(name)) return {};
        struct stat found {};
        if (::lstat(path.c_str(), &found) != 0) return {};  // it went while the folder was read
        if (S_ISDIR(found.st_mode)) return folder(path, name + "/", depth + 1);
        if (++count_ % 4096 == 0) {
            BARTIZAN_TRY(context_.checkpoint());
            context_.progress({"listing", count_, 0, "files"});
        }
        std::string refused = S_ISREG(found.st_mode) ? "" : kind_in_words(found.st_mode);
        if (const auto fit = check_id(name, IdRule::path); !fit.ok()) refused = fit.error().message();
        const Status status{static_cast<std::uint64_t>(found.st_size),
                            std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec, found.st_ino};
        return sorter_.add(name, record_of(status, refused));
    }

    Sorter& sorter_;
    std::unordered_set<std::string> ignored_;
    const RunContext& context_;
    std::uint64_t count_ = 0;
};

/// "train/cat/1.png" -> "cat"
std::string holding_folder(std::string_view name) {
    const std::size_t end = name.rfind('/');
    if (end == std::string_view::npos) return {};
    const std::size_t before = name.substr(0, end).rfind('/');
    return std::string(name.substr(before + 1, end - before - 1));
}

class FolderItems final : public Items {
public:
    FolderItems(fs::path root, Sorter sorter, bool labels)
        : root_(std::move(root)), sorter_(std::move(sorter)), labels_(labels) {}

    Result<std::optional<Found>> next() override {
        const auto record = BARTIZAN_TRY(sorter_.next());
        if (!record) return std::optional<Found>();
        Status status;
        std::memcpy(&status, record->value.data(), sizeof status);
        Found found;
        found.item.id = record->key;
        found.item.size = status.size;
        found.item.seen = Seen{status.mtime_ns, status.inode};
        if (labels_) found.item.label = holding_folder(record->key);
        found.file = root_ / fs::path(std::string(record->key));
        found.refused = record->value.substr(sizeof status);
        return std::optional<Found>(std::move(found));
    }

private:
    fs::path root_;
    Sorter sorter_;
    bool labels_;
};

}  // namespace

Result<std::unique_ptr<Items>> open_files(const fs::path& path, const Reading& reading, const fs::path& scratch,
                                          const RunContext& context) {
    std::error_code error;
    const fs::path root = fs::is_directory(path, error) ? path : path.parent_path();
    Sorter sorter(scratch);
    if (fs::is_directory(path, error)) {
        Walk walk(sorter, reading, context);
        BARTIZAN_TRY_WITHIN(walk.folder(path, "", 0), "'" + path.string() + "'");
        context.progress_finish();
    } else {
        struct stat found {};
        if (::stat(path.c_str(), &found) != 0) return system_failure(errno, "cannot inspect", path);
        const Status status{static_cast<std::uint64_t>(found.st_size),
                            std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec, found.st_ino};
        BARTIZAN_TRY(sorter.add(path.filename().string(), record_of(status, "")));
    }
    BARTIZAN_TRY(sorter.sort());
    return std::unique_ptr<Items>(std::make_unique<FolderItems>(root, std::move(sorter), reading.folder_labels));
}

Result<void> hash_found(std::vector<Found>& found, const RunContext& context) {
    std::vector<provenance::TreeFile> files;
    std::vector<Found*> wanted;
    for (Found& one : found) {
        if (!one.refused.empty() || !one.item.sha256.empty()) continue;
        files.push_back({one.item.id, one.file, one.item.size});
        wanted.push_back(&one);
    }
    if (files.empty()) return {};
    const auto digests = provenance::hash_files(files, provenance::Links::refuse, context.with_progress(nullptr));
    for (std::size_t i = 0; i < digests.size(); ++i) {
        if (digests[i].ok())
            wanted[i]->item.sha256 = crypto::to_hex(*digests[i]);
        else if (digests[i].error().code() == Errc::cancelled)
            return digests[i].error();
        else
            wanted[i]->refused = digests[i].error().message();
    }
    return {};
}

}  // namespace bartizan::lineage
