#include "scan/torch/opcode.h"

#include <algorithm>
#include <string_view>

#include "formats/bytes.h"

namespace bartizan::scan {
namespace {

using formats::as_text;
using formats::read_number;

/// Longer lines of text opcodes are not followed.
constexpr std::size_t kMaxLine = 1'024;

}  // namespace

std::uint64_t opcode_size(Bytes content, std::size_t at) {
    const char code = as_text(content)[at];
    const auto line = [&](std::size_t from) -> std::uint64_t {
        const std::size_t end = as_text(content).substr(0, std::min(content.size(), from + kMaxLine)).find('\n', from);
        return end == std::string_view::npos ? 0 : end + 1 - at;
    };
    const auto counted = [&](auto count, std::uint64_t head) -> std::uint64_t { return count ? head + *count : 0; };
    constexpr std::string_view kAlone = "()012.]}NQRabdelostu\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98";
    if (kAlone.find(code) != std::string_view::npos) return 1;
    switch (code) {
        case 'K':
        case 'h':
        case 'q':
        case '\x80':
        case '\x82':
            return 2;
        case 'M':
        case '\x83':
            return 3;
        case 'J':
        case 'j':
        case 'r':
        case '\x84':
            return 5;
        case 'G':
        case '\x95':
            return 9;
        case 'U':
        case 'C':
        case '\x8c':
        case '\x8a':
            return counted(read_number<std::uint8_t>(content, at + 1), 2);
        case 'X':
        case 'B':
        case 'T':
        case '\x8b':
            return counted(read_number<std::uint32_t>(content, at + 1), 5);
        case '\x8d':
        case '\x8e':
        case '\x96':
            return counted(read_number<std::uint64_t>(content, at + 1), 9);
        case 'I':
        case 'F':
        case 'L':
        case 'S':
        case 'V':
        case 'P':
        case 'p':
        case 'g':
            return line(at + 1);
        case 'c':
        case 'i': {
            const std::uint64_t first = line(at + 1);
            return first == 0 ? 0 : line(at + static_cast<std::size_t>(first));
        }
        default:
            return 0;
    }
}

bool starts_as_pickle(Bytes content) {
    constexpr int kOpcodes = 5;
    std::size_t at = 0;
    for (int i = 0; i < kOpcodes; ++i) {
        if (at >= content.size()) return false;
        const std::uint64_t size = opcode_size(content, at);
        if (size == 0 || size > content.size() - at) return false;
        const bool stop = as_text(content)[at] == '.';
        at += static_cast<std::size_t>(size);
        if (stop) return i > 1;
    }
    return true;
}

std::size_t pickle_end(Bytes content, std::size_t at, std::uint64_t most) {
    for (std::uint64_t i = 0; i < most && at < content.size(); ++i) {
        const std::uint64_t size = opcode_size(content, at);
        if (size == 0 || size > content.size() - at) return 0;
        const bool stop = as_text(content)[at] == '.';
        at += static_cast<std::size_t>(size);
        if (stop) return at;
    }
    return 0;
}

}  // namespace bartizan::scan
