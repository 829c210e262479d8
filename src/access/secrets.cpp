#include "access/secrets.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include <sodium.h>

namespace bartizan::access {
namespace {

constexpr std::string_view kPrefix = "btz_";
constexpr std::size_t kIdDigits = 12;
constexpr std::size_t kSecretDigits = 64;
constexpr std::size_t kHashBytes = 32;

bool hexadecimal(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

std::string to_hex(const unsigned char* bytes, std::size_t size) {
    std::string out(size * 2 + 1, '\0');
    sodium_bin2hex(out.data(), out.size(), bytes, size);
    out.pop_back();
    return out;
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// Of a password that nobody has: so that an unknown name takes as long as a known one.
const std::string& nobody() {
    static const std::string hash = *hash_password(random_hex(32));
    return hash;
}

/// One at a time: each takes 64 MiB.
std::mutex& one_at_a_time() {
    static std::mutex mutex;
    return mutex;
}

}  // namespace

std::string random_hex(std::size_t bytes) {
    if (sodium_init() < 0) std::abort();  // no randomness: nothing can be done safely
    std::vector<unsigned char> out(bytes);
    randombytes_buf(out.data(), out.size());
    std::string text = to_hex(out.data(), out.size());
    sodium_memzero(out.data(), out.size());
    return text;
}

crypto::Secret ApiKey::text() const {
    return crypto::Secret(std::string(kPrefix) + id + "_" + std::string(secret.text()));
}

ApiKey new_api_key() { return {random_hex(kIdDigits / 2), crypto::Secret(random_hex(kSecretDigits / 2))}; }

std::optional<ApiKey> parse_api_key(std::string_view text) {
    if (text.size() != kPrefix.size() + kIdDigits + 1 + kSecretDigits || !text.starts_with(kPrefix)) return {};
    text.remove_prefix(kPrefix.size());
    const std::string_view id = text.substr(0, kIdDigits);
    const std::string_view secret = text.substr(kIdDigits + 1);
    if (text[kIdDigits] != '_' || !hexadecimal(id) || !hexadecimal(secret)) return {};
    return ApiKey{std::string(id), crypto::Secret(std::string(secret))};
}

std::string KeyHasher::hash(const ApiKey& key) const {
    std::array<unsigned char, kHashBytes> out{};
    const std::string_view secret = key.secret.text();
    crypto_generichash(out.data(), out.size(), bytes_of(secret), secret.size(), bytes_of(pepper_.text()),
                       std::min<std::size_t>(pepper_.text().size(), crypto_generichash_KEYBYTES_MAX));
    return to_hex(out.data(), out.size());
}

bool KeyHasher::same(const ApiKey& key, std::string_view hash) const {
    const std::string mine = this->hash(key);
    return hash.size() == mine.size() && sodium_memcmp(mine.data(), hash.data(), mine.size()) == 0;
}

Result<std::string> hash_password(std::string_view password) {
    if (password.size() < kShortestPassword || password.size() > kLongestPassword)
        return invalid_input("a password has 12 to 1024 characters");
    if (sodium_init() < 0) return internal_error("libsodium does not start");
    const std::lock_guard lock(one_at_a_time());
    std::string out(crypto_pwhash_STRBYTES, '\0');
    if (crypto_pwhash_str(out.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        return exhausted("there is not enough memory to hash a password");
    out.resize(out.find('\0'));
    return out;
}

bool check_password(std::string_view password, const std::string& hash) {
    if (password.size() > kLongestPassword || sodium_init() < 0) return false;
    const std::string& stored = hash.empty() ? nobody() : hash;
    const std::lock_guard lock(one_at_a_time());
    return crypto_pwhash_str_verify(stored.c_str(), password.data(), password.size()) == 0 && !hash.empty();
}

}  // namespace bartizan::access
