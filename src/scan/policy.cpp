#include "scan/policy.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "core/file.h"
#include "report/rules.h"

namespace bartizan::scan {
namespace {

bool is_hash(std::string_view text) {
    return text.size() == 64 && std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool is_day(std::string_view text) {
    constexpr std::string_view kForm = "dddd-dd-dd";
    return std::ranges::equal(text, kForm,
                              [](char c, char form) { return form == 'd' ? c >= '0' && c <= '9' : c == form; });
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

Error fault(std::size_t entry, std::string what, std::string hint) {
    return invalid_input(fmt::format("entry {} of the policy {}", entry, what), std::move(hint));
}

Result<Allowance> entry_of(const YAML::Node& node, std::size_t number) {
    if (!node.IsMap()) return fault(number, "is no mapping", "give it 'sha256' or 'rule', and 'reason'");
    Allowance entry;
    for (const auto& pair : node) {
        const auto key = pair.first.as<std::string>();
        const auto value = pair.second.as<std::string>();
        if (key == "sha256")
            entry.sha256 = lower(value);
        else if (key == "rule")
            entry.rule = value;
        else if (key == "path")
            entry.path = value;
        else if (key == "reason")
            entry.reason = value;
        else if (key == "expires")
            entry.expires = value;
        else
            return fault(number, fmt::format("has the unknown key '{}'", key),
                         "known are sha256, rule, path, reason, expires");
    }
    if (entry.sha256.empty() == entry.rule.empty())
        return fault(number, "must have either 'sha256' or 'rule'",
                     "allow a file by its hash, or a finding by its rule");
    if (!entry.sha256.empty() && !is_hash(entry.sha256))
        return fault(number, "has no SHA-256 in 'sha256'", "64 hexadecimal digits, as sha256sum prints them");
    if (!entry.rule.empty() && report::find_rule(entry.rule) == nullptr)
        return fault(number, fmt::format("names the unknown rule '{}'", entry.rule), "as in BTZ-SCN-012");
    if (entry.reason.empty()) return fault(number, "has no 'reason'", "say why it is accepted");
    if (!entry.expires.empty() && !is_day(entry.expires))
        return fault(number, "has no day in 'expires'", "as in 2027-01-01");
    return entry;
}

bool covers(const Allowance& entry, const FileResult& file, const Issue& issue) {
    return !entry.rule.empty() && entry.rule == issue.rule &&
           (entry.path.empty() || ::fnmatch(entry.path.c_str(), file.path.c_str(), 0) == 0);
}

void accept(Issue& issue, const std::string& reason) {
    issue.verdict = Verdict::clean;
    issue.severity = Severity::info;
    issue.title += fmt::format(" (accepted: {})", reason);
}

}  // namespace

Result<Policy> Policy::parse(std::string_view yaml, std::string_view today) {
    Policy policy;
    try {
        const YAML::Node root = YAML::Load(std::string(yaml));
        const YAML::Node allow = root.IsMap() ? root["allow"] : YAML::Node();
        if (!allow || !allow.IsSequence()) return invalid_input("a scan policy needs a list 'allow'", "allow: [...]");
        if (allow.size() > kMaxPolicyEntries)
            return exhausted(fmt::format("a policy has at most {} entries", kMaxPolicyEntries));
        for (std::size_t i = 0; i < allow.size(); ++i) {
            Allowance entry = BARTIZAN_TRY(entry_of(allow[i], i + 1));
            const bool over = !entry.expires.empty() && entry.expires <= today;
            (over ? policy.expired_ : policy.entries_).push_back(std::move(entry));
        }
    } catch (const YAML::Exception& error) {
        return invalid_input(fmt::format("the scan policy is no YAML: {}", error.what()));
    }
    return policy;
}

Result<Policy> Policy::open(const std::filesystem::path& path, std::string_view today) {
    const std::string text = BARTIZAN_TRY(read_file(path, kMaxPolicyBytes));
    return parse(text, today).within(fmt::format("policy '{}'", path.string()));
}

bool Policy::needs_hashes() const {
    return std::ranges::any_of(entries_, [](const Allowance& entry) { return !entry.sha256.empty(); });
}

void Policy::apply(FileResult& file) const {
    const auto whole = std::ranges::find_if(
        entries_, [&](const Allowance& entry) { return !entry.sha256.empty() && entry.sha256 == file.sha256; });
    Verdict verdict = file.complete ? Verdict::clean : Verdict::incomplete;
    if (whole != entries_.end()) verdict = Verdict::clean;
    for (Issue& issue : file.issues) {
        const auto single =
            std::ranges::find_if(entries_, [&](const Allowance& entry) { return covers(entry, file, issue); });
        if (whole != entries_.end())
            accept(issue, whole->reason);
        else if (single != entries_.end())
            accept(issue, single->reason);
        verdict = worse(verdict, issue.verdict);
    }
    // Beyond the limit of issues some are only counted: the gravest is always kept, so the verdict holds.
    file.verdict = verdict;
}

}  // namespace bartizan::scan
