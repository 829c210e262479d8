#pragma once
/// How the judge of one format is called. A judge reads bytes that an attacker wrote: it never runs them, bounds every
/// allocation, and spends from one budget so that nested content cannot multiply the work.
/// Thread rule: one context, one thread.

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "scan/verdict.h"

namespace bartizan::scan {

using Bytes = std::span<const std::byte>;
class TensorCollector;
class StorageTypes;

/// What one file may cost, nested content included.
struct Budget {
    std::uint64_t steps = 50'000'000;                 ///< opcodes, tokens, records
    std::uint64_t unpacked = std::uint64_t{4} << 30;  ///< bytes made by decompression, in total
    std::uint64_t memory = std::uint64_t{32} << 20;   ///< bytes held at one time
    int depth = 8;                                    ///< archives in archives, pickles in pickles
};

struct Context {
    FileResult& result;
    Budget& budget;
    std::string member = {};  ///< of the bytes being judged
    std::uint64_t base = 0;   ///< offset of these bytes in the member
    int depth = 0;
    bool explain = false;
    Bytes mapped = {};  ///< the file, where it is mapped: pages of it that are done with may be given back
    TensorCollector* tensors = nullptr;  ///< where every tensor that is passed is told; nullptr: nowhere
    StorageTypes* storages = nullptr;    ///< of the torch checkpoint being judged

    /// Records the issue (member and offset filled in when absent) and makes the result's verdict no better than it.
    void report(Issue issue) const;
    /// Some bytes could not be judged: `incomplete`, with the reason.
    void incomplete(std::string reason, std::uint64_t offset) const;
};

/// One format: what it is called, how its content is told, who judges it. scan/formats.cpp is the catalogue.
struct Format {
    std::string_view name;           ///< "pickle"
    bool (*matches)(Bytes content);  ///< by content alone
    void (*judge)(Bytes content, Context& context);
};
std::span<const Format> formats();
/// The first format that matches; nullptr when none does.
const Format* format_of(Bytes content);
/// Gives back the memory of pages that are done with, if they are of the mapped file: so that a file larger than the
/// memory is read in constant memory. They are read again when touched again.
void give_back(const Context& context, Bytes done);
/// Judges content of any format: by content, into nested containers. What no format matches is searched for hidden
/// streams. This is what containers call for their members.
void judge_content(Bytes content, Context& context);

}  // namespace bartizan::scan
