#include "graph/wire.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace bartizan::graph {
namespace {

/// A subgraph is three messages deep (node, attribute, graph); types and tensors need a few more.
constexpr int kMessagesPerSubgraph = 3;
constexpr int kMessagesBeside = 16;
/// Messages that a file may hold for each node that it may hold: a node with its attributes and the types of
/// its outputs has 10 to 20.
constexpr std::uint64_t kMessagesPerNode = 32;
/// What protobuf allocates for one message, at most, and for one field beside its own bytes.
constexpr std::uint64_t kMessageBytes = 256;
constexpr std::uint64_t kFieldBytes = 64;
constexpr std::uint64_t kNumberBytes = 16;

enum class Kind : std::uint8_t {
    leaf,
    numbers,
    model,
    graph,
    node,
    attribute,
    tensor,
    sparse,
    value,
    type,
    typed,
    element,
    mapped,
    shape,
    dimension,
    entry,
    training,
    function,
    annotation,
};

constexpr std::string_view kNames[] = {
    "field",         "list of numbers", "model",         "graph",       "node",         "attribute", "tensor",
    "sparse tensor", "value",           "type",          "tensor type", "element type", "map type",  "shape",
    "dimension",     "entry",           "training info", "function",    "annotation",
};

struct Nested {
    Kind in;
    std::uint32_t field;
    Kind kind;
};

/// Which fields hold messages or packed numbers; all others are texts, bytes or single numbers.
constexpr Nested kNested[] = {
    {Kind::model, 7, Kind::graph},         {Kind::model, 8, Kind::entry},       {Kind::model, 14, Kind::entry},
    {Kind::model, 20, Kind::training},     {Kind::model, 25, Kind::function},   {Kind::graph, 1, Kind::node},
    {Kind::graph, 5, Kind::tensor},        {Kind::graph, 11, Kind::value},      {Kind::graph, 12, Kind::value},
    {Kind::graph, 13, Kind::value},        {Kind::graph, 14, Kind::annotation}, {Kind::graph, 15, Kind::sparse},
    {Kind::node, 5, Kind::attribute},      {Kind::attribute, 5, Kind::tensor},  {Kind::attribute, 6, Kind::graph},
    {Kind::attribute, 7, Kind::numbers},   {Kind::attribute, 8, Kind::numbers}, {Kind::attribute, 10, Kind::tensor},
    {Kind::attribute, 11, Kind::graph},    {Kind::attribute, 14, Kind::type},   {Kind::attribute, 15, Kind::type},
    {Kind::attribute, 22, Kind::sparse},   {Kind::attribute, 23, Kind::sparse}, {Kind::tensor, 1, Kind::numbers},
    {Kind::tensor, 3, Kind::entry},        {Kind::tensor, 5, Kind::numbers},    {Kind::tensor, 7, Kind::numbers},
    {Kind::tensor, 11, Kind::numbers},     {Kind::tensor, 13, Kind::entry},     {Kind::sparse, 1, Kind::tensor},
    {Kind::sparse, 2, Kind::tensor},       {Kind::sparse, 3, Kind::numbers},    {Kind::value, 2, Kind::type},
    {Kind::type, 1, Kind::typed},          {Kind::type, 4, Kind::element},      {Kind::type, 5, Kind::mapped},
    {Kind::type, 8, Kind::typed},          {Kind::type, 9, Kind::element},      {Kind::typed, 2, Kind::shape},
    {Kind::element, 1, Kind::type},        {Kind::mapped, 2, Kind::type},       {Kind::shape, 1, Kind::dimension},
    {Kind::training, 1, Kind::graph},      {Kind::training, 2, Kind::graph},    {Kind::training, 3, Kind::entry},
    {Kind::training, 4, Kind::entry},      {Kind::function, 7, Kind::node},     {Kind::function, 9, Kind::entry},
    {Kind::function, 11, Kind::attribute}, {Kind::annotation, 2, Kind::entry},
};

Kind kind_of(Kind in, std::uint64_t field) {
    const auto found =
        std::ranges::find_if(kNested, [&](const Nested& row) { return row.in == in && row.field == field; });
    return found == std::end(kNested) ? Kind::leaf : found->kind;
}

class Walker {
public:
    Walker(std::span<const std::byte> bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {}

    Result<void> message(Kind kind, std::size_t end, int depth) {
        if (depth > message_depth(limits_)) return exhausted(at(position_) + "graphs or types nest too deep");
        if (++messages_ > static_cast<std::uint64_t>(limits_.nodes) * kMessagesPerNode)
            return exhausted(at(position_) + "more nodes, tensors and types than are read");
        BARTIZAN_TRY(spend(kMessageBytes));
        while (position_ < end) BARTIZAN_TRY(field(kind, end, depth));
        return {};
    }

private:
    Result<void> field(Kind kind, std::size_t end, int depth) {
        const std::size_t start = position_;
        const std::uint64_t tag = BARTIZAN_TRY(varint(kind, end));
        if ((tag >> 3) == 0 || (tag >> 32) != 0) return broken(start, kind, "no field has this number");
        BARTIZAN_TRY(spend(kNumberBytes));
        switch (tag & 7) {
            case 0:
                BARTIZAN_TRY(varint(kind, end));
                return {};
            case 1:
                return skip(8, kind, end);
            case 2:
                return sized(kind_of(kind, tag >> 3), kind, end, depth);
            case 5:
                return skip(4, kind, end);
            default:
                return broken(start, kind, "no field has this form");
        }
    }

    Result<void> sized(Kind kind, Kind in, std::size_t end, int depth) {
        const std::size_t start = position_;
        const std::uint64_t size = BARTIZAN_TRY(varint(in, end));
        if (size > end - position_)
            return broken(start, in,
                          std::string(kNames[static_cast<std::size_t>(kind)]) + " of " + std::to_string(size) +
                              " bytes, " + std::to_string(end - position_) + " are left");
        const std::size_t inner_end = position_ + static_cast<std::size_t>(size);
        if (kind != Kind::leaf && kind != Kind::numbers) return message(kind, inner_end, depth + 1);
        BARTIZAN_TRY(spend(kFieldBytes + (kind == Kind::numbers ? numbers_in(inner_end) * kNumberBytes : size)));
        position_ = inner_end;
        return {};
    }

    /// Packed numbers take from one byte each: the last byte of each is below 128.
    std::uint64_t numbers_in(std::size_t end) const {
        const auto last = [](std::byte value) { return value < std::byte{128}; };
        return static_cast<std::uint64_t>(std::ranges::count_if(bytes_.subspan(position_, end - position_), last));
    }

    Result<std::uint64_t> varint(Kind kind, std::size_t end) {
        const std::size_t start = position_;
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 70; shift += 7) {
            if (position_ >= end) return broken(start, kind, "it ends inside a number");
            const auto byte = static_cast<std::uint64_t>(bytes_[position_++]);
            if (shift < 64) value |= (byte & 127) << shift;
            if (byte < 128) return value;
        }
        return broken(start, kind, "a number of more than ten bytes");
    }

    Result<void> skip(std::size_t count, Kind kind, std::size_t end) {
        if (count > end - position_) return broken(position_, kind, "it ends inside a number");
        position_ += count;
        return {};
    }

    Result<void> spend(std::uint64_t bytes) {
        spent_ += bytes;
        if (spent_ > limits_.tensor_bytes)
            return exhausted(at(position_) + "parsed, the file would take more than " +
                             std::to_string(limits_.tensor_bytes) + " bytes of memory");
        return {};
    }

    static std::string at(std::size_t position) { return "byte " + std::to_string(position) + ": "; }

    static Error broken(std::size_t position, Kind kind, const std::string& what) {
        return invalid_input(at(position) + "in " + std::string(kNames[static_cast<std::size_t>(kind)]) + ": " + what,
                             "the file is truncated, damaged or not ONNX: fetch or export it again");
    }

    std::span<const std::byte> bytes_;
    const Limits& limits_;
    std::size_t position_ = 0;
    std::uint64_t messages_ = 0;
    std::uint64_t spent_ = 0;
};

}  // namespace

int message_depth(const Limits& limits) { return limits.subgraph_depth * kMessagesPerSubgraph + kMessagesBeside; }

Result<void> check_wire(std::span<const std::byte> bytes, WireRoot root, const Limits& limits) {
    return Walker(bytes, limits).message(root == WireRoot::model ? Kind::model : Kind::tensor, bytes.size(), 1);
}

}  // namespace bartizan::graph
