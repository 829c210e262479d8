/// Formats that are recognised by their marks and looked into only as far as harm can hide there: Flax msgpack, TFLite,
/// CoreML, TensorRT plans, compiled Python, R data.
#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/binary/msgpack.h"
#include "scan/binary/wire.h"
#include "scan/extensions.h"
#include "scan/hunt.h"
#include "scan/judges.h"
#include "scan/say.h"

namespace bartizan::scan {
namespace {

using namespace std::string_view_literals;
using formats::as_text;

/// What the mark at the start says of engines and byte codes whose content is a program of its own.
std::string_view opaque_kind(Bytes content) {
    const std::string_view text = as_text(content);
    if (text.starts_with("ftrt") || text.starts_with("ptrt")) return "a TensorRT plan";
    if (text.starts_with("RDX2\n") || text.starts_with("RDX3\n") || text.starts_with("RDA2\n") ||
        text.starts_with("RDA3\n"))
        return "R data";
    // CPython: a magic number, then \r\n, then flags.
    const bool python = text.size() > 16 && text.substr(2, 2) == "\r\n" &&
                        (text[1] == '\x0c' || text[1] == '\x0d' || text[1] == '\x0e') &&
                        text.substr(4, 1).find_first_of("\0\1\3"sv) == 0;
    if (python) return "compiled Python";
    if (text.starts_with("\x1bLua") || text.starts_with("\x1bLJ")) return "compiled Lua";
    return {};
}

}  // namespace

bool looks_like_opaque(Bytes content) { return !opaque_kind(content).empty(); }
void judge_opaque(Bytes content, Context& context) {
    const std::string_view kind = opaque_kind(content);
    const bool code = kind.starts_with("compiled");
    unproven(context, code ? rule::kUnprovenCode : rule::kNotRead, fmt::format("{}: it cannot be looked into", kind),
             0);
    if (context.depth == 0)
        context.result.format = kind.substr(kind.rfind(' ') + 1) == "plan" ? "tensorrt" : std::string(kind);
}

bool looks_like_sentencepiece(Bytes content) {
    // ModelProto: pieces of a text and a score, then the trainer's and the normalizer's settings.
    WireReader reader(content);
    WireField field;
    for (int pieces = 0; pieces < 3; ++pieces) {
        if (!reader.next(field) || field.number != 1 || field.type != WireType::bytes) return false;
        WireReader piece(field.content);
        WireField inner;
        if (!piece.next(inner) || inner.number != 1 || inner.type != WireType::bytes) return false;
        if (!piece.next(inner) || inner.number != 2 || inner.type != WireType::fixed32) return false;
    }
    return true;
}
void judge_sentencepiece(Bytes content, Context& context) { hunt(content, context); }

bool looks_like_coreml(Bytes content) {
    // Model.proto: the version, the description, then one kind of model, all of which have numbers from 200 on.
    WireReader reader(content);
    bool version = false, description = false, model = false;
    for (WireField field; reader.next(field);) {
        version |= field.number == 1 && field.type == WireType::varint;
        description |= field.number == 2 && field.type == WireType::bytes;
        model |= field.number >= 200 && field.number <= 3'000 && field.type == WireType::bytes;
        if (field.number > 10 && field.number < 200) return false;
    }
    return version && description && model && !reader.faulty();
}
void judge_coreml(Bytes content, Context& context) {
    constexpr std::uint32_t kCustom = 555, kLinked = 556;
    WireReader reader(content);
    for (WireField field; reader.next(field);)
        if (field.number == kCustom || field.number == kLinked)
            unproven(context, rule::kRemoteCode, "a CoreML model whose code an application must bring", field.at);
    hunt(content, context);
}

bool looks_like_tflite(Bytes content) { return content.size() > 8 && as_text(content).substr(4, 4) == "TFL3"; }
void judge_tflite(Bytes content, Context& context) {
    const std::string_view text = as_text(content);
    for (const std::string_view op : {"FlexPyFunc", "FlexEagerPyFunc", "FlexWriteFile", "FlexReadFile"})
        if (const std::size_t at = text.find(op); at != std::string_view::npos)
            malicious(context, op.find("File") == std::string_view::npos ? rule::kRunsCode : rule::kTouchesFiles,
                      "an operator that runs Python or touches files", at, std::string(op));
    hunt(content, context);
}

bool looks_like_msgpack(Bytes content) {
    if (content.size() < 3) return false;
    const auto first = std::to_integer<unsigned>(content[0]);
    const bool map = (first >= 0x81 && first <= 0x8f) || first == 0xde || first == 0xdf;
    return map && msgpack_starts(content);
}
void judge_msgpack(Bytes content, Context& context) {
    const MsgpackEnd end = walk_msgpack(content, context);
    if (end.fault) return broken(context, "msgpack that breaks off or is none", end.at);
    if (end.at >= content.size()) return;
    unproven(context, rule::kHiddenData, "bytes behind the document", end.at);
    Context inner = context;
    inner.base += end.at;
    ++inner.depth;
    judge_content(content.subspan(end.at), inner);
}

void judge_unknown(Bytes content, Context& context) {
    const bool found = hunt(content, context);
    const std::string_view name = name_of(context);
    const bool zeros =
        content.size() < 4'096 && std::ranges::all_of(content, [](std::byte byte) { return byte == std::byte{0}; });
    if (!found && !zeros && !names_raw_data(name))
        unproven(context, rule::kNotRead,
                 "bytes of an unknown format: nothing harmful was found in them, nothing is proven", 0);
}

}  // namespace bartizan::scan
