#include "ledger/note.h"

#include <algorithm>
#include <charconv>

#include "crypto/base64.h"

namespace bartizan::ledger {
namespace {

constexpr std::string_view kDash = "\u2014 ";
constexpr char kEd25519 = '\x01';
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kIdBytes = 4;
// SubjectPublicKeyInfo of an Ed25519 key (RFC 8410), up to the key itself.
constexpr std::string_view kSpki("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);

Result<void> check_name(std::string_view name) {
    const auto refused = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '+' || c == '\x7f'; };
    if (name.empty() || name.size() > kLongestName || std::ranges::any_of(name, refused))
        return invalid_input("a log needs a name of 1 to 256 characters without blanks or '+'");
    return {};
}

/// The text up to `mark`, which is taken off too; nothing when there is none.
Result<std::string_view> take(std::string_view& text, char mark, const char* what) {
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos) return invalid_input(std::string(what) + " is cut off");
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(at + 1);
    return part;
}

std::string bytes_of(std::span<const std::uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

std::string pem_of(std::string_view raw) {
    return "-----BEGIN PUBLIC KEY-----\n" + crypto::to_base64(std::string(kSpki) + std::string(raw)) +
           "\n-----END PUBLIC KEY-----\n";
}

Result<std::string> raw_of(const crypto::PublicKey& key) {
    if (key.type() != crypto::KeyType::ed25519)
        return invalid_input("a log is signed with an Ed25519 key, this is " + std::string(human_name(key.type())),
                             "bartizan keygen --type ed25519 makes one");
    const std::string pem = key.pem();
    const std::size_t begin = pem.find('\n') + 1;
    std::string body = pem.substr(begin, pem.rfind("-----END") - begin);
    std::erase(body, '\n');
    const std::string der = BARTIZAN_TRY(crypto::from_base64(body));
    return der.substr(der.size() - kKeyBytes);
}

Result<NoteSignature> parse_signature(std::string_view line) {
    if (!line.starts_with(kDash)) return invalid_input("a signature line does not begin with a dash and a blank");
    line.remove_prefix(kDash.size());
    const std::string_view name = BARTIZAN_TRY(take(line, ' ', "a signature line"));
    BARTIZAN_TRY(check_name(name));
    const std::string bytes = BARTIZAN_TRY_WITHIN(crypto::from_base64(line), "signature");
    if (bytes.size() <= kIdBytes) return invalid_input("a signature is empty");
    return NoteSignature{std::string(name), bytes.substr(0, kIdBytes), bytes.substr(kIdBytes)};
}

Result<std::uint64_t> parse_size(std::string_view line) {
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size);
    const bool whole = error == std::errc{} && end == line.data() + line.size();
    if (!whole || (line.size() > 1 && line[0] == '0')) return invalid_input("the size of the tree is not a number");
    return size;
}

}  // namespace

Verifier::Verifier(std::string name, crypto::PublicKey key, std::string raw)
    : name_(std::move(name)), key_(std::move(key)), raw_(std::move(raw)) {
    const std::string hashed = name_ + '\n' + raw_;
    key_id_ = bytes_of(crypto::sha256(std::as_bytes(std::span(hashed)))).substr(0, kIdBytes);
}

Result<Verifier> Verifier::make(std::string name, crypto::PublicKey key) {
    BARTIZAN_TRY(check_name(name));
    std::string raw = kEd25519 + BARTIZAN_TRY(raw_of(key));
    return Verifier(std::move(name), std::move(key), std::move(raw));
}

std::string Verifier::text() const {
    const auto* id = reinterpret_cast<const std::uint8_t*>(key_id_.data());
    return name_ + '+' + crypto::to_hex({id, key_id_.size()}) + '+' + crypto::to_base64(raw_);
}

Result<Verifier> Verifier::from_text(std::string_view text) {
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    if (text.size() > kLongestNote) return invalid_input("a key of a log is one short line");
    std::string_view rest = text;
    const std::string_view name = BARTIZAN_TRY(take(rest, '+', "the key of a log (name+id+key)"));
    BARTIZAN_TRY(take(rest, '+', "the key of a log (name+id+key)"));
    const std::string raw = BARTIZAN_TRY_WITHIN(crypto::from_base64(rest), "the key of a log (name+id+key)");
    if (raw.size() != 1 + kKeyBytes || raw[0] != kEd25519) return invalid_input("not an Ed25519 key of a log");
    crypto::PublicKey key = BARTIZAN_TRY(crypto::PublicKey::from_pem(pem_of(std::string_view(raw).substr(1))));
    Verifier verifier = BARTIZAN_TRY(make(std::string(name), std::move(key)));
    if (verifier.text() != text) return invalid_input("the id in the key of a log is not that of its name and key");
    return verifier;
}

Result<Note> parse_note(std::string_view note) {
    if (note.size() > kLongestNote) return invalid_input("a signed note is longer than 64 KiB");
    const std::size_t gap = note.rfind("\n\n");
    if (gap == std::string_view::npos || gap == 0) return invalid_input("not a signed note: no empty line in it");
    Note parsed;
    parsed.text = note.substr(0, gap + 1);
    std::string_view lines = note.substr(gap + 2);
    while (!lines.empty()) {
        const std::string_view line = BARTIZAN_TRY(take(lines, '\n', "a signature line"));
        if (parsed.signatures.size() == kMostSignatures) return invalid_input("more than 16 signatures");
        parsed.signatures.push_back(BARTIZAN_TRY(parse_signature(line)));
    }
    if (parsed.signatures.empty()) return invalid_input("the note is not signed");
    return parsed;
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
    Checkpoint checkpoint;
    checkpoint.origin = BARTIZAN_TRY(take(text, '\n', "a checkpoint"));
    if (checkpoint.origin.empty()) return invalid_input("a checkpoint without a name");
    checkpoint.size = BARTIZAN_TRY(parse_size(BARTIZAN_TRY(take(text, '\n', "a checkpoint"))));
    const std::string root = BARTIZAN_TRY(crypto::from_base64(BARTIZAN_TRY(take(text, '\n', "a checkpoint"))));
    if (root.size() != checkpoint.root.size()) return invalid_input("the root of a checkpoint has not 32 bytes");
    std::ranges::copy(root, checkpoint.root.begin());
    return checkpoint;
}

std::string checkpoint_text(const Checkpoint& checkpoint) {
    return checkpoint.origin + '\n' + std::to_string(checkpoint.size) + '\n' +
           crypto::to_base64(bytes_of(checkpoint.root)) + '\n';
}

Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const Verifier& verifier,
                                    const crypto::PrivateKey& key) {
    const std::string text = checkpoint_text(checkpoint);
    const std::string signature = BARTIZAN_TRY(key.sign(text));
    return text + '\n' + std::string(kDash) + verifier.name() + ' ' + crypto::to_base64(verifier.key_id() + signature) +
           '\n';
}

Result<Checkpoint> open_checkpoint(std::string_view note, const Verifier& verifier) {
    const Note parsed = BARTIZAN_TRY(parse_note(note));
    Checkpoint checkpoint = BARTIZAN_TRY(parse_checkpoint(parsed.text));
    if (checkpoint.origin != verifier.name())
        return Error(Errc::denied,
                     "the tree head is of the log '" + checkpoint.origin + "', not of '" + verifier.name() + "'");
    const bool signed_by_it = std::ranges::any_of(parsed.signatures, [&](const NoteSignature& one) {
        return one.name == verifier.name() && one.key_id == verifier.key_id() &&
               verifier.verify(parsed.text, one.signature);
    });
    if (!signed_by_it) return Error(Errc::denied, "the tree head does not carry a valid signature of this key");
    return checkpoint;
}

}  // namespace bartizan::ledger
