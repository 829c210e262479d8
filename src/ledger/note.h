#pragma once
/// Signed notes and the checkpoints in them, as C2SP writes them (c2sp.org/signed-note, c2sp.org/tlog-checkpoint):
/// a text, an empty line, and lines of Ed25519 signatures. Pure; thread rule: plain values.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "crypto/key.h"
#include "crypto/merkle.h"

namespace bartizan::ledger {

inline constexpr std::size_t kLongestNote = 64 * 1024;
inline constexpr std::size_t kLongestName = 256;
inline constexpr std::size_t kMostSignatures = 16;

/// What a tree head says: which log, how many entries, their Merkle root.
struct Checkpoint {
    std::string origin;
    std::uint64_t size = 0;
    crypto::MerkleHash root{};

    bool operator==(const Checkpoint&) const = default;
};

/// A public key with the name it signs under. As text: "name+hex id+base64 key", on one line.
class Verifier {
public:
    /// Fails with `invalid_input` for an empty or unprintable name, one with a blank or '+', or a key that is not
    /// Ed25519.
    static Result<Verifier> make(std::string name, crypto::PublicKey key);
    static Result<Verifier> from_text(std::string_view text);

    const std::string& name() const { return name_; }
    std::string text() const;
    /// The four bytes that tell keys of one name apart.
    const std::string& key_id() const { return key_id_; }
    bool verify(std::string_view text, std::string_view signature) const { return key_.verify(text, signature); }

private:
    Verifier(std::string name, crypto::PublicKey key, std::string raw);
    std::string name_;
    crypto::PublicKey key_;
    std::string raw_;  ///< the algorithm's byte, then the 32 bytes of the key
    std::string key_id_;
};

struct NoteSignature {
    std::string name;
    std::string key_id;
    std::string signature;
};
struct Note {
    std::string text;  ///< with its last line break
    std::vector<NoteSignature> signatures;
};

/// Reads one note and nothing behind it. Fails with `invalid_input`.
Result<Note> parse_note(std::string_view note);
/// The checkpoint in a note's text; lines after the third are extensions and are let pass.
Result<Checkpoint> parse_checkpoint(std::string_view text);
std::string checkpoint_text(const Checkpoint& checkpoint);

/// The whole note, signed under the origin's name.
Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const Verifier& verifier,
                                    const crypto::PrivateKey& key);
/// The checkpoint of a note that `verifier` signed and that is of its log. Fails with `denied` when it did not.
Result<Checkpoint> open_checkpoint(std::string_view note, const Verifier& verifier);

}  // namespace bartizan::ledger
