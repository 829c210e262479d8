#include "scan/torch/checkpoint_tensors.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "scan/say.h"

namespace bartizan::scan {
namespace {

using pickle::Kind;
using pickle::Node;
using pickle::Value;
using pickle::World;

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxVisited = 4'000'000;
constexpr std::size_t kMaxName = 4'096;

/// "torch.FloatStorage", "torch.float32", "torch.float".
std::string_view type_of(std::string_view name) {
    constexpr std::pair<std::string_view, std::string_view> kTypes[] = {{"FloatStorage", "F32"},
                                                                        {"DoubleStorage", "F64"},
                                                                        {"HalfStorage", "F16"},
                                                                        {"BFloat16Storage", "BF16"},
                                                                        {"LongStorage", "I64"},
                                                                        {"IntStorage", "I32"},
                                                                        {"ShortStorage", "I16"},
                                                                        {"CharStorage", "I8"},
                                                                        {"ByteStorage", "U8"},
                                                                        {"BoolStorage", "BOOL"},
                                                                        {"ComplexFloatStorage", "C64"},
                                                                        {"ComplexDoubleStorage", "C128"},
                                                                        {"UntypedStorage", "U8"},
                                                                        {"float32", "F32"},
                                                                        {"float64", "F64"},
                                                                        {"float16", "F16"},
                                                                        {"bfloat16", "BF16"},
                                                                        {"int64", "I64"},
                                                                        {"int32", "I32"},
                                                                        {"int16", "I16"},
                                                                        {"int8", "I8"},
                                                                        {"uint8", "U8"},
                                                                        {"uint16", "U16"},
                                                                        {"uint32", "U32"},
                                                                        {"uint64", "U64"},
                                                                        {"bool", "BOOL"},
                                                                        {"complex64", "C64"},
                                                                        {"complex128", "C128"},
                                                                        {"float8_e4m3fn", "F8_E4M3"},
                                                                        {"float8_e5m2", "F8_E5M2"},
                                                                        {"float8_e8m0fnu", "F8_E8M0"}};
    const std::string_view last = name.substr(name.rfind('.') + 1);
    const auto found = std::ranges::find(kTypes, last, &std::pair<std::string_view, std::string_view>::first);
    return found == std::end(kTypes) ? std::string_view() : found->second;
}

/// Walks what a pickle made, depth first, and names what it finds by the way that led there.
class Walk {
public:
    Walk(const World& world, TensorCollector& out) : world_(world), out_(out) {}

    void visit(const Value& value, const std::string& name, int depth) {
        if (depth > kMaxDepth || ++visited_ > kMaxVisited) return stop(name);
        if (value.is(Kind::dict)) return pairs(value, name, depth);
        if (value.is(Kind::list) || value.is(Kind::tuple)) return parts(value, name, depth);
        if (value.is(Kind::called)) return object(value, name, depth);
        if (!value.is(Kind::none)) out_.leave_out(shown(name), "no tensor: " + world_.show(value, 1));
    }

private:
    const Node& node(const Value& value) const { return world_.heap.at(value); }
    std::string_view callee(const Value& value) const {
        return value.is(Kind::called) && node(value).callee.is(Kind::symbol) ? world_.symbol(node(value).callee).full
                                                                             : std::string_view();
    }
    static std::string shown(const std::string& name) { return name.empty() ? "(the whole)" : name; }

    void stop(const std::string& name) {
        if (!std::exchange(stopped_, true)) out_.leave_out(shown(name), "nested deeper, or larger, than is followed");
    }

    /// The modules of torch.nn keep their parts in dicts of these names; state dicts leave them out.
    static std::string below(const std::string& name, std::string_view key) {
        if (key == "_modules" || key == "_parameters" || key == "_buffers") return name;
        const std::string part(key.substr(0, kMaxName - std::min(kMaxName, name.size())));
        return name.empty() ? part : name + '.' + part;
    }

    void pairs(const Value& dict, const std::string& name, int depth) {
        const auto& items = node(dict).items;
        // The third pickle of a legacy checkpoint tells the machine that it was written on.
        if (depth == 0 && !items.empty() && items[0].is_string() && items[0].text() == "protocol_version") {
            out_.foreign_order = items.size() > 3 && items[3].is(Kind::boolean) && items[3].integer == 0;
            return;
        }
        for (std::size_t i = 0; i + 1 < items.size() && !stopped_; i += 2) {
            const std::string key = items[i].is_string()         ? std::string(items[i].text())
                                    : items[i].is(Kind::integer) ? std::to_string(items[i].integer)
                                                                 : world_.show(items[i], 1);
            visit(items[i + 1], below(name, key), depth + 1);
        }
        if (!node(dict).complete) stop(name);
    }

    void parts(const Value& sequence, const std::string& name, int depth) {
        const auto& items = node(sequence).items;
        for (std::size_t i = 0; i < items.size() && !stopped_; ++i)
            visit(items[i], below(name, std::to_string(i)), depth + 1);
        if (!node(sequence).complete) stop(name);
    }

    void object(const Value& value, const std::string& name, int depth) {
        const std::string_view maker = callee(value);
        const auto& args = node(value).items;
        if (maker == "torch._utils._rebuild_parameter" || maker == "torch._utils._rebuild_parameter_with_state") {
            if (!args.empty()) return visit(args[0], name, depth + 1);
        }
        if (maker == "torch._tensor._rebuild_from_type_v2" && args.size() >= 3 && args[0].is(Kind::symbol) &&
            args[2].is(Kind::tuple))
            return tensor(world_.symbol(args[0]).full, node(args[2]).items, name);
        if (maker.starts_with("torch._utils._rebuild_")) return tensor(maker, args, name);
        const Value* contents = world_.contents_of(value);
        if (contents != nullptr) visit(*contents, name, depth + 1);
        const Value state = node(value).state;
        const bool ordered = maker.ends_with(".OrderedDict");  // its state is torch's _metadata
        if (state.is(Kind::dict) && !ordered)
            visit(state, name, depth + 1);
        else if (contents == nullptr && !ordered)
            out_.leave_out(shown(name), "no tensor: " + world_.show(value, 1));
    }

    static std::optional<std::vector<std::uint64_t>> extents(const World& world, const Value& value) {
        if (!value.is(Kind::tuple) && !(value.is(Kind::called) && world.heap.at(value).items.size() == 1))
            return std::nullopt;
        const Value& row = value.is(Kind::called) ? world.heap.at(value).items[0] : value;  // torch.Size((2, 3))
        if (!row.is(Kind::tuple)) return std::nullopt;
        std::vector<std::uint64_t> out;
        for (const Value& extent : world.heap.at(row).items) {
            if (!extent.is(Kind::integer) || extent.integer < 0) return std::nullopt;
            out.push_back(static_cast<std::uint64_t>(extent.integer));
        }
        return out;
    }

    /// (storage, offset, size, stride, requires_grad, hooks[, dtype]): _rebuild_tensor, _v2, _v3.
    void tensor(std::string_view maker, const std::vector<Value>& args, const std::string& name) {
        const bool plain = maker == "torch._utils._rebuild_tensor" || maker == "torch._utils._rebuild_tensor_v2" ||
                           maker == "torch._utils._rebuild_tensor_v3";
        if (!plain || args.size() < 4 || !args[1].is(Kind::integer) || args[1].integer < 0)
            return out_.leave_out(shown(name), "a tensor of a kind that safetensors has no place for");
        auto shape = extents(world_, args[2]), strides = extents(world_, args[3]);
        const Value id = args[0].is(Kind::persistent) ? node(args[0]).items[0] : Value();
        const auto* parts = id.is(Kind::tuple) ? &node(id).items : nullptr;
        if (!shape || !strides || shape->size() != strides->size() || parts == nullptr || parts->size() < 5 ||
            !(*parts)[1].is(Kind::symbol) || !(*parts)[2].is_string() ||
            (parts->size() > 5 && !(*parts)[5].is(Kind::none)))
            return out_.leave_out(shown(name), "a tensor whose storage is not told plainly");
        const bool typed = maker.ends_with("_v3") && args.size() > 6 && args[6].is(Kind::symbol);
        const std::string_view type = type_of(world_.symbol(typed ? args[6] : (*parts)[1]).full);
        if (type.empty()) return out_.leave_out(shown(name), "a tensor of a type that safetensors does not have");
        out_.views.push_back({.tensor = {.name = name.empty() ? "tensor" : name,
                                         .type = std::string(type),
                                         .shape = std::move(*shape),
                                         .strides = std::move(*strides)},
                              .storage = std::string((*parts)[2].text()),
                              .offset = static_cast<std::uint64_t>(args[1].integer)});
    }

    const World& world_;
    TensorCollector& out_;
    std::size_t visited_ = 0;
    bool stopped_ = false;
};

}  // namespace

void StorageTypes::add(std::string_view key, std::string_view torch_class, std::uint64_t elements) {
    if (storages_.size() < kMax) storages_.try_emplace(std::string(key), Storage{type_of(torch_class), elements});
}

const StorageTypes::Storage* StorageTypes::find(const std::string& key) const {
    const auto found = storages_.find(key);
    return found == storages_.end() ? nullptr : &found->second;
}

void note_order(const World& world, const Value& result, StorageTypes& types) {
    if (!result.is(Kind::list) || !world.heap.at(result).complete) return;
    std::vector<std::string> keys;
    for (const Value& key : world.heap.at(result).items) {
        if (!key.is_string()) return;
        keys.emplace_back(key.text());
    }
    types.set_order(std::move(keys));
}

void collect_checkpoint(const World& world, const Value& result, TensorCollector& tensors) {
    // The first pickles of a legacy checkpoint hold numbers, the last one keys: neither has tensors.
    const bool container = result.is(Kind::dict) || result.is(Kind::called) || result.is(Kind::tuple);
    const bool list_of_keys =
        result.is(Kind::list) && !world.heap.at(result).items.empty() && world.heap.at(result).items[0].is_string();
    if (container || (result.is(Kind::list) && !list_of_keys)) Walk(world, tensors).visit(result, "", 0);
}

void place_storages(const StorageBytes& storages, TensorCollector& tensors) {
    for (TensorCollector::View& view : tensors.views) {
        const std::uint64_t size = element_bits(view.tensor.type) / 8;
        const auto found = storages.find(view.storage);
        if (tensors.foreign_order) {
            tensors.leave_out(view.tensor.name, "its bytes lie in the order of another machine");
            continue;
        }
        if (found == storages.end() || view.offset > found->second.size() / size) {
            tensors.leave_out(view.tensor.name, "its storage is not in the file, or too small");
            continue;
        }
        view.tensor.values = found->second.subspan(static_cast<std::size_t>(view.offset * size));
        tensors.add(std::move(view.tensor));
    }
    tensors.views.clear();
}

}  // namespace bartizan::scan
