/// JSON documents of model folders: configurations, tokenizers, indices, Keras architectures, lines of JSON.
#include <algorithm>
#include <string>

#include "formats/bytes.h"
#include "scan/config/config_events.h"
#include "scan/hunt.h"
#include "scan/judges.h"
#include "scan/say.h"
#include "scan/text/json_events.h"

namespace bartizan::scan {
namespace {

using formats::as_text;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kSniffed = 256;

std::size_t skip_blanks(std::string_view text, std::size_t at) {
    return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

}  // namespace

bool looks_like_json(Bytes content) {
    std::string_view text = as_text(content.first(std::min(content.size(), kSniffed)));
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    const std::size_t first = skip_blanks(text, 0);
    if (first >= text.size()) return false;
    const std::size_t second = skip_blanks(text, first + 1);
    const char next = second < text.size() ? text[second] : '\0';
    if (text[first] == '{') return next == '"' || next == '}';
    if (text[first] != '[') return false;
    return next == '"' || next == '{' || next == '[' || next == ']' || next == '-' || (next >= '0' && next <= '9');
}

void judge_json(Bytes content, Context& context) {
    const std::string_view text = as_text(content);
    std::size_t at = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    std::size_t documents = 0;
    while ((at = skip_blanks(text, at)) < text.size()) {
        if (documents > 0 && text[at] != '{' && text[at] != '[') {
            unproven(context, rule::kHiddenData, "text behind the JSON document", at, excerpt(text.substr(at, 80)));
            Context inner = context;
            inner.base += at;
            ++inner.depth;
            hunt(content.subspan(at), inner);
            return;
        }
        ConfigEvents events(context, 0);
        const JsonEnd end = read_json(text, at, events);
        if (!end.fault.empty()) {
            broken(context, "malformed JSON: " + std::string(end.fault), end.at);
            return;
        }
        at = end.at;
        ++documents;
    }
    if (documents > 1 && context.depth == 0) context.result.format = "json lines";
}

}  // namespace bartizan::scan
