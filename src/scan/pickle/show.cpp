/// Values and calls as pseudo-Python, for details and `--explain`.
#include <fmt/format.h>

#include "scan/pickle/world.h"
#include "scan/say.h"

namespace bartizan::scan::pickle {
namespace {

constexpr std::size_t kMostShown = 120;  ///< characters of a string
constexpr std::size_t kMostItems = 6;

std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : excerpt(text, kMostShown)) {
        if (c == '\'') out += '\\';
        out += c;
    }
    return out + "'";
}

}  // namespace

std::string World::show(const Value& value, int depth) const {
    const auto items = [&](std::string_view open, std::string_view close) {
        if (depth <= 0) return fmt::format("{}...{}", open, close);
        std::string out(open);
        const auto& all = heap.at(value).items;
        for (std::size_t i = 0; i < all.size(); ++i) {
            const bool dict = value.is(Kind::dict);
            if (i >= kMostItems * (dict ? 2 : 1)) return out.append(", ...").append(close);
            if (i > 0) out += dict && i % 2 == 1 ? ": " : ", ";
            out += show(all[i], depth - 1);
        }
        if (value.is(Kind::tuple) && all.size() == 1) out += ',';
        return out.append(close);
    };
    const auto part = [&] { return heap.at(value).items.empty() ? Value() : heap.at(value).items[0]; };
    switch (value.kind) {
        case Kind::unknown:
            return "?";
        case Kind::none:
            return "None";
        case Kind::boolean:
            return value.integer != 0 ? "True" : "False";
        case Kind::integer:
            return fmt::format("{}", value.integer);
        case Kind::big:
            return "<large integer>";
        case Kind::floating:
            return fmt::format("{:g}", value.number());
        case Kind::text:
            return quoted(value.text());
        case Kind::bytes:
            return "b" + quoted(value.text());
        case Kind::symbol:
            return excerpt(symbol(value).full);
        case Kind::tuple:
            return items("(", ")");
        case Kind::list:
            return items("[", "]");
        case Kind::dict:
            return items("{", "}");
        case Kind::set:
        case Kind::frozen_set:
            return items("{", "}");
        case Kind::byte_array:
            return "bytearray(...)";
        case Kind::persistent:
            return fmt::format("persistent_load({})", depth > 0 ? show(part(), depth - 1) : "...");
        case Kind::attribute:
            return fmt::format("{}.{}", depth > 0 ? show(heap.at(value).callee, depth - 1) : "...",
                               part().is_string() ? excerpt(part().text()) : "?");
        case Kind::called:
            if (context_.explain && depth < 2) return fmt::format("v{}", value.index);
            if (depth <= 0) return "...";
            return fmt::format("{}{}", show(heap.at(value).callee, depth - 1),
                               heap.at(value).items.empty() ? "()" : items("(", ")"));
    }
    return "?";
}

std::string World::show_call(const Value& callee, std::span<const Value> args) const {
    std::string out = show(callee) + "(";
    for (std::size_t i = 0; i < args.size(); ++i) {
        if (i >= kMostItems) return out + ", ...)";
        if (i > 0) out += ", ";
        out += show(args[i]);
    }
    return out + ")";
}

}  // namespace bartizan::scan::pickle
