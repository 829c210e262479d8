#pragma once
/// Bytes made by decompression, in constant memory: held while they are few, in a nameless temporary file beyond that.
/// Everything made is paid from the budget; a bomb is reported and ends the unpacking.
/// Thread rule: one object, one thread.

#include <cstdint>
#include <vector>

#include "scan/judge.h"

namespace bartizan::scan {

/// So much of one stream is held in memory.
inline constexpr std::size_t kHeldBytes = std::size_t{1} << 20;
/// A stream that grows by more than this factor to more than so many bytes is a bomb.
inline constexpr std::uint64_t kBombRatio = 150;
inline constexpr std::uint64_t kBombBytes = std::uint64_t{100} << 20;

class Unpacked final {
public:
    /// `packed`: how many bytes it is made of.
    Unpacked(const Context& context, std::uint64_t packed) : context_(context), packed_(packed) {}
    ~Unpacked();
    Unpacked(const Unpacked&) = delete;
    Unpacked& operator=(const Unpacked&) = delete;

    /// False: no more may come; the reason is reported.
    bool append(Bytes part);
    /// These packed bytes are done with: their memory may be given back.
    void done_with(Bytes packed) const { give_back(context_, packed); }
    /// All that was appended. Call it when nothing more comes.
    Bytes bytes();
    /// The bytes, where they are a map of the temporary file.
    Bytes mapped() const { return map_ == nullptr ? Bytes() : Bytes(static_cast<const std::byte*>(map_), size_); }
    std::uint64_t size() const { return size_; }
    std::uint64_t packed() const { return packed_; }

private:
    bool within_budget(std::size_t more);
    bool spill(Bytes part);

    const Context& context_;
    std::uint64_t packed_;
    std::size_t size_ = 0;
    std::vector<std::byte> held_;
    int fd_ = -1;
    void* map_ = nullptr;
};

}  // namespace bartizan::scan
