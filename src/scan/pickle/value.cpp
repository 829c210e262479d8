#include "scan/pickle/value.h"

#include <algorithm>
#include <utility>

namespace bartizan::scan::pickle {
namespace {
/// Number 0 is the node that keeps nothing.
constexpr std::uint32_t kNothingKept = 0;
}  // namespace

bool Heap::charge(std::uint64_t bytes) {
    if (bytes > room_) {
        full_ = true;
        return false;
    }
    room_ -= bytes;
    return true;
}

Value Heap::make(Kind kind, std::uint64_t offset, std::vector<Value> items, Value callee) {
    if (!charge(sizeof(Node) + items.capacity() * sizeof(Value))) return Value::reference(kind, kNothingKept);
    Node& node = nodes_.emplace_back();
    node.offset = offset;
    node.callee = callee;
    for (const Value& item : items)
        if (item.is_node()) node.unfolded += at(item).unfolded;
    node.unfolded += static_cast<double>(items.size());
    node.items = std::move(items);
    return Value::reference(kind, static_cast<std::uint32_t>(nodes_.size() - 1));
}

void Heap::extend(Node& node, std::span<const Value> items) {
    double unfolded = static_cast<double>(items.size());
    for (const Value& item : items)
        if (item.is_node()) unfolded += at(item).unfolded - 1;
    node.unfolded += unfolded;
    const std::size_t have = node.items.size(), kept = node.complete && have < most_kept_ ? most_kept_ - have : 0;
    if (items.size() > kept) node.complete = false;
    items = items.first(std::min(items.size(), kept));
    if (items.empty()) return;
    if (have + items.size() > node.items.capacity()) {
        const std::size_t room = std::max<std::size_t>({4, have + items.size(), have * 2});
        if (!charge(sizeof(Value) * (room - node.items.capacity()))) {
            node.complete = false;
            return;
        }
        node.items.reserve(room);
    }
    node.items.insert(node.items.end(), items.begin(), items.end());
}

Value Heap::own(Kind kind, std::string text) {
    if (!charge(text.size() + sizeof(std::string))) return {};
    return Value::string(kind, strings_.emplace_back(std::move(text)));
}

}  // namespace bartizan::scan::pickle
