#include "lineage/lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "core/file.h"

namespace bartizan::lineage {
namespace {

constexpr std::size_t kBuffer = std::size_t{256} << 10;

}  // namespace

struct Lines::State {
    State(int descriptor, std::filesystem::path file, std::size_t longest_line)
        : fd(descriptor), path(std::move(file)), longest(longest_line), buffer(kBuffer + longest_line) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { ::close(fd); }

    /// Moves what is left to the front and reads behind it; false at the end of the file.
    Result<bool> fill() {
        std::memmove(buffer.data(), buffer.data() + from, to - from);
        to -= from;
        from = 0;
        while (true) {
            const ssize_t got = ::read(fd, buffer.data() + to, buffer.size() - to);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return system_failure(errno, "cannot read", path);
            to += static_cast<std::size_t>(got);
            return got > 0;
        }
    }

    int fd;
    std::filesystem::path path;
    std::size_t longest;
    std::vector<char> buffer;
    std::size_t from = 0, to = 0;
    std::uint64_t number = 0;
    std::uint64_t file_bytes = 0;
};

Lines::Lines(std::unique_ptr<State> state) : state_(std::move(state)) {}
Lines::Lines(Lines&&) noexcept = default;
Lines& Lines::operator=(Lines&&) noexcept = default;
Lines::~Lines() = default;

Result<Lines> Lines::open(const std::filesystem::path& path, std::size_t longest) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return system_failure(errno, "cannot open", path);
    auto state = std::make_unique<State>(fd, path, longest);
    struct stat status {};
    if (::fstat(fd, &status) != 0) return system_failure(errno, "cannot inspect", path);
    if (!S_ISREG(status.st_mode))
        return invalid_input("'" + path.string() + "' is not a regular file", "a file of lines is needed");
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    state->file_bytes = static_cast<std::uint64_t>(status.st_size);
    return Lines(std::move(state));
}

Result<std::optional<std::string_view>> Lines::next() {
    State& s = *state_;
    std::size_t searched = 0;
    while (true) {
        const char* begin = s.buffer.data() + s.from;
        const auto* end = static_cast<const char*>(std::memchr(begin + searched, '\n', s.to - s.from - searched));
        const std::size_t length = end != nullptr ? static_cast<std::size_t>(end - begin) : s.to - s.from;
        if (length > s.longest)
            return invalid_input("line " + std::to_string(s.number + 1) + " is longer than " +
                                 std::to_string(s.longest) + " bytes");
        if (end != nullptr) {
            s.from += length + 1;
            ++s.number;
            return std::optional<std::string_view>(std::string_view(begin, length));
        }
        searched = length;
        if (BARTIZAN_TRY(s.fill())) continue;
        if (length == 0) return std::optional<std::string_view>();
        return invalid_input("line " + std::to_string(s.number + 1) + " is cut off: the file ends in it");
    }
}

std::uint64_t Lines::number() const { return state_->number; }
std::uint64_t Lines::file_bytes() const { return state_->file_bytes; }

}  // namespace bartizan::lineage
