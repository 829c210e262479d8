#pragma once
/// SHA-256 of many files on all cores, in constant memory (one buffer a thread). A file that changes while it is read
/// is an error of that file, not a digest of a mixture.

#include <span>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "crypto/hash.h"
#include "provenance/file_tree.h"

namespace bartizan::provenance {

inline constexpr std::size_t kHashBuffer = std::size_t{256} << 10;

/// One result for each file, in their order. Large files go first, so that the cores end together.
/// When `context` asks to stop, the files not yet read give `cancelled`.
std::vector<Result<crypto::Sha256Digest>> hash_files(std::span<const TreeFile> files, Links links,
                                                     const RunContext& context);

}  // namespace bartizan::provenance
