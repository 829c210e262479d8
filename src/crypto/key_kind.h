#pragma once
/// The table of the kinds of keys; for this module's own files.

#include <span>
#include <string_view>

#include "crypto/key.h"

struct evp_md_st;

namespace bartizan::crypto {

struct KeyKind {
    KeyType type;
    std::string_view word;
    std::string_view human;
    int nid;                       ///< of the curve; 0: Ed25519
    const evp_md_st* (*digest)();  ///< gives null for Ed25519, which hashes by itself
};

std::span<const KeyKind> key_kinds();
const KeyKind& kind_of(KeyType type);

}  // namespace bartizan::crypto
