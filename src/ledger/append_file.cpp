#include "ledger/append_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/file.h"

namespace bartizan::ledger {

Result<AppendFile> AppendFile::open(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0) return system_failure(errno, "cannot open", path);
    struct stat status {};
    const bool regular = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    AppendFile file(fd, path, static_cast<std::uint64_t>(status.st_size));
    if (!regular) return invalid_input("'" + path.string() + "' is not a regular file");
    return file;
}

AppendFile::~AppendFile() {
    if (fd_ >= 0) ::close(fd_);
}
AppendFile::AppendFile(AppendFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)), size_(other.size_) {}
AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(path_, other.path_);
    std::swap(size_, other.size_);
    return *this;
}

Result<void> AppendFile::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_failure(errno, "cannot write", path_);
        bytes.remove_prefix(static_cast<std::size_t>(written));
        size_ += static_cast<std::uint64_t>(written);
    }
    return {};
}

Result<void> AppendFile::sync() {
    if (::fdatasync(fd_) != 0) return system_failure(errno, "cannot sync", path_);
    return {};
}

Result<void> AppendFile::cut(std::uint64_t size) {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return system_failure(errno, "cannot cut", path_);
    size_ = size;
    return {};
}

Result<void> AppendFile::lock() {
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return {};
    return Error(Errc::conflict, "'" + path_.string() + "' is in use by another process", "stop that process first");
}

Result<void> sync_folder(const std::filesystem::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return system_failure(errno, "cannot open", folder);
    const bool synced = ::fsync(fd) == 0;
    const int error = errno;
    ::close(fd);
    if (!synced) return system_failure(error, "cannot sync", folder);
    return {};
}

}  // namespace bartizan::ledger
