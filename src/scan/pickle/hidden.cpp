/// Pickles hidden in the strings of a pickle: plain, in base64 or hexadecimal, compressed, as marshalled code. A string
/// by itself runs nothing; one that holds a malicious pickle has no other use than to be loaded in a second step.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/pickle/fold.h"
#include "scan/pickle/world.h"
#include "scan/rules.h"
#include "scan/say.h"
#include "scan/text/words.h"

namespace bartizan::scan::pickle {
namespace {

constexpr std::size_t kShortest = 8;
constexpr std::size_t kShortestEncoded = 16;
constexpr std::size_t kLongestEncoded = std::size_t{4} << 20;

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

bool is_compressed(std::string_view text) {
    return text.starts_with("\x1f\x8b") ||
           (text.size() > 2 && text[0] == 'x' && std::string_view("\x01\x5e\x9c\xda").find(text[1]) != text.npos);
}

/// What base64 or hexadecimal would begin so if a pickle or a compressed stream is in it: cheap, since every string is
/// asked.
bool may_be_base64(std::string_view text) {
    for (const std::string_view begin :
         {"gA", "eJ", "eN", "eA", "eF", "H4sI", "Y2", "Y3", "YX", "Y1", "KG", "KF", "KE", "KV", "fX"})
        if (text.starts_with(begin)) {
            const std::string_view head = text.substr(0, 64);
            return std::ranges::all_of(head, [](char c) {
                return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
                       c == '/' || c == '-' || c == '_' || c == '=' || c == '\n';
            });
        }
    return false;
}
bool may_be_hexadecimal(std::string_view text) {
    const bool begins = text.starts_with("80") || text.starts_with("63") || text.starts_with("28") ||
                        text.starts_with("78") || text.starts_with("1f");
    return begins && std::ranges::all_of(text.substr(0, 32), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
           });
}

}  // namespace

void World::constant(const Value& value, std::uint64_t at) {
    if (!value.is_string() || value.size < kShortest) return;
    const std::string_view text = value.text();
    const auto first = static_cast<unsigned char>(text[0]);
    const bool binary = first == 0x80 || is_compressed(text);
    const bool marshalled = value.is(Kind::bytes) && (first == 0xe3 || first == 0x63) && text[1] == '\0';
    const bool old = (first == 'c' || first == '(' || first == 'i') && text.find('\n') != text.npos;
    const bool encoded = text.size() >= kShortestEncoded && text.size() <= kLongestEncoded;
    if (!binary && !marshalled && !old && !(encoded && (may_be_base64(text) || may_be_hexadecimal(text)))) return;
    if (marshalled)
        if (const std::string_view word = danger_in_code(text); !word.empty())
            say(Verdict::malicious, rule::kRunsCode, "marshalled code that reaches the system", at, excerpt(word));
    std::array<std::string, 2> layers;
    std::string_view inner = text;
    if (encoded && may_be_hexadecimal(text))
        inner = layers[0] = from_hexadecimal(text);
    else if (encoded && may_be_base64(text))
        inner = layers[0] = decode_base64(text);
    if (is_compressed(inner)) inner = layers[1] = inflated(inner, context_.budget);
    hidden(inner, at);
}

void World::hidden(std::string_view content, std::uint64_t at) {
    if (content.size() < kShortest || !looks_like_pickle(bytes_of(content))) return;
    if (context_.depth >= context_.budget.depth) {
        context_.incomplete("pickles are nested deeper than is read", at);
        return;
    }
    FileResult scratch{.path = context_.result.path, .format = {}};
    Context trial{.result = scratch, .budget = context_.budget, .member = context_.member, .depth = context_.depth + 1};
    judge_pickle(bytes_of(content), trial, options_);
    const auto worst = std::ranges::find(scratch.issues, Verdict::malicious, &Issue::verdict);
    if (worst != scratch.issues.end())
        say(Verdict::malicious, worst->rule, fmt::format("a pickle in a string: {}", worst->title), at, worst->detail);
    else if (scratch.verdict != Verdict::incomplete)  // broken: bytes that look like one by chance
        say(Verdict::unproven, rule::kHiddenData, "a pickle in a string, to be loaded in a second step", at,
            scratch.issues.empty() ? std::string() : scratch.issues[0].detail);
}

}  // namespace bartizan::scan::pickle
