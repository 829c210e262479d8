#pragma once
/// The values of the symbolic machine. Scalars and strings lie in the value itself (strings point into the stream);
/// what has parts is a node of the heap, referred to by its number, so that a memo of references costs no more in the
/// machine than it does in Python.
/// Thread rule: as the machine that owns them.

#include <bit>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bartizan::scan::pickle {

enum class Kind : std::uint8_t {
    unknown,
    none,
    boolean,
    integer,
    big,  ///< an integer beyond 64 bits
    floating,
    text,
    bytes,
    symbol,  ///< what a module holds under a name; or a module itself
    // Nodes.
    tuple,
    list,
    dict,  ///< items: key, value, key, value ...
    set,
    frozen_set,
    byte_array,
    called,      ///< what a call gave: callee, arguments
    attribute,   ///< callee.name
    persistent,  ///< what the loader finds for an id
};

struct Value {
    Kind kind = Kind::unknown;
    std::uint32_t size = 0;  ///< of text and bytes
    union {
        std::int64_t integer = 0;
        const char* data;
        std::uint32_t index;  ///< of the node or the symbol
    };

    std::string_view text() const { return {data, size}; }
    bool is_node() const { return kind >= Kind::tuple; }
    bool is(Kind other) const { return kind == other; }
    bool is_string() const { return kind == Kind::text || kind == Kind::bytes; }
    double number() const { return std::bit_cast<double>(integer); }

    static Value of(Kind kind, std::int64_t integer = 0) {
        Value out;
        out.kind = kind;
        out.integer = integer;
        return out;
    }
    /// Longer strings are not looked into: unknown.
    static Value string(Kind kind, std::string_view text) {
        if (text.size() > UINT32_MAX) return {};
        Value out;
        out.kind = kind;
        out.size = static_cast<std::uint32_t>(text.size());
        out.data = text.data();
        return out;
    }
    static Value reference(Kind kind, std::uint32_t index) {
        Value out;
        out.kind = kind;
        out.index = index;
        return out;
    }
};

struct Node {
    std::uint64_t offset = 0;  ///< of the opcode that made it
    Value callee = {};         ///< called, attribute
    std::vector<Value> items;
    Value state = {};      ///< of BUILD
    double unfolded = 1;   ///< how many values it is when nothing is shared
    bool complete = true;  ///< false: more was put in than is kept
    bool proven = false;   ///< called: by an inert reconstructor, its contract kept
};

/// Parts that one container keeps; what comes after is judged, not kept.
inline constexpr std::size_t kMaxKept = 4'096;
/// The same where the values themselves are wanted.
inline constexpr std::size_t kMaxKeptWhole = 4'000'000;

class Heap final {
public:
    /// At most so many bytes; beyond, new nodes are all one node that keeps nothing.
    explicit Heap(std::uint64_t bytes, std::size_t most_kept = kMaxKept) : room_(bytes), most_kept_(most_kept) {
        nodes_.emplace_back().complete = false;
    }

    Value make(Kind kind, std::uint64_t offset, std::vector<Value> items = {}, Value callee = {});
    Node& at(const Value& value) { return nodes_[value.index]; }
    const Node& at(const Value& value) const { return nodes_[value.index]; }
    void add(Node& node, const Value& item) { extend(node, {&item, 1}); }
    /// As many of them as are kept.
    void extend(Node& node, std::span<const Value> items);
    /// Owns a string that does not lie in the stream. Unknown when there is no room.
    Value own(Kind kind, std::string text);
    bool full() const { return full_; }

private:
    bool charge(std::uint64_t bytes);

    std::deque<Node> nodes_;
    std::deque<std::string> strings_;
    std::uint64_t room_;
    std::size_t most_kept_;
    bool full_ = false;
};

}  // namespace bartizan::scan::pickle
