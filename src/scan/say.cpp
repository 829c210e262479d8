#include "scan/say.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

namespace bartizan::scan {
namespace {

void say(const Context& context, Severity severity, Verdict verdict, std::string_view rule, std::string title,
         std::uint64_t offset, std::string detail) {
    context.report({.rule = std::string(rule),
                    .severity = severity,
                    .verdict = verdict,
                    .title = std::move(title),
                    .offset = context.base + offset,
                    .detail = std::move(detail)});
}

}  // namespace

void malicious(const Context& context, std::string_view rule, std::string title, std::uint64_t offset,
               std::string detail) {
    say(context, Severity::critical, Verdict::malicious, rule, std::move(title), offset, std::move(detail));
}

void unproven(const Context& context, std::string_view rule, std::string title, std::uint64_t offset,
              std::string detail) {
    say(context, Severity::medium, Verdict::unproven, rule, std::move(title), offset, std::move(detail));
}

void note(const Context& context, std::string_view rule, std::string title, std::uint64_t offset, std::string detail) {
    say(context, Severity::info, Verdict::clean, rule, std::move(title), offset, std::move(detail));
}

void broken(const Context& context, std::string title, std::uint64_t offset) {
    context.result.complete = false;
    say(context, Severity::high, Verdict::incomplete, rule::kBroken, std::move(title), offset, {});
}

std::string excerpt(std::string_view text, std::size_t limit) {
    std::string out;
    for (const char c : text) {
        if (out.size() >= limit) return out + "...";
        if (c >= 0x20 && c < 0x7f)
            out += c;
        else
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return out;
}

std::string_view name_of(const Context& context) {
    std::string_view name = context.member.empty() ? context.result.path : context.member;
    const std::size_t slash = name.find_last_of("/\\");
    return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

std::string extension_of(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return {};
    std::string out(name.substr(dot));
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

}  // namespace bartizan::scan
