#include "scan/scratch_files.h"

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace bartizan::scan {
namespace {

/// An open file without a name: it is gone when it is closed, however that comes about.
int nameless_file() {
    std::error_code error;
    std::string name = (std::filesystem::temp_directory_path(error) / "bartizan-XXXXXX").string();
    const int nameless =
        ::open(std::filesystem::path(name).parent_path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (nameless >= 0) return nameless;
    const int named = ::mkostemp(name.data(), O_CLOEXEC);
    if (named >= 0) ::unlink(name.c_str());
    return named;
}

struct Kept {
    std::mutex mutex;
    bool only = false;  ///< no others are opened
    std::vector<int> files;
};
Kept& kept() {
    static Kept files;
    return files;
}

}  // namespace

void keep_scratch_files() {
    const std::lock_guard lock(kept().mutex);
    kept().only = true;
    for (int i = 0; i < kScratchFiles; ++i)
        if (const int fd = nameless_file(); fd >= 0) kept().files.push_back(fd);
}

int take_scratch_file() {
    const std::lock_guard lock(kept().mutex);
    if (!kept().only) return nameless_file();
    if (kept().files.empty()) return -1;
    const int fd = kept().files.back();
    kept().files.pop_back();
    return fd;
}

void give_scratch_file_back(int fd) {
    const std::lock_guard lock(kept().mutex);
    const bool emptied = kept().only && ::ftruncate(fd, 0) == 0 && ::lseek(fd, 0, SEEK_SET) == 0;
    if (emptied)
        kept().files.push_back(fd);
    else
        ::close(fd);
}

}  // namespace bartizan::scan
