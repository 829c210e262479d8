#include "quality/secrets.h"

#include <algorithm>

namespace bartizan::quality {
namespace secrets {

constexpr std::size_t kLongest = 4'096;

/// What may stand behind a prefix.
enum class Letters { capitals, hexadecimal, word, dotted };

struct Form {
    std::string_view prefix;
    std::size_t least, most;  ///< letters behind the prefix
    Letters letters;
    std::string_view name;
};
// From the services' documentation and their entries in public secret-scanning lists.
constexpr Form kForms[] = {
    {"AKIA", 16, 16, Letters::capitals, "AWS access key"},
    {"ASIA", 16, 16, Letters::capitals, "AWS access key"},
    {"ghp_", 36, 255, Letters::word, "GitHub token"},
    {"gho_", 36, 255, Letters::word, "GitHub token"},
    {"ghu_", 36, 255, Letters::word, "GitHub token"},
    {"ghs_", 36, 255, Letters::dotted, "GitHub token"},
    {"ghr_", 36, 255, Letters::word, "GitHub token"},
    {"github_pat_", 22, 255, Letters::word, "GitHub token"},
    {"glpat-", 20, 300, Letters::dotted, "GitLab token"},
    {"gldt-", 20, 300, Letters::dotted, "GitLab token"},
    {"glrt-", 20, 300, Letters::dotted, "GitLab token"},
    {"xoxb-", 20, 300, Letters::dotted, "Slack token"},
    {"xoxp-", 20, 300, Letters::dotted, "Slack token"},
    {"xoxa-", 20, 300, Letters::dotted, "Slack token"},
    {"xoxr-", 20, 300, Letters::dotted, "Slack token"},
    {"xoxs-", 20, 300, Letters::dotted, "Slack token"},
    {"xapp-", 20, 300, Letters::dotted, "Slack token"},
    {"AIza", 35, 35, Letters::dotted, "Google API key"},
    {"GOCSPX-", 28, 28, Letters::dotted, "Google client secret"},
    {"ya29.", 40, kLongest, Letters::dotted, "Google access token"},
    {"sk_live_", 16, 255, Letters::word, "Stripe key"},
    {"rk_live_", 16, 255, Letters::word, "Stripe key"},
    {"whsec_", 32, 255, Letters::word, "Stripe secret"},
    {"sk-ant-", 40, 255, Letters::dotted, "Anthropic key"},
    {"sk-", 32, 255, Letters::dotted, "OpenAI key"},
    {"hf_", 34, 34, Letters::word, "Hugging Face token"},
    {"npm_", 36, 36, Letters::word, "npm token"},
    {"pypi-", 40, 300, Letters::dotted, "PyPI token"},
    {"dop_v1_", 64, 64, Letters::hexadecimal, "DigitalOcean token"},
    {"SG.", 40, 255, Letters::dotted, "SendGrid key"},
    {"shpat_", 32, 32, Letters::hexadecimal, "Shopify token"},
    {"dapi", 32, 34, Letters::hexadecimal, "Databricks token"},
    {"hvs.", 24, 300, Letters::dotted, "Vault token"},
};
constexpr std::string_view kKeyBlock = "-----BEGIN ";
constexpr std::string_view kKeyKinds[] = {
    "PRIVATE KEY-----",         "RSA PRIVATE KEY-----",       "EC PRIVATE KEY-----",       "DSA PRIVATE KEY-----",
    "OPENSSH PRIVATE KEY-----", "ENCRYPTED PRIVATE KEY-----", "PGP PRIVATE KEY BLOCK-----"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_wordy(char c) { return is_digit(c) || is_capital(c) || (c >= 'a' && c <= 'z') || c == '_'; }
bool is_dotted(char c) { return is_wordy(c) || c == '-' || c == '.'; }

bool belongs(char c, Letters letters) {
    switch (letters) {
        case Letters::capitals:
            return is_digit(c) || is_capital(c);
        case Letters::hexadecimal:
            return is_digit(c) || (c >= 'a' && c <= 'f') || c == '-';
        case Letters::word:
            return is_wordy(c);
        default:
            return is_dotted(c);
    }
}

template <class Test>
std::size_t run_of(std::string_view text, Test test) {
    const std::string_view within = text.substr(0, kLongest);
    return static_cast<std::size_t>(std::ranges::find_if_not(within, test) - within.begin());
}

/// Three parts of base64url apart by dots, the first two JSON objects: "eyJ" is '{"' (RFC 7519).
std::size_t web_token(std::string_view rest) {
    if (!rest.starts_with("eyJ")) return 0;
    const std::string_view token = rest.substr(0, run_of(rest, is_dotted));
    const std::size_t first = token.find('.');
    const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || first < 12 || !token.substr(first + 1).starts_with("eyJ")) return 0;
    const std::size_t end = std::min(token.find('.', second + 1), token.size());
    return end - second > 16 ? end : 0;
}

}  // namespace secrets

SecretFound secret_at(std::string_view text, std::size_t at) {
    using namespace secrets;
    const std::string_view rest = text.substr(at);
    if (rest.starts_with(kKeyBlock))
        for (const std::string_view kind : kKeyKinds)
            if (rest.substr(kKeyBlock.size()).starts_with(kind)) return {"private key", kKeyBlock.size() + kind.size()};
    if (at > 0 && is_wordy(text[at - 1])) return {};
    for (const Form& form : kForms) {
        if (!rest.starts_with(form.prefix)) continue;
        const std::string_view behind = rest.substr(form.prefix.size());
        const std::size_t length = run_of(behind, [&](char c) { return belongs(c, form.letters); });
        const bool ends = length == behind.size() || !is_wordy(behind[length]);
        if (length >= form.least && length <= form.most && ends &&
            std::ranges::any_of(behind.substr(0, length), is_digit))
            return {form.name, form.prefix.size() + length};
    }
    if (const std::size_t length = web_token(rest)) return {"JSON web token", length};
    return {};
}

}  // namespace bartizan::quality
