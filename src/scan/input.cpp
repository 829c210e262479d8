#include "scan/input.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <system_error>

#include <fmt/format.h>

namespace bartizan::scan {
namespace {

/// Smaller files are read: that is cheaper than a map, and cannot fault.
constexpr std::uint64_t kMapFrom = std::uint64_t{256} << 10;
constexpr std::uintptr_t kPage = 4096;

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

Error failure(int error, const std::filesystem::path& path) {
    const Errc code = error == ENOENT                     ? Errc::not_found
                      : error == EACCES || error == EPERM ? Errc::denied
                                                          : Errc::invalid_input;
    return {code, fmt::format("cannot read '{}': {}", path.string(), std::generic_category().message(error))};
}

/// Pages of a mapped file beyond its new end raise SIGBUS. The handler puts zeros there and lets the reader go on; it
/// acts only on maps of this thread, everything else goes the way it went before.
thread_local std::uintptr_t watched_begin = 0;
thread_local std::uintptr_t watched_end = 0;
thread_local volatile sig_atomic_t watched_faulted = 0;
struct sigaction previous_action;

void on_bus_error(int number, siginfo_t* info, void* machine) {
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    if (address >= watched_begin && address < watched_end) {
        void* const page = reinterpret_cast<void*>(address / kPage * kPage);
        if (::mmap(page, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED) {
            watched_faulted = 1;
            return;
        }
    }
    if ((previous_action.sa_flags & SA_SIGINFO) != 0 && previous_action.sa_sigaction != nullptr) {
        previous_action.sa_sigaction(number, info, machine);
        return;
    }
    ::signal(SIGBUS, SIG_DFL);  // the fault is raised again, and then ends the process
}

void catch_bus_errors() {
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action {};
        action.sa_sigaction = on_bus_error;
        action.sa_flags = SA_SIGINFO | SA_NODEFER;
        ::sigaction(SIGBUS, &action, &previous_action);
    });
}

}  // namespace

Result<std::unique_ptr<Input>> Input::open(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return failure(errno, path);
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
        const int error = errno;
        ::close(fd);
        return failure(error, path);
    }
    std::unique_ptr<Input> input(
        new Input(fd, static_cast<std::uint64_t>(status.st_size), nanoseconds(status.st_mtim)));
    if (!S_ISREG(status.st_mode)) return invalid_input(fmt::format("'{}' is not a regular file", path.string()));
    const auto read = input->size_ < kMapFrom ? input->read_all() : input->map_all();
    if (!read.ok()) return failure(errno, path);
    return input;
}

Result<void> Input::read_all() {
    buffer_.resize(static_cast<std::size_t>(size_));
    std::size_t have = 0;
    while (have < buffer_.size()) {
        const ssize_t got = ::read(fd_, buffer_.data() + have, buffer_.size() - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return invalid_input("read");
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    buffer_.resize(have);
    bytes_ = buffer_;
    return {};
}

Result<void> Input::map_all() {
    catch_bus_errors();
    void* data = ::mmap(nullptr, static_cast<std::size_t>(size_), PROT_READ, MAP_PRIVATE, fd_, 0);
    if (data == MAP_FAILED) return invalid_input("mmap");
    map_ = data;
    bytes_ = {static_cast<const std::byte*>(data), static_cast<std::size_t>(size_)};
    watched_begin = reinterpret_cast<std::uintptr_t>(data);
    watched_end = watched_begin + bytes_.size();
    watched_faulted = 0;
    return {};
}

bool Input::changed() const {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) return true;
    return static_cast<std::uint64_t>(status.st_size) != size_ || nanoseconds(status.st_mtim) != modified_ ||
           bytes_.size() != size_ || (map_ != nullptr && watched_faulted != 0);
}

Input::~Input() {
    if (map_ != nullptr) {
        ::munmap(map_, bytes_.size());
        watched_begin = watched_end = 0;
    }
    ::close(fd_);
}

}  // namespace bartizan::scan
