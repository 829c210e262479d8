#include "crypto/secret.h"

#include <utility>

#include <openssl/crypto.h>

#include "core/file.h"

namespace bartizan::crypto {
namespace {

constexpr std::uint64_t kLongestSecretFile = 64 * 1024;

}  // namespace

void wipe(std::string& text) {
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

Secret::~Secret() { wipe(text_); }

// A short string lives inside the object, so a move leaves a copy behind: wiped too.
Secret::Secret(Secret&& other) noexcept : text_(other.text_) { wipe(other.text_); }

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this == &other) return *this;
    wipe(text_);
    text_ = other.text_;
    wipe(other.text_);
    return *this;
}

Result<Secret> Secret::from_file(const std::filesystem::path& path) {
    std::string content = BARTIZAN_TRY_WITHIN(read_file(path, kLongestSecretFile), "pass phrase");
    std::string line = content.substr(0, content.find_first_of("\r\n"));
    wipe(content);
    if (line.empty())
        return invalid_input("the first line of '" + path.string() + "' is empty", "write the pass phrase there");
    Secret secret(line);
    wipe(line);
    return secret;
}

}  // namespace bartizan::crypto
