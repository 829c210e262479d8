/// Programs and shared objects, told by their headers: they have no business in a model folder.
#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/judges.h"
#include "scan/program.h"
#include "scan/say.h"

namespace bartizan::scan {
namespace {

using namespace std::string_view_literals;

using formats::as_text;
using formats::read_number;

bool is_pe(Bytes content) {
    if (!as_text(content).starts_with("MZ")) return false;
    const auto header = read_number<std::uint32_t>(content, 0x3c);
    // Linkers put it into the first page; a larger offset is chance.
    constexpr std::uint32_t kFarthest = 4'096;
    return header && *header < kFarthest &&
           as_text(content).substr(std::min<std::size_t>(*header, content.size())).starts_with("PE\0\0"sv);
}

bool is_elf(Bytes content) {
    const std::string_view text = as_text(content);
    if (!text.starts_with("\x7f"
                          "ELF") ||
        content.size() < 20)
        return false;
    const auto kind = std::to_integer<int>(content[4]);
    const auto order = std::to_integer<int>(content[5]);
    return (kind == 1 || kind == 2) && (order == 1 || order == 2);
}

bool is_mach(Bytes content) {
    const auto magic = read_number<std::uint32_t>(content, 0);
    if (!magic || content.size() < 28) return false;
    if (*magic == 0xfeedface || *magic == 0xfeedfacf || *magic == 0xcefaedfe || *magic == 0xcffaedfe) {
        const auto kind = read_number<std::uint32_t>(content, 12);  // file type 1 to 12
        return *magic > 0xfe000000 || *magic < 0xd0000000 ? kind.has_value() : true;
    }
    return false;
}

}  // namespace

std::string_view program_kind(Bytes content) {
    const std::string_view text = as_text(content);
    if (is_elf(content)) return "ELF program or shared object";
    if (is_pe(content)) return "Windows program or library";
    if (is_mach(content)) return "macOS program or library";
    // 0xcafebabe: Java classes have a version of at least 45 there, universal Mach-O files a small count.
    if (text.starts_with("\xca\xfe\xba\xbe") && content.size() >= 16) return "Java class or universal macOS program";
    if (text.starts_with("dex\n03") && content.size() >= 0x70) return "Android bytecode";
    if (text.starts_with("\0asm\x01\0\0\0"sv)) return "WebAssembly module";
    if (text.starts_with("#!/") || text.starts_with("#! /")) return "script";
    return {};
}

bool looks_like_program(Bytes content) { return !program_kind(content).empty(); }

void judge_program(Bytes content, Context& context) {
    const std::string_view kind = program_kind(content);
    const std::string extension = extension_of(name_of(context));
    constexpr std::array kOpen = {".so", ".dll", ".exe", ".dylib", ".class", ".wasm", ".sh", ".bash", ".py", ".pyd"};
    constexpr std::array kWeights = {".bin",  ".pt", ".pth", ".ckpt", ".safetensors",
                                     ".onnx", ".h5", ".pkl", ".pb",   ".gguf"};
    const bool script = kind == "script";
    const bool named = script ? std::ranges::find(kWeights, extension) == kWeights.end()
                              : std::ranges::find(kOpen, extension) != kOpen.end();
    const std::string detail = fmt::format("{} named '{}'", kind, excerpt(name_of(context)));
    if (named)
        unproven(context, rule::kHiddenExecutable, fmt::format("a {} lies beside the model", kind), 0, detail);
    else
        malicious(context, rule::kHiddenExecutable, fmt::format("a {} under another name", kind), 0, detail);
}

}  // namespace bartizan::scan
