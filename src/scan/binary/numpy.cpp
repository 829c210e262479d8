/// NumPy arrays (NEP 1): a header that is a Python literal, then the numbers; arrays of objects are a pickle instead.
#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/binary/weights.h"
#include "scan/hunt.h"
#include "scan/judges.h"
#include "scan/pickle/pickle.h"
#include "scan/say.h"
#include "scan/tensors/tensor.h"

namespace bartizan::scan {
namespace {

using formats::as_text;
using formats::read_number;

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeader = std::size_t{1} << 20;

/// The text of the value behind 'key': up to the comma or brace that ends it.
std::string_view value_of(std::string_view header, std::string_view key) {
    for (const char quote : {'\'', '"'}) {
        const std::string quoted = quote + std::string(key) + quote;
        const std::size_t at = header.find(quoted);
        if (at == std::string_view::npos) continue;
        const std::size_t colon = header.find(':', at + quoted.size());
        if (colon == std::string_view::npos) return {};
        int open = 0;
        char inside = '\0';
        for (std::size_t i = colon + 1; i < header.size(); ++i) {
            const char c = header[i];
            if (inside != '\0') {
                if (c == inside) inside = '\0';
            } else if (c == '\'' || c == '"') {
                inside = c;
            } else if (c == '[' || c == '(' || c == '{') {
                ++open;
            } else if (c == ']' || c == ')' || c == '}') {
                if (open-- == 0) return header.substr(colon + 1, i - colon - 1);
            } else if (c == ',' && open == 0) {
                return header.substr(colon + 1, i - colon - 1);
            }
        }
        return header.substr(colon + 1);
    }
    return {};
}

/// The strings in a literal: type codes and field names alike.
std::vector<std::string_view> strings_of(std::string_view literal) {
    std::vector<std::string_view> out;
    for (std::size_t at = literal.find_first_of("'\""); at != std::string_view::npos;) {
        const std::size_t end = literal.find(literal[at], at + 1);
        if (end == std::string_view::npos) break;
        out.push_back(literal.substr(at + 1, end - at - 1));
        at = literal.find_first_of("'\"", end + 1);
    }
    return out;
}

bool is_object_code(std::string_view code) {
    if (!code.empty() && std::string_view("|<>=").find(code[0]) != std::string_view::npos) code.remove_prefix(1);
    return code == "object" || code == "O" || code == "O4" || code == "O8" ||
           code.find(",O") != std::string_view::npos || code.starts_with("O,");
}

/// The size of one element of a simple type: "<f4" has 4 bytes.
std::optional<std::uint64_t> item_size(std::string_view code) {
    if (code.size() < 3 || std::string_view("|<>=").find(code[0]) == std::string_view::npos) return std::nullopt;
    std::uint64_t size = 0;
    for (const char c : code.substr(2)) {
        if (std::isdigit(static_cast<unsigned char>(c)) == 0)
            return code[1] == 'M' || code[1] == 'm' ? std::optional<std::uint64_t>(8) : std::nullopt;
        size = std::min<std::uint64_t>(size * 10 + static_cast<std::uint64_t>(c - '0'), std::uint64_t{1} << 40);
    }
    return code[1] == 'U' ? size * 4 : size;
}

/// "(3, 4)"; nothing when it is no shape.
std::optional<std::vector<std::uint64_t>> shape_of(std::string_view text) {
    constexpr std::size_t kMaxDimensions = 64;  // NumPy itself allows 32, from 2.0 on 64
    std::vector<std::uint64_t> shape;
    std::uint64_t extent = 0;
    bool digits = false;
    for (const char c : text) {
        if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
            if (__builtin_mul_overflow(extent, std::uint64_t{10}, &extent)) return std::nullopt;
            extent += static_cast<std::uint64_t>(c - '0');
            digits = true;
        } else if (std::string_view(" ,()L\n").find(c) == std::string_view::npos || shape.size() > kMaxDimensions) {
            return std::nullopt;
        } else if (digits) {
            shape.push_back(std::exchange(extent, 0));
            digits = false;
        }
    }
    return shape;
}

/// "<f4" in the words of safetensors; empty: no such type there, or its bytes lie the other way round.
std::string_view type_of(std::string_view code) {
    constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
        {"<f2", "F16"}, {"<f4", "F32"}, {"<f8", "F64"}, {"|b1", "BOOL"}, {"|i1", "I8"},
        {"|u1", "U8"},  {"<i2", "I16"}, {"<u2", "U16"}, {"<i4", "I32"},  {"<u4", "U32"},
        {"<i8", "I64"}, {"<u8", "U64"}, {"<c8", "C64"}, {"<c16", "C128"}};
    const auto found = std::ranges::find(kTypes, code, &std::pair<std::string_view, std::string_view>::first);
    return found == std::end(kTypes) ? std::string_view() : found->second;
}

/// "weights.npy" is called weights.
std::string array_name(const Context& context) {
    std::string name = context.member.substr(context.member.rfind('!') + 1);
    if (name.starts_with('/')) name.erase(0, 1);
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    return name.empty() ? "array" : name;
}

void collect(const Context& context, std::string_view code, std::vector<std::uint64_t> shape, bool columns,
             Bytes values) {
    if (context.tensors == nullptr) return;
    const std::string_view type = type_of(code);
    if (type.empty()) return context.tensors->leave_out(array_name(context), "an array of type " + excerpt(code, 40));
    StoredTensor tensor{
        .name = array_name(context), .type = std::string(type), .shape = std::move(shape), .values = values};
    std::uint64_t stride = 1;
    for (std::size_t i = 0; columns && i < tensor.shape.size(); ++i) {
        tensor.strides.push_back(stride);
        stride *= tensor.shape[i];
    }
    context.tensors->add(std::move(tensor));
}

void behind_array(Bytes content, std::size_t at, Context& context) {
    const Bytes rest = content.subspan(at);
    if (rest.empty()) return;
    Context inner = context;
    inner.base += at;
    ++inner.depth;
    // Arrays saved one after another into one file.
    if (looks_like_npy(rest) && inner.depth <= context.budget.depth) return judge_npy(rest, inner);
    unproven(context, rule::kHiddenData, "bytes behind the array", at, fmt::format("{} bytes", rest.size()));
    if (const Format* format = format_of(rest))
        format->judge(rest, inner);
    else
        hunt(rest, inner);
}

}  // namespace

bool looks_like_npy(Bytes content) { return as_text(content).starts_with(kMagic); }

void judge_npy(Bytes content, Context& context) {
    const std::uint8_t version = read_number<std::uint8_t>(content, 6).value_or(0);
    const bool wide = version >= 2;
    const std::uint64_t size =
        wide ? read_number<std::uint32_t>(content, 8).value_or(0) : read_number<std::uint16_t>(content, 8).value_or(0);
    const std::uint64_t begin = wide ? 12 : 10;
    const auto header_bytes = formats::part(content, begin, size);
    if (!header_bytes || size > kMaxHeader || version == 0)
        return broken(context, "a header that is longer than the file", 6);
    const std::string_view header = as_text(*header_bytes);
    const auto data = static_cast<std::size_t>(begin + size);
    const std::string_view descr = value_of(header, "descr");
    const auto codes = strings_of(descr);
    if (std::ranges::any_of(codes, is_object_code)) {
        Context inner = context;
        inner.base += data;
        ++inner.depth;
        const Bytes rest = content.subspan(data);
        if (rest.empty()) return broken(context, "an array of objects without its pickle", data);
        return judge_pickle(rest, inner);
    }
    if (version > 3) unproven(context, rule::kNotRead, "an array of a later version", 6);
    if (descr.empty() || header.find('(') == std::string_view::npos || header.find("__") != std::string_view::npos)
        unproven(context, rule::kBroken, "a header that is no plain literal", begin, excerpt(header));
    const bool simple = codes.size() == 1 && descr.find('[') == std::string_view::npos;
    const auto item = simple ? item_size(codes[0]) : std::nullopt;
    const auto shape = shape_of(value_of(header, "shape"));
    const auto elements = shape ? element_count(*shape) : std::nullopt;
    std::uint64_t bytes = 0;
    if (!elements || (item && __builtin_mul_overflow(*elements, *item, &bytes)))
        return unproven(context, rule::kBroken, "a shape whose product overflows", begin, excerpt(header));
    if (!item) return;
    if (bytes > content.size() - data) return broken(context, "an array that ends behind the file", data);
    const Bytes values = content.subspan(data, static_cast<std::size_t>(bytes));
    collect(context, codes[0], *shape, value_of(header, "fortran_order").find("True") != std::string_view::npos,
            values);
    if (const auto kind = float_of(codes[0])) WeightsJudge(context).tensor(values, *kind, "array", data);
    behind_array(content, data + static_cast<std::size_t>(bytes), context);
}

}  // namespace bartizan::scan
