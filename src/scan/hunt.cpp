#include "scan/hunt.h"

#include <cstring>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/program.h"
#include "scan/say.h"

namespace bartizan::scan {
namespace {

using formats::as_text;

/// So much is searched before its pages are given back.
constexpr std::size_t kWindow = std::size_t{4} << 20;

/// Scripts are too short a mark to be looked for inside of other bytes.
bool is_hidden_program(Bytes content) {
    const std::string_view kind = program_kind(content);
    return !kind.empty() && kind != "script" && kind != "Java class or universal macOS program";
}

bool hunt_programs(Bytes content, Context& context) {
    constexpr std::string_view kMarks[] = {
        "\x7f"
        "ELF",
        "MZ"};
    for (const std::string_view mark : kMarks) {
        const std::string_view text = as_text(content);
        for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
            if (!is_hidden_program(content.subspan(at))) continue;
            malicious(context, rule::kHiddenExecutable,
                      fmt::format("a {} is hidden in other bytes", program_kind(content.subspan(at))), at);
            return true;
        }
    }
    return false;
}

}  // namespace

bool hunt(Bytes content, Context& context) {
    bool found = false;
    for (std::size_t at = 0; at < content.size() && !found; at += kWindow) {
        const Bytes window = content.subspan(at, std::min(content.size() - at, kWindow + 4096));
        Context here = context;
        here.base += at;
        found = hunt_programs(window, here);
        give_back(context, window);
    }
    return found;
}

}  // namespace bartizan::scan
