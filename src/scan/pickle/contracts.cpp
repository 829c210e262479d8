/// Under what arguments a known reconstructor is inert.
#include <algorithm>
#include <array>
#include <utility>

#include "scan/pickle/fold.h"
#include "scan/pickle/world.h"
#include "scan/rules.h"

namespace bartizan::scan::pickle {
namespace {

/// bytes(n) makes n zeros.
constexpr std::int64_t kLargestZeros = std::int64_t{1} << 26;

}  // namespace

/// Something that does nothing by itself: no function that could be called with it, nothing unknown.
bool World::is_value(const Value& value) const {
    switch (value.kind) {
        case Kind::unknown:
        case Kind::attribute:
            return false;
        case Kind::symbol:
            return is_class(value);
        case Kind::called:
            // A partial object and its like could be called.
            return heap.at(value).proven && entry_of(value).stance != Stance::device;
        case Kind::persistent:
            return heap.at(value).proven;
        default:
            return true;
    }
}

/// What is inert, or by its name a class of a framework.
bool World::is_class(const Value& value) const {
    if (!value.is(Kind::symbol)) return false;
    const Symbol& target = symbol(value);
    std::string_view last = std::string_view(target.full).substr(target.full.rfind('.') + 1);
    while (last.starts_with('_')) last.remove_prefix(1);
    const bool capital = !last.empty() && last[0] >= 'A' && last[0] <= 'Z';
    return target.entry.stance == Stance::inert || (target.entry.stance == Stance::framework && capital);
}

/// torch/_utils.py, _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks): a view that lies
/// inside of its storage.
bool World::is_tensor_call(std::span<const Value> args) const {
    if (args.size() < 4 || !is_value(args[0]) || !args[1].is(Kind::integer) || args[1].integer < 0) return false;
    if (!args[2].is(Kind::tuple) || !args[3].is(Kind::tuple)) return is_value(args[2]) && is_value(args[3]);
    const auto& sizes = heap.at(args[2]).items;
    const auto& strides = heap.at(args[3]).items;
    if (sizes.size() != strides.size()) return false;
    std::int64_t last = args[1].integer;
    bool empty = false;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        if (!sizes[i].is(Kind::integer) || !strides[i].is(Kind::integer)) return false;
        const std::int64_t extent = sizes[i].integer, stride = strides[i].integer;
        std::int64_t reach = 0;
        if (extent < 0 || stride < 0) return false;
        empty = empty || extent == 0;
        if (extent > 0 &&
            (__builtin_mul_overflow(extent - 1, stride, &reach) || __builtin_add_overflow(last, reach, &last)))
            return false;
    }
    if (args[0].is(Kind::persistent) && !heap.at(args[0]).items.empty()) {
        const Value id = heap.at(args[0]).items[0];
        const bool sized = id.is(Kind::tuple) && heap.at(id).items.size() >= 5;
        if (sized && !empty && last >= heap.at(id).items[4].integer) return false;
    }
    return std::ranges::all_of(args.subspan(4), [&](const Value& arg) { return is_value(arg); });
}

bool World::keeps_contract(Contract contract, std::span<const Value> args) const {
    const bool values = std::ranges::all_of(args, [&](const Value& arg) { return is_value(arg); });
    switch (contract) {
        case Contract::bytes_like:
            return values && (args.size() != 1 || !args[0].is(Kind::integer) || args[0].integer <= kLargestZeros) &&
                   (args.empty() || !args[0].is(Kind::called));
        case Contract::encode: {
            constexpr std::array kPlain = {"latin1", "latin-1", "utf-8", "utf8", "ascii", "iso-8859-1"};
            return args.size() >= 1 && args[0].is(Kind::text) &&
                   (args.size() == 1 ||
                    (args[1].is(Kind::text) && std::ranges::find(kPlain, args[1].text()) != kPlain.end()));
        }
        case Contract::default_dict:
            return args.empty() || (values && (args[0].is(Kind::none) || is_class(args[0])));
        case Contract::array_shell:
            return values && args.size() >= 3 && is_class(args[0]);
        case Contract::tensor:
            return is_tensor_call(args);
        case Contract::object:
            // These classes are made by their reconstructors alone.
            return args.empty();
        case Contract::generator:
            return std::ranges::all_of(args, [&](const Value& arg) {
                const Value made = arg.is(Kind::called) ? heap.at(arg).callee : arg;
                return arg.is(Kind::text) ||
                       (is_value(arg) && made.is(Kind::symbol) && symbol(made).full.starts_with("numpy.random."));
            });
        case Contract::class_and_values:
            return values && !args.empty() && is_class(args[0]) && !symbol(args[0]).full.starts_with("builtins.");
        default:
            return values;
    }
}

/// str(x), list(x), OrderedDict(x) call methods of x: an instance of a framework's class is no plain value to them.
bool World::iterates_instances(const Value& callee, std::span<const Value> args) const {
    const std::string_view name = symbol(callee).full;
    return (name.starts_with("builtins.") || name.starts_with("collections.")) &&
           std::ranges::any_of(args, [&](const Value& arg) { return entry_of(arg).stance == Stance::framework; });
}

/// copyreg._reconstructor(class, base, state) and copyreg.__newobj__(class, *args) make an instance without __init__.
Value World::reconstruct_of_class(const Value& callee, std::vector<Value> args, std::size_t first, std::uint64_t at,
                                  int depth) {
    if (args.empty()) return unproven_call(callee, std::move(args), at, "a class is missing");
    // _reconstructor calls base.__new__ and base.__init__.
    const bool plain_base = first < 2 || (args.size() > 1 && args[1].is(Kind::symbol) && is_class(args[1]) &&
                                          symbol(args[1]).full.starts_with("builtins."));
    if (!plain_base) unproven_call(callee, args, at, "an instance is made by another class's constructor");
    const Value target = args[0];
    std::vector<Value> rest(args.begin() + static_cast<std::ptrdiff_t>(std::min(first, args.size())), args.end());
    std::erase_if(rest, [](const Value& arg) { return arg.is(Kind::none); });
    if (target.is(Kind::symbol) && symbol(target).entry.contract == Contract::object && rest.empty())
        return made(target, std::move(rest), at, true);
    return call(target, std::move(rest), How::made, at, depth + 1);
}

/// torch/_tensor.py, _rebuild_from_type_v2(function, type, args, state) calls function(*args).
Value World::typed_tensor(const Value& callee, std::vector<Value> args, std::uint64_t at, int depth) {
    if (args.size() < 3 || !args[2].is(Kind::tuple))
        return unproven_call(callee, std::move(args), at, "a tensor is made in an unknown way");
    const Value inner = call(args[0], heap.at(args[2]).items, How::called, at, depth + 1);
    const bool proven = is_value(inner) && is_class(args[1]);
    if (!proven) return unproven_call(callee, std::move(args), at, "a tensor of an unknown type is made");
    if (args.size() > 3) judge_state(inner, args[3], at);
    return made(callee, std::move(args), at, true);
}

Value World::reconstruct(const Value& callee, std::vector<Value> args, How how, std::uint64_t at, int depth) {
    const Entry entry = symbol(callee).entry;
    switch (entry.contract) {
        case Contract::reconstructor:
            return reconstruct_of_class(callee, std::move(args), 2, at, depth);
        case Contract::new_object:
            return reconstruct_of_class(callee, std::move(args), 1, at, depth);
        case Contract::typed_tensor:
            return typed_tensor(callee, std::move(args), at, depth);
        case Contract::named:
            return args.size() == 2 ? import_values(args[0], args[1], at)
                                    : unproven_call(callee, std::move(args), at, "a name is looked up while loading");
        case Contract::fold_inert: {
            if (!keeps_contract(Contract::values, args) || iterates_instances(callee, args)) break;
            const std::string_view name = symbol(callee).full;
            const Kind kind = name == "builtins.tuple"  ? Kind::tuple
                              : name == "builtins.list" ? Kind::list
                              : name == "builtins.dict" ? Kind::dict
                              : name == "builtins.set"  ? Kind::set
                                                        : Kind::frozen_set;
            const bool same = args.size() == 1 && args[0].is_node() && args[0].kind <= Kind::frozen_set &&
                              (kind == Kind::dict) == args[0].is(Kind::dict);
            return heap.make(kind, at, same ? std::vector<Value>(heap.at(args[0]).items) : std::vector<Value>());
        }
        case Contract::encode:
        case Contract::bytes_like: {
            if (!keeps_contract(entry.contract, args)) break;
            const Value folded = fold(symbol(callee).full, args, heap, context_.budget);
            constant(folded, at);
            return folded.is(Kind::unknown) ? heap.make(Kind::byte_array, at) : folded;
        }
        default:
            if (!keeps_contract(entry.contract, args) || iterates_instances(callee, args)) break;
            if (entry.contract == Contract::tensor_parts && args.size() > 3) judge_state(callee, args.back(), at);
            if (symbol(callee).full == "builtins.str" && args.size() == 1 && how == How::called) {
                const Value folded = fold("builtins.str", args, heap, context_.budget);
                if (!folded.is(Kind::unknown)) return folded;
            }
            return made(callee, std::move(args), at, true);
    }
    if (symbol(callee).full.ends_with(".memmap"))
        say(Verdict::malicious, rule::kTouchesFiles, "a call that opens a file", at, show_call(callee, args));
    // Still the value that it would be, for what comes of it.
    const Value folded = fold(symbol(callee).full, args, heap, context_.budget);
    const Value out = unproven_call(callee, std::move(args), at, "arguments that this call does not have in a model");
    constant(folded, at);
    return folded.is(Kind::unknown) ? out : folded;
}

}  // namespace bartizan::scan::pickle
