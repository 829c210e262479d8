#include "model/memory.h"

#include <atomic>
#include <charconv>
#include <cstddef>
#include <new>
#include <string>

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/alignment.h>
#include <c10/core/impl/alloc_cpu.h>
#include <c10/util/Exception.h>
#include <unistd.h>

#include "core/file.h"

namespace bartizan::model {
namespace memory {
namespace {

// Room for the size in front of each block, as wide as LibTorch's own alignment.
constexpr std::size_t kHeader = 64;
static_assert(kHeader % c10::gAlignment == 0 && kHeader >= sizeof(std::size_t));
// Above LibTorch's own allocator, which has priority 0.
constexpr std::uint8_t kPriority = 100;

std::atomic<std::uint64_t> limit{0}, live{0}, peak{0};

void raise_peak(std::uint64_t now) {
    std::uint64_t known = peak.load(std::memory_order_relaxed);
    while (now > known && !peak.compare_exchange_weak(known, now, std::memory_order_relaxed)) {
    }
}

void release(void* data) {
    if (data == nullptr) return;
    std::byte* block = static_cast<std::byte*>(data) - kHeader;
    live.fetch_sub(*reinterpret_cast<std::size_t*>(block), std::memory_order_relaxed);
    c10::free_cpu(block);
}

/// LibTorch's allocator with a count in front.
class LimitedAllocator final : public c10::Allocator {
public:
    c10::DataPtr allocate(std::size_t bytes) const override {
        void* data = nullptr;
        if (bytes > 0) {
            const std::uint64_t now = live.fetch_add(bytes, std::memory_order_relaxed) + bytes;
            const std::uint64_t most = limit.load(std::memory_order_relaxed);
            if (bytes > most || now > most) {
                live.fetch_sub(bytes, std::memory_order_relaxed);
                throw std::bad_alloc();
            }
            data = claim(bytes);
            raise_peak(now);
        }
        return {data, data, &release, c10::Device(c10::DeviceType::CPU)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &release; }

private:
    static void* claim(std::size_t bytes) {
        void* block = nullptr;
        try {
            block = c10::alloc_cpu(bytes + kHeader);
        } catch (...) {
            live.fetch_sub(bytes, std::memory_order_relaxed);
            throw;
        }
        *static_cast<std::size_t*>(block) = bytes;
        return static_cast<std::byte*>(block) + kHeader;
    }
};

/// The memory limit of the control group that the program runs in; nothing where there is none.
std::uint64_t control_group_limit() {
    const auto text = read_file("/sys/fs/cgroup/memory.max", 64);
    std::uint64_t bytes = 0;
    if (text.ok()) std::from_chars(text->data(), text->data() + text->size(), bytes);
    return bytes;
}

}  // namespace
}  // namespace memory

Result<void> install_memory_limit(std::uint64_t bytes) {
    if (bytes == 0) return invalid_input("a memory limit of 0 bytes");
    std::uint64_t none = 0;
    if (!memory::limit.compare_exchange_strong(none, bytes))
        return Error(Errc::conflict, "a memory limit is in place already");
    // Never destroyed: tensors may be freed after `main`.
    static memory::LimitedAllocator* const allocator = new memory::LimitedAllocator;
    c10::SetCPUAllocator(allocator, memory::kPriority);
    return {};
}

std::uint64_t live_tensor_bytes() { return memory::live.load(std::memory_order_relaxed); }
std::uint64_t peak_tensor_bytes() { return memory::peak.load(std::memory_order_relaxed); }

std::uint64_t default_memory_limit() {
    const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
    std::uint64_t bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    if (const std::uint64_t group = memory::control_group_limit(); group > 0 && group < bytes) bytes = group;
    return bytes / 4 * 3;
}

}  // namespace bartizan::model
