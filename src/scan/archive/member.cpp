#include "scan/archive/member.h"

#include <fmt/format.h>

#include "scan/judges.h"
#include "scan/say.h"

namespace bartizan::scan {
namespace {

/// Content that unfolds by so much to so many bytes serves nothing but to be unfolded. Arrays of zeros do so honestly.
constexpr std::uint64_t kEmptyRatio = 100;
constexpr std::uint64_t kEmptyBytes = std::uint64_t{2} << 20;

}  // namespace

Context member_context(const Context& context, std::string_view name) {
    Context inner = context;
    inner.member = context.member.empty() ? std::string(name) : fmt::format("{}!/{}", context.member, name);
    inner.base = 0;
    ++inner.depth;
    return inner;
}

void judge_unpacked(Unpacked& content, Context& context) {
    const Bytes bytes = content.bytes();
    context.mapped = content.mapped();
    check_expansion(context, bytes, content.packed());
    judge_content(bytes, context);
}

void check_expansion(const Context& context, Bytes content, std::uint64_t packed) {
    if (content.size() <= kEmptyBytes || content.size() / kEmptyRatio <= packed) return;
    const Format* format = format_of(content);
    if (format != nullptr && (format->name == "npy" || format->name == "hdf5" || format->name == "tar")) return;
    unproven(context, rule::kExhausts, "content that says nothing unfolds to many times its size", 0,
             fmt::format("{} bytes unfold to {}", packed, content.size()));
}

bool leaves_folder(std::string_view path) {
    if (path.starts_with('/') || path.starts_with('\\') || path.starts_with("~")) return true;
    if (path.size() >= 2 && path[1] == ':' && ((path[0] | 0x20) >= 'a' && (path[0] | 0x20) <= 'z')) return true;
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find_first_of("/\\"), path.size());
        if (path.substr(0, slash) == "..") return true;
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return false;
}

void check_path(const Context& context, std::string_view path, std::uint64_t offset) {
    if (leaves_folder(path))
        malicious(context, rule::kOutsideFolder, "a member would be unpacked outside the folder", offset,
                  excerpt(path));
    else if (path.find('\0') != std::string_view::npos)
        unproven(context, rule::kTwoReadings, "a member's name holds a zero byte: loaders cut it there or not", offset,
                 excerpt(path));
}

}  // namespace bartizan::scan
