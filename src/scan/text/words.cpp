#include "scan/text/words.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cctype>
#include <string>

#include "scan/pickle/pickle.h"
#include "scan/say.h"

namespace bartizan::scan {
namespace {

struct SecretForm {
    std::string_view prefix;
    std::size_t least;  ///< characters behind the prefix
    std::string_view what;
};
constexpr SecretForm kSecrets[] = {
    {"AKIA", 16, "an AWS access key"},      {"ASIA", 16, "an AWS access key"},
    {"ghp_", 36, "a GitHub token"},         {"gho_", 36, "a GitHub token"},
    {"github_pat_", 30, "a GitHub token"},  {"glpat-", 20, "a GitLab token"},
    {"hf_", 30, "a Hugging Face token"},    {"sk-", 16, "an API key"},
    {"sk_live_", 20, "a Stripe key"},       {"xoxb-", 20, "a Slack token"},
    {"xoxp-", 20, "a Slack token"},         {"AIza", 35, "a Google API key"},
    {"ya29.", 30, "a Google access token"}, {"npm_", 36, "an npm token"},
    {"pypi-AgE", 50, "a PyPI token"},       {"SG.", 40, "a SendGrid key"},
};

bool is_key_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
}

/// Real keys use many different characters; placeholders one or two.
bool is_varied(std::string_view text) {
    std::bitset<256> seen;
    for (const char c : text) seen.set(static_cast<unsigned char>(c));
    return seen.count() >= 8;
}

void report_form(const SecretForm& form, std::string_view text, const Context& context, std::uint64_t offset) {
    for (std::size_t at = text.find(form.prefix); at != std::string_view::npos; at = text.find(form.prefix, at + 1)) {
        if (at > 0 && is_key_character(text[at - 1])) continue;
        std::size_t end = at + form.prefix.size();
        while (end < text.size() && is_key_character(text[end])) ++end;
        const std::string_view body = text.substr(at + form.prefix.size(), end - at - form.prefix.size());
        const bool has_digit = std::ranges::any_of(body, [](unsigned char c) { return std::isdigit(c) != 0; });
        if (body.size() < form.least || !is_varied(body) || !has_digit) continue;
        unproven(context, rule::kSecret, std::string(form.what) + " lies open", offset + at,
                 excerpt(text.substr(at, form.prefix.size() + 4)) + "...");
        return;
    }
}

}  // namespace

bool is_dangerous_module(std::string_view module) {
    constexpr std::array kModules = {"os",
                                     "posix",
                                     "nt",
                                     "subprocess",
                                     "sys",
                                     "builtins",
                                     "__builtin__",
                                     "importlib",
                                     "runpy",
                                     "shutil",
                                     "socket",
                                     "ctypes",
                                     "pty",
                                     "pickle",
                                     "marshal",
                                     "code",
                                     "codeop",
                                     "commands",
                                     "platform",
                                     "pip",
                                     "asyncio",
                                     "threading",
                                     "multiprocessing",
                                     "webbrowser",
                                     "requests",
                                     "urllib",
                                     "http",
                                     "ftplib",
                                     "smtplib",
                                     "tempfile",
                                     "pathlib",
                                     "io",
                                     "cffi",
                                     "pdb",
                                     "timeit",
                                     "operator",
                                     "types",
                                     "inspect",
                                     "gc",
                                     "signal",
                                     "site",
                                     "zipimport",
                                     "pkgutil",
                                     "dill",
                                     "cloudpickle"};
    const std::string_view root = module.substr(0, module.find('.'));
    return std::ranges::find(kModules, root) != kModules.end();
}

void report_secrets(std::string_view text, const Context& context, std::uint64_t offset) {
    for (const SecretForm& form : kSecrets) report_form(form, text, context, offset);
    const std::size_t key = text.find("-----BEGIN ");
    if (key == std::string_view::npos) return;
    const std::string_view line = text.substr(key, std::min(text.find('\n', key), text.size()) - key);
    if (line.find("PRIVATE KEY-----") != std::string_view::npos)
        unproven(context, rule::kSecret, "a private key lies open", offset + key, excerpt(line, 60));
}

std::string_view command_in(std::string_view text) {
    constexpr std::array kMarks = {"os.system(",    "subprocess.",   "os.popen(",
                                   "__import__(",   "exec(base64",   "eval(base64",
                                   "b64decode(",    "rm -rf ",       "curl http",
                                   "wget http",     "| sh",          "| bash",
                                   "|bash",         "/bin/sh -",     "/bin/bash -",
                                   "bash -i >",     "nc -e ",        "powershell",
                                   "<script",       "javascript:",   "socket.socket(",
                                   "chmod 777",     "chmod +x",      "Invoke-Expression",
                                   "eval(compile(", "exec(compile(", "importlib.import_module("};
    for (const char* mark : kMarks)
        if (const std::size_t at = text.find(mark); at != std::string_view::npos) return text.substr(at);
    return {};
}

std::string_view danger_in_code(std::string_view bytes) {
    constexpr std::array kNames = {"system",       "popen",   "subprocess", "__import__", "exec",      "eval",
                                   "socket",       "urllib",  "requests",   "builtins",   "importlib", "ctypes",
                                   "check_output", "Popen",   "posix",      "pickle",     "marshal",   "shutil",
                                   "environ",      "getattr", "compile",    "open",       "os"};
    for (const std::string_view name : kNames)
        for (std::size_t at = bytes.find(name); at != std::string_view::npos; at = bytes.find(name, at + 1)) {
            const bool starts = at == 0 || (std::isalnum(static_cast<unsigned char>(bytes[at - 1])) == 0);
            const std::size_t end = at + name.size();
            const bool ends = end >= bytes.size() || std::islower(static_cast<unsigned char>(bytes[end])) == 0;
            // A marshalled string is preceded by its length.
            const bool counted = at > 0 && static_cast<unsigned char>(bytes[at - 1]) == name.size();
            if ((starts && ends && name.size() > 4) || counted) return bytes.substr(at, name.size());
        }
    return {};
}

void report_encoded_pickle(std::string_view text, const Context& context, std::uint64_t offset) {
    // Protocols 2 to 5: the byte 0x80 and a number give "gAI" to "gAU".
    constexpr std::size_t kMost = std::size_t{256} << 10;
    if (text.size() < 16 || !text.starts_with("gA") || context.depth >= context.budget.depth) return;
    const std::string pickle = decode_base64(text.substr(0, kMost));
    const auto bytes = std::as_bytes(std::span(pickle.data(), pickle.size()));
    if (!looks_like_pickle(bytes)) return;
    FileResult scratch{.path = context.result.path, .format = {}};
    Budget budget{.steps = 200'000};
    Context trial{
        .result = scratch, .budget = budget, .member = context.member, .base = offset, .depth = context.depth + 1};
    judge_pickle(bytes, trial);
    unproven(context, rule::kHiddenData, "a pickle lies in a text value", offset);
    for (const Issue& issue : scratch.issues)
        if (issue.verdict == Verdict::malicious) context.report(issue);
}

std::string decode_base64(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        if (c == '\n' || c == '\r' || c == ' ') continue;
        int value = -1;
        if (c >= 'A' && c <= 'Z')
            value = c - 'A';
        else if (c >= 'a' && c <= 'z')
            value = c - 'a' + 26;
        else if (c >= '0' && c <= '9')
            value = c - '0' + 52;
        else if (c == '+' || c == '-')
            value = 62;
        else if (c == '/' || c == '_')
            value = 63;
        if (value < 0) break;
        bits = (bits << 6) | static_cast<std::uint32_t>(value);
        if ((count += 6) >= 8) {
            count -= 8;
            out += static_cast<char>(bits >> count);
        }
    }
    return out;
}

}  // namespace bartizan::scan
