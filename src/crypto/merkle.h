#pragma once
/// The Merkle tree of RFC 6962 (and 9162), section 2.1, over SHA-256: roots, inclusion and consistency proofs, and
/// their checks. Leaves and inner nodes are hashed with different prefixes, so that neither can pass for the other.
/// Pure, but for the source of hashes that the caller gives.

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "crypto/hash.h"

namespace bartizan::crypto {

using MerkleHash = Sha256Digest;
using MerkleProof = std::vector<MerkleHash>;

MerkleHash merkle_leaf(std::string_view entry);
MerkleHash merkle_node(const MerkleHash& left, const MerkleHash& right);
/// The root of 2^k leaves or nodes, given in order.
MerkleHash merkle_fold(std::span<const MerkleHash> nodes);

/// A tree that grows: keeps the roots of its full subtrees, largest first, and nothing else. A plain value.
class MerkleTree {
public:
    void append(const MerkleHash& leaf) { append_subtree(0, leaf); }
    /// Appends 2^level leaves by the root of their subtree; `size()` must be a multiple of 2^level.
    void append_subtree(unsigned level, const MerkleHash& root);
    std::uint64_t size() const { return size_; }
    /// Of an empty tree: the hash of nothing.
    MerkleHash root() const;

private:
    std::uint64_t size_ = 0;
    std::vector<MerkleHash> peaks_;
};

/// Gives the root of the full subtree over the leaves [index << level, (index + 1) << level).
using MerkleSource = std::function<Result<MerkleHash>(unsigned level, std::uint64_t index)>;

/// The root of the first `size` leaves.
Result<MerkleHash> merkle_root(std::uint64_t size, const MerkleSource& source);
/// That leaf `index` is in the tree of `size` leaves. Fails with `invalid_input` when index >= size.
Result<MerkleProof> inclusion_proof(std::uint64_t index, std::uint64_t size, const MerkleSource& source);
/// That the tree of `size` leaves begins with the tree of `old_size`. Fails with `invalid_input` when that is larger.
/// Empty for old_size 0 or size: there is nothing to show.
Result<MerkleProof> consistency_proof(std::uint64_t old_size, std::uint64_t size, const MerkleSource& source);

/// RFC 9162, section 2.1.3.2. False for any proof that does not hold, of whatever length.
bool proves_inclusion(const MerkleHash& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const MerkleHash> proof, const MerkleHash& root);
/// RFC 9162, section 2.1.4.2.
bool proves_consistency(std::uint64_t old_size, const MerkleHash& old_root, std::uint64_t size, const MerkleHash& root,
                        std::span<const MerkleHash> proof);

}  // namespace bartizan::crypto
