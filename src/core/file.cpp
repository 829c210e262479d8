#include "core/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace bartizan {

Error system_failure(int error, const std::string& what, const std::filesystem::path& path) {
    const std::string message = what + " '" + path.string() + "': " + std::generic_category().message(error);
    switch (error) {
        case ENOENT:
            return {Errc::not_found, message, "check the path"};
        case EACCES:
        case EPERM:
        case EROFS:
            return {Errc::denied, message, "check the permissions"};
        case EEXIST:
            return {Errc::conflict, message, "choose another name, or remove that file"};
        case ENOSPC:
        case EDQUOT:
            return {Errc::exhausted, message, "free some space or write elsewhere"};
        case EMFILE:
        case ENFILE:
        case EFBIG:
        case ENOMEM:
        case EIO:
            return {Errc::exhausted, message};
        default:
            return {Errc::invalid_input, message};
    }
}

namespace {

/// Closes on every path out.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

struct Opened {
    std::unique_ptr<Descriptor> descriptor;
    std::uint64_t size;
};

/// Opens a regular file for reading; a pipe or a device would never end or block, so they are refused.
Result<Opened> open_regular(const std::filesystem::path& path) {
    auto descriptor = std::make_unique<Descriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (descriptor->get() < 0) return system_failure(errno, "cannot open", path);
    struct stat status {};
    if (::fstat(descriptor->get(), &status) != 0) return system_failure(errno, "cannot inspect", path);
    if (S_ISDIR(status.st_mode)) return invalid_input("'" + path.string() + "' is a folder, a file is needed");
    if (!S_ISREG(status.st_mode)) return invalid_input("'" + path.string() + "' is not a regular file");
    return Opened{std::move(descriptor), static_cast<std::uint64_t>(status.st_size)};
}

Result<void> append_all(int fd, std::span<const std::byte> content, const std::filesystem::path& path) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_failure(errno, "cannot write", path);
        content = content.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> sync(int fd, const std::filesystem::path& path) {
    if (::fsync(fd) != 0 && errno != EINVAL) return system_failure(errno, "cannot write", path);
    return {};
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit_bytes) {
    const Opened file = BARTIZAN_TRY(open_regular(path));
    if (file.size > limit_bytes)
        return exhausted("'" + path.string() + "' has " + std::to_string(file.size) + " bytes, at most " +
                         std::to_string(limit_bytes) + " are read");
    std::string content(static_cast<std::size_t>(file.size), '\0');
    std::size_t have = 0;
    while (have < content.size()) {
        const ssize_t got = ::read(file.descriptor->get(), content.data() + have, content.size() - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_failure(errno, "cannot read", path);
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    content.resize(have);
    return content;
}

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path) {
    const Opened file = BARTIZAN_TRY(open_regular(path));
    const auto size = static_cast<std::size_t>(file.size);
    if (size == 0) return std::shared_ptr<const MappedFile>(new MappedFile(nullptr, 0));
    void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.descriptor->get(), 0);
    if (data == MAP_FAILED) return system_failure(errno, "cannot map", path);
    return std::shared_ptr<const MappedFile>(new MappedFile(data, size));
}

MappedFile::~MappedFile() {
    if (data_ != nullptr) ::munmap(data_, size_);
}

Result<void> write_pieces_atomically(const std::filesystem::path& path,
                                     const std::function<Result<void>(const AppendBytes&)>& make) {
    std::string temporary = path.string() + ".XXXXXX";
    Descriptor descriptor(::mkostemp(temporary.data(), O_CLOEXEC));
    if (descriptor.get() < 0) return system_failure(errno, "cannot write", path);
    auto written = make([&](std::span<const std::byte> piece) { return append_all(descriptor.get(), piece, path); });
    if (written.ok()) written = sync(descriptor.get(), path);
    if (written.ok()) {
        const mode_t mask = ::umask(0);
        ::umask(mask);
        ::fchmod(descriptor.get(), 0666 & ~mask);
        if (::close(descriptor.release()) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0)
            written = system_failure(errno, "cannot write", path);
    }
    if (!written.ok()) ::unlink(temporary.c_str());
    return written;
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> content) {
    return write_pieces_atomically(path, [&](const AppendBytes& append) { return append(content); });
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content) {
    return write_file_atomically(path, std::as_bytes(std::span(content.data(), content.size())));
}

Result<void> write_new_private_file(const std::filesystem::path& path, std::string_view content) {
    Descriptor descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (descriptor.get() < 0) return system_failure(errno, "cannot make", path);
    auto written = append_all(descriptor.get(), std::as_bytes(std::span(content.data(), content.size())), path);
    if (written.ok()) written = sync(descriptor.get(), path);
    if (!written.ok()) ::unlink(path.c_str());
    return written;
}

Result<void> make_folder(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return system_failure(error.value(), "cannot make folder", path);
    if (!std::filesystem::is_directory(path, error)) return invalid_input("'" + path.string() + "' is not a folder");
    return {};
}

}  // namespace bartizan
