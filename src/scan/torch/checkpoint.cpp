#include "scan/torch/checkpoint.h"

#include <algorithm>

#include "formats/bytes.h"
#include "scan/pickle/pickle.h"

namespace bartizan::scan {
namespace {

using formats::as_text;
constexpr std::size_t kMaxKey = 24;

bool is_key(std::string_view text) {
    return !text.empty() && text.size() <= kMaxKey && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || c == '.';
    });
}

}  // namespace

std::vector<std::string> torch_keys(Bytes pickle) {
    std::vector<std::string> keys;
    const std::string_view text = as_text(pickle);
    for (std::size_t at = 0; at + 5 < text.size() && keys.size() < kMaxTorchKeys; ++at) {
        std::string_view key;
        if (text[at] == 'X')  // BINUNICODE: a length of four bytes
            key = text.substr(
                at + 5,
                std::min<std::size_t>(formats::read_number<std::uint32_t>(pickle, at + 1).value_or(0), kMaxKey + 1));
        else if (text[at] == '\x8c')  // SHORT_BINUNICODE: of one
            key = text.substr(at + 2, static_cast<unsigned char>(text[at + 1]));
        if (is_key(key)) keys.emplace_back(key);
    }
    return keys;
}

bool judge_torch_pickle(Bytes pickle, Context& context) {
    if (!looks_like_pickle(pickle)) return false;
    judge_pickle(pickle, context, {.torch = true});
    return true;
}

}  // namespace bartizan::scan
