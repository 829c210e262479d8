#include "scan/binary/msgpack.h"

#include <algorithm>
#include <vector>

#include "formats/bytes.h"
#include "scan/pickle/pickle.h"
#include "scan/say.h"
#include "scan/text/words.h"

namespace bartizan::scan {
namespace {

using formats::as_text;
using formats::read_number;

struct Item {
    std::size_t head = 1;     ///< bytes of the head
    std::uint64_t body = 0;   ///< bytes behind it
    std::uint64_t items = 0;  ///< further items that belong to it
    bool text = false, raw = false, valid = true;
};

std::uint64_t big(Bytes content, std::size_t at, int width) {
    switch (width) {
        case 1:
            return read_number<std::uint8_t>(content, at).value_or(0);
        case 2:
            return read_number<std::uint16_t>(content, at, std::endian::big).value_or(0);
        default:
            return read_number<std::uint32_t>(content, at, std::endian::big).value_or(0);
    }
}

Item item_at(Bytes content, std::size_t at) {
    const auto kind = std::to_integer<unsigned>(content[at]);
    if (kind <= 0x7f || kind >= 0xe0 || kind == 0xc0 || kind == 0xc2 || kind == 0xc3) return {};
    if (kind <= 0x8f) return {.items = 2 * std::uint64_t{kind & 0x0fU}};
    if (kind <= 0x9f) return {.items = kind & 0x0fU};
    if (kind <= 0xbf) return {.body = kind & 0x1fU, .text = true};
    const auto sized = [&](int width, std::uint64_t extra) {
        return Item{
            .head = 1 + static_cast<std::size_t>(width), .body = big(content, at + 1, width) + extra, .raw = true};
    };
    switch (kind) {
        case 0xc4:
        case 0xc5:
        case 0xc6:
            return sized(1 << (kind - 0xc4), 0);
        case 0xc7:
        case 0xc8:
        case 0xc9:
            return sized(1 << (kind - 0xc7), 1);
        case 0xca:
            return {.body = 4};
        case 0xcb:
            return {.body = 8};
        case 0xcc:
        case 0xcd:
        case 0xce:
        case 0xcf:
            return {.body = std::uint64_t{1} << (kind - 0xcc)};
        case 0xd0:
        case 0xd1:
        case 0xd2:
        case 0xd3:
            return {.body = std::uint64_t{1} << (kind - 0xd0)};
        case 0xd4:
        case 0xd5:
        case 0xd6:
        case 0xd7:
        case 0xd8:
            return {.body = (std::uint64_t{1} << (kind - 0xd4)) + 1, .raw = true};
        case 0xd9:
        case 0xda:
        case 0xdb: {
            Item item = sized(1 << (kind - 0xd9), 0);
            item.text = true;
            item.raw = false;
            return item;
        }
        case 0xdc:
            return {.head = 3, .items = big(content, at + 1, 2)};
        case 0xdd:
            return {.head = 5, .items = big(content, at + 1, 4)};
        case 0xde:
            return {.head = 3, .items = 2 * big(content, at + 1, 2)};
        case 0xdf:
            return {.head = 5, .items = 2 * big(content, at + 1, 4)};
        default:
            return {.valid = false};
    }
}

void judge_item(Bytes content, const Item& item, std::size_t at, Context& context) {
    const Bytes body = content.subspan(at + item.head, static_cast<std::size_t>(item.body));
    if (item.text && body.size() >= 12) {
        report_secrets(as_text(body), context, at);
        if (const std::string_view command = command_in(as_text(body)); !command.empty())
            unproven(context, rule::kUnprovenCode, "code or a command where a value is expected", at, excerpt(command));
    }
    // msgpack-numpy keeps arrays of objects as pickles.
    if (item.raw && body.size() > 3 && looks_like_pickle(body)) {
        FileResult scratch{.path = context.result.path, .format = {}};
        Budget budget{.steps = 100'000};
        Context trial{.result = scratch,
                      .budget = budget,
                      .member = context.member,
                      .base = context.base + at,
                      .depth = context.depth + 1};
        judge_pickle(body, trial);
        if (scratch.verdict != Verdict::malicious) return;
        for (const Issue& issue : scratch.issues) context.report(issue);
    }
}

}  // namespace

bool msgpack_starts(Bytes content) {
    const Item map = item_at(content, 0);
    if (map.items == 0 || map.head >= content.size()) return false;
    const Item key = item_at(content, map.head);
    const auto name = formats::part(content, map.head + key.head, key.body);
    return key.valid && key.text && key.body > 0 && key.body < 256 && name && map.items / 2 <= content.size() &&
           std::ranges::all_of(as_text(*name), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

MsgpackEnd walk_msgpack(Bytes content, Context& context) {
    std::vector<std::uint64_t> open = {1};
    std::size_t at = 0;
    while (!open.empty()) {
        if (open.back() == 0) {
            open.pop_back();
            continue;
        }
        --open.back();
        if (at >= content.size() || open.size() > kMaxMsgpackDepth || context.budget.steps == 0) return {at, true};
        --context.budget.steps;
        const Item item = item_at(content, at);
        if (!item.valid || item.head > content.size() - at || item.body > content.size() - at - item.head)
            return {at, true};
        judge_item(content, item, at, context);
        at += item.head + static_cast<std::size_t>(item.body);
        if (item.items > 0) open.push_back(item.items);
    }
    return {at, false};
}

}  // namespace bartizan::scan
