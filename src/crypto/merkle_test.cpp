/// The tree against the eight leaves and roots of the reference implementation of RFC 6962 (certificate-transparency,
/// merkle_tree_test), and its proofs against every tree of up to 70 leaves.
#include "crypto/merkle.h"

#include <string>

#include <gtest/gtest.h>

namespace bartizan::crypto {
namespace {

const std::vector<std::string> kLeaves = {"",
                                          std::string(1, '\0'),
                                          "\x10",
                                          "\x20\x21",
                                          "\x30\x31",
                                          "\x40\x41\x42\x43",
                                          "\x50\x51\x52\x53\x54\x55\x56\x57",
                                          "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
constexpr const char* kRoots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};
constexpr std::uint64_t kMost = 70;

std::vector<MerkleHash> leaves(std::uint64_t count) {
    std::vector<MerkleHash> all;
    for (std::uint64_t i = 0; i < count; ++i) all.push_back(merkle_leaf("entry " + std::to_string(i)));
    return all;
}

MerkleSource source_of(const std::vector<MerkleHash>& leaves) {
    return [&leaves](unsigned level, std::uint64_t index) -> Result<MerkleHash> {
        return merkle_fold(std::span(leaves).subspan(index << level, std::size_t{1} << level));
    };
}

MerkleHash root_of(std::uint64_t size, const std::vector<MerkleHash>& leaves) {
    MerkleTree tree;
    for (std::uint64_t i = 0; i < size; ++i) tree.append(leaves[i]);
    return tree.root();
}

TEST(Merkle, gives_the_roots_of_the_reference_implementation) {
    MerkleTree tree;
    EXPECT_EQ(to_hex(tree.root()), kRoots[0]);
    std::vector<MerkleHash> hashes;
    for (std::size_t i = 0; i < kLeaves.size(); ++i) {
        hashes.push_back(merkle_leaf(kLeaves[i]));
        tree.append(hashes.back());
        EXPECT_EQ(to_hex(tree.root()), kRoots[i + 1]);
        EXPECT_EQ(to_hex(*merkle_root(i + 1, source_of(hashes))), kRoots[i + 1]);
    }
}

TEST(Merkle, gives_the_paths_of_the_reference_implementation) {
    std::vector<MerkleHash> hashes;
    for (const std::string& leaf : kLeaves) hashes.push_back(merkle_leaf(leaf));
    const MerkleProof path = *inclusion_proof(5, 8, source_of(hashes));
    ASSERT_EQ(path.size(), 3U);
    EXPECT_EQ(to_hex(path[0]), "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b");
    EXPECT_EQ(to_hex(path[1]), "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0");
    EXPECT_EQ(to_hex(path[2]), "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7");
    const MerkleProof growth = *consistency_proof(6, 8, source_of(hashes));
    ASSERT_EQ(growth.size(), 3U);
    EXPECT_EQ(to_hex(growth[0]), "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a");
    EXPECT_EQ(to_hex(growth[1]), "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0");
    EXPECT_EQ(to_hex(growth[2]), "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7");
}

TEST(Merkle, a_long_entry_is_hashed_like_a_short_one) {
    const std::string entry(5000, 'x');
    const std::string prefixed = std::string(1, '\0') + entry;
    EXPECT_EQ(merkle_leaf(entry), sha256(std::as_bytes(std::span(prefixed))));
}

TEST(Merkle, every_inclusion_proof_holds_and_holds_for_nothing_else) {
    const auto all = leaves(kMost);
    for (std::uint64_t size = 1; size <= kMost; ++size) {
        const MerkleHash root = root_of(size, all);
        for (std::uint64_t index = 0; index < size; ++index) {
            MerkleProof proof = *inclusion_proof(index, size, source_of(all));
            ASSERT_TRUE(proves_inclusion(all[index], index, size, proof, root)) << index << " of " << size;
            ASSERT_FALSE(proves_inclusion(all[(index + 1) % kMost], index, size, proof, root));
            ASSERT_EQ(proves_inclusion(all[index], (index + 1) % size, size, proof, root), size == 1);
            proof.push_back(root);
            ASSERT_FALSE(proves_inclusion(all[index], index, size, proof, root)) << "with a hash too many";
            proof.resize(proof.size() - 2 + (size == 1 ? 1 : 0));
            if (size > 1) ASSERT_FALSE(proves_inclusion(all[index], index, size, proof, root)) << "with one too few";
        }
    }
    EXPECT_FALSE(inclusion_proof(5, 5, source_of(all)).ok());
}

TEST(Merkle, every_consistency_proof_holds_and_holds_for_nothing_else) {
    const auto all = leaves(kMost);
    for (std::uint64_t size = 1; size <= kMost; ++size)
        for (std::uint64_t old_size = 0; old_size <= size; ++old_size) {
            const MerkleHash old_root = root_of(old_size, all);
            const MerkleHash root = root_of(size, all);
            MerkleProof proof = *consistency_proof(old_size, size, source_of(all));
            ASSERT_TRUE(proves_consistency(old_size, old_root, size, root, proof)) << old_size << " to " << size;
            ASSERT_FALSE(proves_consistency(old_size, merkle_leaf("x"), size, root, proof));
            for (MerkleHash& hash : proof) {
                hash[7] ^= 1;
                ASSERT_FALSE(proves_consistency(old_size, old_root, size, root, proof));
                hash[7] ^= 1;
            }
            proof.push_back(root);
            ASSERT_FALSE(proves_consistency(old_size, old_root, size, root, proof));
        }
    EXPECT_FALSE(consistency_proof(6, 5, source_of(all)).ok());
}

TEST(Merkle, subtrees_may_be_appended_whole) {
    const auto all = leaves(45);
    MerkleTree tree;
    for (unsigned i = 0; i < 5; ++i) tree.append_subtree(3, merkle_fold(std::span(all).subspan(8 * i, 8)));
    for (unsigned i = 40; i < 45; ++i) tree.append(all[i]);
    EXPECT_EQ(tree.root(), root_of(45, all));
    EXPECT_EQ(tree.size(), 45U);
}

}  // namespace
}  // namespace bartizan::crypto
