#pragma once
/// The index of an evidence pack: `index.json`. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::pack {

inline constexpr std::string_view kIndex = "index.json";
inline constexpr std::string_view kIndexProof = "index.proof";
inline constexpr std::string_view kKey = "log.key";
inline constexpr std::string_view kEntryKind = "evidence.pack";  ///< of the ledger; details.index_sha256
inline constexpr std::size_t kLargestIndex = std::size_t{16} << 20;
inline constexpr std::size_t kMostFiles = 10'000;
inline constexpr std::uint64_t kLargestFile = std::uint64_t{64} << 20;
inline constexpr std::uint64_t kLargestPack = std::uint64_t{512} << 20;

struct Listed {
    std::string path;    ///< "evidence/ev-3f0c....json"
    std::string sha256;  ///< of its bytes
    std::uint64_t bytes = 0;
    std::string what;           ///< one line
    std::string proof = {};     ///< the file that proves it, for evidence; empty: none
    std::string evidence = {};  ///< its id, for evidence
};

struct Index {
    std::string asset;    ///< "model:fashion@3"
    std::string made;     ///< RFC 3339
    std::string made_by;  ///< principal
    std::string tool;
    std::string log;  ///< name of the ledger
    std::vector<Listed> files;
};

std::string to_text(const Index& index);
/// Fails with `invalid_input`, naming the member.
Result<Index> parse_index(std::string_view text);
std::string sha256_text(std::string_view bytes);

using Files = std::vector<std::pair<std::string, std::string>>;

}  // namespace bartizan::pack
