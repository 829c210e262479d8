#include "crypto/merkle.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace bartizan::crypto {
namespace {

/// The largest power of two below n; n must be 2 or more.
std::uint64_t split(std::uint64_t n) { return std::bit_floor(n - 1); }

/// MTH(D[begin:end]); `begin` is a multiple of the power of two that is at least end - begin.
Result<MerkleHash> hash_of(std::uint64_t begin, std::uint64_t end, const MerkleSource& source) {
    const std::uint64_t n = end - begin;
    if (std::has_single_bit(n)) {
        const auto level = static_cast<unsigned>(std::countr_zero(n));
        return source(level, begin >> level);
    }
    const std::uint64_t middle = begin + split(n);
    const MerkleHash left = BARTIZAN_TRY(hash_of(begin, middle, source));
    return merkle_node(left, BARTIZAN_TRY(hash_of(middle, end, source)));
}

}  // namespace

MerkleHash merkle_leaf(std::string_view entry) {
    constexpr std::byte kLeaf[] = {std::byte{0}};
    constexpr std::size_t kSmall = 1024;
    if (entry.size() < kSmall) {  // one call in place of three: most entries are short
        std::array<std::byte, kSmall> bytes;
        bytes[0] = kLeaf[0];
        std::memcpy(bytes.data() + 1, entry.data(), entry.size());
        return sha256(std::span(bytes).first(entry.size() + 1));
    }
    Sha256 hash;
    hash.update(kLeaf);
    hash.update(std::as_bytes(std::span(entry)));
    return hash.finish();
}

MerkleHash merkle_node(const MerkleHash& left, const MerkleHash& right) {
    std::array<std::uint8_t, 1 + 2 * sizeof(MerkleHash)> bytes;
    bytes[0] = 1;
    std::ranges::copy(left, bytes.begin() + 1);
    std::ranges::copy(right, bytes.begin() + 1 + sizeof(MerkleHash));
    return sha256(std::as_bytes(std::span(bytes)));
}

MerkleHash merkle_fold(std::span<const MerkleHash> nodes) {
    std::vector<MerkleHash> row(nodes.begin(), nodes.end());
    while (row.size() > 1) {
        for (std::size_t i = 0; i + 1 < row.size(); i += 2) row[i / 2] = merkle_node(row[i], row[i + 1]);
        row.resize(row.size() / 2);
    }
    return row.front();
}

void MerkleTree::append_subtree(unsigned level, const MerkleHash& root) {
    MerkleHash hash = root;
    for (std::uint64_t bit = std::uint64_t{1} << level; (size_ & bit) != 0; bit <<= 1) {
        hash = merkle_node(peaks_.back(), hash);
        peaks_.pop_back();
    }
    peaks_.push_back(hash);
    size_ += std::uint64_t{1} << level;
}

MerkleHash MerkleTree::root() const {
    if (peaks_.empty()) return sha256({});
    MerkleHash hash = peaks_.back();
    for (std::size_t i = peaks_.size() - 1; i-- > 0;) hash = merkle_node(peaks_[i], hash);
    return hash;
}

Result<MerkleHash> merkle_root(std::uint64_t size, const MerkleSource& source) {
    if (size == 0) return sha256({});
    return hash_of(0, size, source);
}

// PATH(m, D[n]) of RFC 6962, section 2.1.1, as a loop: from the root down, so the siblings come out in reverse.
Result<MerkleProof> inclusion_proof(std::uint64_t index, std::uint64_t size, const MerkleSource& source) {
    if (index >= size)
        return invalid_input("there is no entry " + std::to_string(index) + " among the first " + std::to_string(size));
    MerkleProof proof;
    std::uint64_t begin = 0;
    std::uint64_t end = size;
    while (end - begin > 1) {
        const std::uint64_t middle = begin + split(end - begin);
        const bool left = index < middle;
        proof.push_back(BARTIZAN_TRY(left ? hash_of(middle, end, source) : hash_of(begin, middle, source)));
        (left ? end : begin) = middle;
    }
    std::ranges::reverse(proof);
    return proof;
}

// SUBPROOF(m, D[n], b) of RFC 6962, section 2.1.2, likewise.
Result<MerkleProof> consistency_proof(std::uint64_t old_size, std::uint64_t size, const MerkleSource& source) {
    if (old_size > size)
        return invalid_input("the log has " + std::to_string(size) + " entries, fewer than " +
                             std::to_string(old_size));
    MerkleProof proof;
    if (old_size == 0 || old_size == size) return proof;
    std::uint64_t begin = 0;
    std::uint64_t end = size;
    while (end != old_size) {
        const std::uint64_t middle = begin + split(end - begin);
        const bool left = old_size <= middle;
        proof.push_back(BARTIZAN_TRY(left ? hash_of(middle, end, source) : hash_of(begin, middle, source)));
        (left ? end : begin) = middle;
    }
    if (begin != 0) proof.push_back(BARTIZAN_TRY(hash_of(begin, end, source)));
    std::ranges::reverse(proof);
    return proof;
}

bool proves_inclusion(const MerkleHash& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const MerkleHash> proof, const MerkleHash& root) {
    if (index >= size) return false;
    std::uint64_t fn = index;
    std::uint64_t sn = size - 1;
    MerkleHash hash = leaf;
    for (const MerkleHash& sibling : proof) {
        if (sn == 0) return false;
        if ((fn & 1) != 0 || fn == sn) {
            hash = merkle_node(sibling, hash);
            for (; (fn & 1) == 0 && fn != 0; sn >>= 1) fn >>= 1;
        } else {
            hash = merkle_node(hash, sibling);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && hash == root;
}

bool proves_consistency(std::uint64_t old_size, const MerkleHash& old_root, std::uint64_t size, const MerkleHash& root,
                        std::span<const MerkleHash> proof) {
    if (old_size == 0) return proof.empty() && old_root == sha256({});
    if (old_size == size) return proof.empty() && old_root == root;
    if (old_size > size || proof.empty()) return false;
    std::uint64_t fn = old_size - 1;
    std::uint64_t sn = size - 1;
    for (; (fn & 1) != 0; sn >>= 1) fn >>= 1;
    // A complete old tree is its own first node; the proof leaves it out.
    const bool complete = std::has_single_bit(old_size);
    MerkleHash old_hash = complete ? old_root : proof.front();
    MerkleHash hash = old_hash;
    for (const MerkleHash& sibling : proof.subspan(complete ? 0 : 1)) {
        if (sn == 0) return false;
        if ((fn & 1) != 0 || fn == sn) {
            old_hash = merkle_node(sibling, old_hash);
            hash = merkle_node(sibling, hash);
            for (; (fn & 1) == 0 && fn != 0; sn >>= 1) fn >>= 1;
        } else {
            hash = merkle_node(hash, sibling);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && old_hash == old_root && hash == root;
}

}  // namespace bartizan::crypto
