#include "provenance/hash_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <numeric>
#include <optional>
#include <system_error>
#include <thread>

namespace bartizan::provenance {
namespace {

/// Progress is told, and a wish to stop heard, once per so many bytes.
constexpr std::uint64_t kStride = std::uint64_t{8} << 20;

Error failure(int error, const char* what) {
    const Errc code = error == EACCES || error == EPERM ? Errc::denied
                      : error == ENOENT                 ? Errc::not_found
                                                        : Errc::invalid_input;
    if (error == ELOOP) return {Errc::invalid_input, "became a symbolic link"};
    return {code, std::string(what) + ": " + std::generic_category().message(error)};
}

class OpenFile {
public:
    static Result<OpenFile> open(const std::filesystem::path& path, Links links) {
        const int no_follow = links == Links::refuse ? O_NOFOLLOW : 0;
        OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | no_follow));
        if (file.fd_ < 0) return failure(errno, "cannot open");
        if (::fstat(file.fd_, &file.before_) != 0) return failure(errno, "cannot inspect");
        if (!S_ISREG(file.before_.st_mode)) return invalid_input("is no longer a regular file");
        ::posix_fadvise(file.fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
        return file;
    }
    OpenFile(OpenFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), before_(other.before_) {}
    OpenFile& operator=(OpenFile&&) = delete;
    ~OpenFile() {
        if (fd_ >= 0) ::close(fd_);
    }

    /// 0 at the end.
    Result<std::size_t> read(std::span<std::byte> buffer) const {
        while (true) {
            const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
            if (got >= 0) return static_cast<std::size_t>(got);
            if (errno != EINTR) return failure(errno, "cannot read");
        }
    }

    Result<void> check_unchanged(std::uint64_t bytes_read) const {
        struct stat after {};
        if (::fstat(fd_, &after) != 0) return failure(errno, "cannot inspect");
        const bool same = after.st_mtim.tv_sec == before_.st_mtim.tv_sec &&
                          after.st_mtim.tv_nsec == before_.st_mtim.tv_nsec &&
                          static_cast<std::uint64_t>(after.st_size) == bytes_read;
        if (same) return {};
        return Error(Errc::conflict, "changed while it was read", "wait until nothing writes to it");
    }

private:
    explicit OpenFile(int fd) : fd_(fd) {}
    int fd_;
    struct stat before_ {};
};

class Pool {
public:
    Pool(std::span<const TreeFile> files, Links links, const RunContext& context)
        : files_(files), links_(links), context_(context), results_(files.size()), order_(files.size()) {
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::ranges::stable_sort(order_, std::greater(), [&](std::size_t i) { return files_[i].size; });
        for (const TreeFile& file : files) total_ += file.size;
    }

    std::vector<Result<crypto::Sha256Digest>> run() {
        const auto wanted = std::min(static_cast<std::size_t>(context_.threads()), files_.size());
        std::vector<std::thread> helpers;
        for (std::size_t i = 1; i < wanted; ++i) helpers.emplace_back([this] { work(); });
        work();
        for (std::thread& helper : helpers) helper.join();
        context_.progress_finish();
        std::vector<Result<crypto::Sha256Digest>> out;
        for (auto& result : results_) out.push_back(std::move(*result));
        return out;
    }

private:
    void work() {
        std::vector<std::byte> buffer(kHashBuffer);
        while (true) {
            const std::size_t next = next_.fetch_add(1);
            if (next >= order_.size()) return;
            const std::size_t index = order_[next];
            results_[index] = hash(files_[index], buffer);
        }
    }

    Result<crypto::Sha256Digest> hash(const TreeFile& file, std::span<std::byte> buffer) {
        BARTIZAN_TRY(context_.checkpoint());
        const OpenFile open = BARTIZAN_TRY(OpenFile::open(file.path, links_));
        crypto::Sha256 digest;
        std::uint64_t size = 0;
        std::uint64_t told = 0;
        while (const std::size_t got = BARTIZAN_TRY(open.read(buffer))) {
            digest.update(buffer.first(got));
            size += got;
            if (size - told < kStride) continue;
            tell(size - std::exchange(told, size));
            BARTIZAN_TRY(context_.checkpoint());
        }
        tell(size - told);
        BARTIZAN_TRY(open.check_unchanged(size));
        return digest.finish();
    }

    void tell(std::uint64_t bytes) {
        const std::uint64_t done = done_.fetch_add(bytes) + bytes;
        context_.progress({"hashing", done >> 20, total_ >> 20, "MiB"});
    }

    std::span<const TreeFile> files_;
    Links links_;
    const RunContext& context_;
    std::vector<std::optional<Result<crypto::Sha256Digest>>> results_;
    std::vector<std::size_t> order_;
    std::uint64_t total_ = 0;
    std::atomic<std::size_t> next_{0};
    std::atomic<std::uint64_t> done_{0};
};

}  // namespace

std::vector<Result<crypto::Sha256Digest>> hash_files(std::span<const TreeFile> files, Links links,
                                                     const RunContext& context) {
    return Pool(files, links, context).run();
}

}  // namespace bartizan::provenance
