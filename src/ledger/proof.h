#pragma once
/// One entry, proved: the entry, its path to the root, the signed head; a text that a third party can check alone
/// (c2sp.org/tlog-proof). Pure but for `prove`; plain values.

#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "ledger/copy.h"

namespace bartizan::ledger {

inline constexpr std::size_t kLongestProof = 256 * 1024;

struct Proof {
    std::uint64_t index = 0;
    std::string entry;
    crypto::MerkleProof path;
    std::string head;  ///< the signed note
};

std::string proof_text(const Proof& proof);
/// Fails with `invalid_input`.
Result<Proof> parse_proof(std::string_view text);
/// Gives the head that the entry is proved under. Fails with `denied` when the proof does not hold.
Result<Checkpoint> check_proof(const Proof& proof, const Verifier& verifier);

/// Fails with `invalid_input` when there is no such entry, `denied` when the copy's entries do not give the signed
/// root.
Result<Proof> prove(const Copy& copy, const Verifier& verifier, std::uint64_t index);
/// That the copy's newest head extends `older`.
Result<crypto::MerkleProof> prove_growth(const Copy& copy, const Verifier& verifier, const Checkpoint& older);

}  // namespace bartizan::ledger
