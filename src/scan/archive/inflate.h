#pragma once
/// Decompression of untrusted streams into Unpacked: deflate, zlib and gzip by zlib, everything else by libarchive.
/// Thread rule: pure functions.

#include "scan/archive/unpacked.h"

namespace bartizan::scan {

enum class Deflated { raw, zlib, gzip };
/// ended: to its end; cut: the input ended first; broken: not such a stream from some byte on; stopped: over budget.
enum class Unpacking { ended, cut, broken, stopped };

struct Inflation {
    Unpacking how = Unpacking::broken;
    std::size_t used = 0;  ///< bytes of the input
};

/// One stream; of gzip one member.
Inflation inflate(Bytes packed, Deflated kind, Unpacked& out);
/// bzip2, xz, lzma, zstd, lz4, compress, found by their magic; several layers of them too.
Unpacking unpack_filters(Bytes packed, Unpacked& out);

}  // namespace bartizan::scan
