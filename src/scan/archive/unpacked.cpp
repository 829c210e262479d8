#include "scan/archive/unpacked.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "scan/say.h"
#include "scan/scratch_files.h"

namespace bartizan::scan {
namespace {

bool write_all(int fd, Bytes part) {
    while (!part.empty()) {
        const ssize_t written = ::write(fd, part.data(), part.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        part = part.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

Unpacked::~Unpacked() {
    if (map_ != nullptr) ::munmap(map_, size_);
    if (fd_ >= 0) give_scratch_file_back(fd_);
}

bool Unpacked::within_budget(std::size_t more) {
    const std::uint64_t made = size_ + more;
    if (made > kBombBytes && made / kBombRatio > packed_) {
        malicious(context_, rule::kExhausts, "a decompression bomb", 0,
                  fmt::format("{} bytes unfold to more than {}", packed_, made));
        return false;
    }
    if (context_.budget.unpacked < more) {
        context_.incomplete("unpacking stopped: the file unfolds to more than the limit", 0);
        return false;
    }
    context_.budget.unpacked -= more;
    return true;
}

bool Unpacked::spill(Bytes part) {
    if (fd_ < 0) {
        fd_ = take_scratch_file();
        if (fd_ < 0 || !write_all(fd_, held_)) {
            context_.incomplete("unpacking stopped: no room for a temporary file", 0);
            return false;
        }
        held_ = {};
    }
    if (write_all(fd_, part)) return true;
    context_.incomplete("unpacking stopped: no room in the temporary folder", 0);
    return false;
}

bool Unpacked::append(Bytes part) {
    if (part.empty()) return true;
    if (!within_budget(part.size())) return false;
    if (fd_ < 0 && held_.size() + part.size() <= kHeldBytes)
        held_.insert(held_.end(), part.begin(), part.end());
    else if (!spill(part))
        return false;
    size_ += part.size();
    return true;
}

Bytes Unpacked::bytes() {
    if (fd_ < 0) return held_;
    if (map_ == nullptr) {
        void* data = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd_, 0);
        if (data == MAP_FAILED) {
            context_.incomplete("the unpacked content cannot be mapped", 0);
            return {};
        }
        map_ = data;
    }
    return mapped();
}

}  // namespace bartizan::scan
