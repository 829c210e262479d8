#include "ledger/proof.h"

#include <algorithm>
#include <charconv>

#include "crypto/base64.h"
#include "ledger/entry.h"

namespace bartizan::ledger {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1\n";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr std::size_t kLongestPath = 63;

std::string base64(const crypto::MerkleHash& hash) { return crypto::to_base64(std::string(hash.begin(), hash.end())); }

/// The line at the front, without its line break, if it begins with `word`; what follows the word.
Result<std::string_view> take_line(std::string_view& text, std::string_view word) {
    const std::size_t end = text.find('\n');
    if (!text.starts_with(word) || end == std::string_view::npos || end < word.size())
        return invalid_input("not a proof of an entry: '" + std::string(word) + "...' is expected");
    const std::string_view line = text.substr(word.size(), end - word.size());
    text.remove_prefix(end + 1);
    return line;
}

Result<crypto::MerkleHash> parse_hash(std::string_view line) {
    const std::string bytes = BARTIZAN_TRY(crypto::from_base64(line));
    crypto::MerkleHash hash;
    if (bytes.size() != hash.size()) return invalid_input("a hash in a proof has not 32 bytes");
    std::ranges::copy(bytes, hash.begin());
    return hash;
}

struct Signed {
    std::string head;
    Checkpoint checkpoint;
    Tiles tiles;
};

/// The copy's tree, which gives the root of its newest head.
Result<Signed> signed_tree(const Copy& copy, const Verifier& verifier) {
    std::string head = BARTIZAN_TRY(copy.head());
    Checkpoint checkpoint = BARTIZAN_TRY(open_checkpoint(head, verifier));
    Tiles tiles = BARTIZAN_TRY(tree_of(copy, checkpoint.size));
    const auto root = crypto::merkle_root(tiles.size(), tiles.source());
    if (tiles.size() != checkpoint.size || !root.ok() || *root != checkpoint.root)
        return Error(Errc::denied, "the entries do not give the root that was signed",
                     "bartizan ledger verify tells which were changed");
    return Signed{std::move(head), std::move(checkpoint), std::move(tiles)};
}

}  // namespace

std::string proof_text(const Proof& proof) {
    std::string text(kFirstLine);
    text += std::string(kExtra) + crypto::to_base64(proof.entry) + '\n';
    text += std::string(kIndex) + std::to_string(proof.index) + '\n';
    for (const crypto::MerkleHash& hash : proof.path) text += base64(hash) + '\n';
    return text + '\n' + proof.head;
}

Result<Proof> parse_proof(std::string_view text) {
    if (text.size() > kLongestProof) return invalid_input("a proof of an entry is longer than 256 KiB");
    Proof proof;
    BARTIZAN_TRY(take_line(text, kFirstLine.substr(0, kFirstLine.size() - 1)));
    proof.entry = BARTIZAN_TRY(crypto::from_base64(BARTIZAN_TRY(take_line(text, kExtra))));
    if (proof.entry.size() > kLongestEntry) return invalid_input("the entry in a proof is too long");
    const std::string_view index = BARTIZAN_TRY(take_line(text, kIndex));
    const auto [end, error] = std::from_chars(index.data(), index.data() + index.size(), proof.index);
    if (error != std::errc{} || end != index.data() + index.size())
        return invalid_input("the index in a proof is not a number");
    for (;;) {
        const std::string_view line = BARTIZAN_TRY(take_line(text, ""));
        if (line.empty()) break;
        if (proof.path.size() == kLongestPath) return invalid_input("the path of a proof is too long");
        proof.path.push_back(BARTIZAN_TRY(parse_hash(line)));
    }
    proof.head = text;
    BARTIZAN_TRY(parse_note(proof.head));
    return proof;
}

Result<Checkpoint> check_proof(const Proof& proof, const Verifier& verifier) {
    Checkpoint checkpoint = BARTIZAN_TRY(open_checkpoint(proof.head, verifier));
    const auto leaf = crypto::merkle_leaf(proof.entry);
    if (!crypto::proves_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root))
        return Error(Errc::denied, "the path does not lead from the entry to the root that was signed");
    return checkpoint;
}

Result<Proof> prove(const Copy& copy, const Verifier& verifier, std::uint64_t index) {
    const Signed tree = BARTIZAN_TRY(signed_tree(copy, verifier));
    Proof proof{
        index, {}, BARTIZAN_TRY(crypto::inclusion_proof(index, tree.checkpoint.size, tree.tiles.source())), tree.head};
    auto [source, at] = copy.entries(tree.checkpoint.size, index);
    for (;; ++at) {
        const auto entry = BARTIZAN_TRY(source->next());
        if (!entry) return internal_error("the entries changed while they were read");
        if (at < index) continue;
        proof.entry = *entry;
        return proof;
    }
}

Result<crypto::MerkleProof> prove_growth(const Copy& copy, const Verifier& verifier, const Checkpoint& older) {
    const Signed tree = BARTIZAN_TRY(signed_tree(copy, verifier));
    auto proof = BARTIZAN_TRY(crypto::consistency_proof(older.size, tree.checkpoint.size, tree.tiles.source()));
    if (!crypto::proves_consistency(older.size, older.root, tree.checkpoint.size, tree.checkpoint.root, proof))
        return Error(Errc::denied, "the log does not begin with the entries of the older head");
    return proof;
}

}  // namespace bartizan::ledger
