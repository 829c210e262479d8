/// What a call gives, and whether it is inert.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "scan/pickle/evidence.h"
#include "scan/pickle/fold.h"
#include "scan/pickle/world.h"
#include "scan/rules.h"
#include "scan/say.h"

namespace bartizan::scan::pickle {

Value World::made(const Value& callee, std::vector<Value> args, std::uint64_t at, bool proven) {
    const Value out = heap.make(Kind::called, at, std::move(args), callee);
    // The node that keeps nothing proves nothing.
    heap.at(out).proven = proven && heap.at(out).complete;
    if (context_.explain) explain(fmt::format("{} = {}", show(out, 0), show_call(callee, heap.at(out).items)));
    return out;
}

/// A call costs what looking at its arguments does, and more when it came out of another call, so that calls that make
/// calls cannot multiply.
void World::charge(std::span<const Value> args, int depth) {
    std::uint64_t cost = depth == 0 ? 1 : 32;
    cost += args.size() / 8;
    for (const Value& arg : args) {
        if (arg.is_node()) cost += heap.at(arg).items.size() / 8;
        if (arg.is_string()) cost += arg.size / 256;
    }
    context_.budget.steps -= std::min(context_.budget.steps, cost);
}

Value World::call(const Value& callee, std::vector<Value> args, How how, std::uint64_t at, int depth) {
    if (depth > kMaxCallDepth) return unproven_call(callee, std::move(args), at, "calls are nested too deep");
    charge(args, depth);
    if (context_.budget.steps == 0) return {};  // the machine stops at its next step
    if (callee.is(Kind::symbol)) return call_symbol(callee, std::move(args), how, at, depth);
    if (callee.is(Kind::called)) return call_made(callee, std::move(args), at, depth);
    if (callee.is(Kind::attribute)) {
        const Node& node = heap.at(callee);
        if (!node.items.empty()) return method(node.callee, node.items[0].text(), std::move(args), at);
    }
    return unproven_call(callee, std::move(args), at, "a call of something unknown");
}

/// What an earlier call gave is called: partial objects and their like pass it on.
Value World::call_made(const Value& callee, std::vector<Value> args, std::uint64_t at, int depth) {
    const Entry entry = entry_of(callee);
    const std::vector<Value> held = heap.at(callee).items;
    if (held.empty()) return unproven_call(callee, std::move(args), at, "a call of what another call gave");
    switch (entry.contract) {
        case Contract::partial: {
            std::vector<Value> all(held.begin() + 1, held.end());
            all.insert(all.end(), args.begin(), args.end());
            return call(held[0], std::move(all), How::called, at, depth + 1);
        }
        case Contract::attribute_getter:
            if (args.size() == 1 && held[0].is(Kind::text)) return attributes(args[0], held[0].text(), at);
            break;
        case Contract::item_getter:
            if (args.size() == 1) return item(args[0], held[0], at);
            break;
        case Contract::method_caller:
            if (args.size() == 1 && held[0].is(Kind::text)) {
                const Value bound = attribute(args[0], held[0], at);
                return call(bound, {held.begin() + 1, held.end()}, How::called, at, depth + 1);
            }
            break;
        case Contract::function_parts: {
            const std::string_view maker = symbol(heap.at(callee).callee).full;
            for (const std::string_view name : {"._make_function", "._create_function", "._make_skel_func"})
                if (maker.ends_with(name))
                    say(Verdict::malicious, rule::kRunsCode, "a function is made from code in the stream and called",
                        at, show_call(callee, args));
            return function_parts(callee, std::move(args), at);
        }
        default:
            break;
    }
    return unproven_call(callee, std::move(args), at, "a call of what another call gave");
}

Value World::call_symbol(const Value& callee, std::vector<Value> args, How how, std::uint64_t at, int depth) {
    Symbol& target = symbols_[callee.index];
    switch (target.entry.stance) {
        case Stance::danger:
            return harmful(target, callee, std::move(args), at);
        case Stance::device:
            return device(callee, std::move(args), at, depth);
        case Stance::inert:
            return reconstruct(callee, std::move(args), how, at, depth);
        case Stance::framework:
            if (how == How::made) return made(callee, std::move(args), at, true);
            break;
        case Stance::neutral:
            if (target.entry.contract == Contract::function_parts) return function_parts(callee, std::move(args), at);
            if (target.entry.contract == Contract::import_module && !args.empty()) {
                unproven_call(callee, args, at, "a module is imported by name");
                const Value module = module_of(args[0], at);
                // Functions by value hold the modules that they use: a reference, no call.
                if (module.is(Kind::symbol)) symbols_[module.index].judged = true;
                return module;
            }
            break;
        case Stance::unknown:
            break;
    }
    return unproven_call(callee, std::move(args), at, "a call that is not shown to be inert");
}

Value World::harmful(Symbol& target, const Value& callee, std::vector<Value> args, std::uint64_t at) {
    target.judged = true;
    say(Verdict::malicious, target.entry.rule, fmt::format("a call that {}", target.entry.what), at,
        show_call(callee, args));
    if (target.entry.contract == Contract::import_module && !args.empty()) {
        made(callee, args, at, false);
        return module_of(args[0], at);
    }
    if (target.entry.contract == Contract::add_extension && args.size() == 3 && args[2].is(Kind::integer))
        extensions_[args[2].integer] = import_values(args[0], args[1], at);
    return made(callee, std::move(args), at, false);
}

/// "os", "os:system", "os.path": the module, or what stands behind the colon.
Value World::module_of(const Value& name, std::uint64_t at) {
    if (!name.is_string()) return {};
    const std::string_view text = name.text();
    const std::size_t colon = std::min(text.find(':'), text.size());
    return import(text.substr(0, colon), text.substr(std::min(colon + 1, text.size())), at);
}

Value World::attribute(const Value& base, const Value& name, std::uint64_t at) {
    if (!name.is_string()) {
        say(Verdict::unproven, rule::kUnprovenCall, "an attribute whose name is computed while loading", at,
            fmt::format("getattr({}, {})", show(base), show(name)));
        return {};
    }
    if (base.is(Kind::symbol)) return import(symbol(base).full, name.text(), at);
    if (!inner_component(name.text()).empty())
        say(Verdict::malicious, rule::kTampersRuntime, "an attribute that reaches into the interpreter", at,
            fmt::format("{}.{}", show(base), excerpt(name.text())));
    // A method of an instance is known by its class.
    if (base.is(Kind::called) && heap.at(base).callee.is(Kind::symbol)) {
        const std::string full = symbol(heap.at(base).callee).full + '.' + std::string(name.text());
        if (look_up(full).stance == Stance::danger) return import(symbol(heap.at(base).callee).full, name.text(), at);
    }
    // It may be a property, computed by code that is not followed.
    if (base.is(Kind::called) || base.is(Kind::unknown) || base.is(Kind::persistent))
        say(Verdict::unproven, rule::kUnprovenCall, "an attribute of an object is looked up while loading", at,
            fmt::format("{}.{}", show(base), excerpt(name.text())));
    return heap.make(Kind::attribute, at, {name}, base);
}

Value World::attributes(const Value& base, std::string_view path, std::uint64_t at) {
    Value out = base;
    while (!path.empty()) {
        const std::size_t dot = std::min(path.find('.'), path.size());
        out = attribute(out, Value::string(Kind::text, path.substr(0, dot)), at);
        path.remove_prefix(std::min(dot + 1, path.size()));
    }
    return out;
}

Value World::item(const Value& base, const Value& key, std::uint64_t at) {
    // sys.modules["os"], builtins.__dict__["eval"]
    if (base.is(Kind::symbol) && key.is_string()) {
        std::string_view owner = symbol(base).full;
        if (owner == "sys.modules") return import(key.text(), "", at);
        if (owner.ends_with(".__dict__")) owner.remove_suffix(9);
        return import(std::string(owner), key.text(), at);
    }
    if (base.is(Kind::dict) && key.is_string()) {
        const Value* found = key_of(base, key.text());
        return found == nullptr ? Value() : *found;
    }
    const bool sequence = base.is(Kind::list) || base.is(Kind::tuple);
    if (!sequence || !key.is(Kind::integer)) return {};
    const auto& items = heap.at(base).items;
    const std::int64_t index = key.integer < 0 ? key.integer + static_cast<std::int64_t>(items.size()) : key.integer;
    return index >= 0 && index < static_cast<std::int64_t>(items.size()) ? items[static_cast<std::size_t>(index)]
                                                                         : Value();
}

Value World::method(const Value& base, std::string_view name, std::vector<Value> args, std::uint64_t at) {
    if (name == "get" || name == "__getitem__") {
        if (!args.empty() && !base.is_string()) return item(base, args[0], at);
    }
    args.insert(args.begin(), base);
    const std::string full = fmt::format("builtins.{}.{}", base.is(Kind::bytes) ? "bytes" : "str", name);
    const Value folded = base.is_string() ? fold(full, args, heap, context_.budget) : Value();
    unproven_call(Value(), args, at, fmt::format("a call of the method {}", excerpt(name)));
    constant(folded, at);
    return folded;
}

Value World::device(const Value& callee, std::vector<Value> args, std::uint64_t at, int depth) {
    const Entry entry = symbol(callee).entry;
    const auto text = [&](std::size_t i) { return args.size() > i && args[i].is_string(); };
    switch (entry.contract) {
        case Contract::get_attribute: {
            if (args.size() < 2) break;
            if (context_.explain) made(callee, args, at, true);
            return attribute(args[0], args[1], at);
        }
        case Contract::partial:
            // Making one calls nothing.
            return made(callee, std::move(args), at, true);
        case Contract::attribute_getter:
        case Contract::item_getter:
        case Contract::method_caller:
            if (!text(0) && entry.contract != Contract::item_getter) break;
            return made(callee, std::move(args), at, true);
        case Contract::get_item: {
            if (args.size() < 2) break;
            // typing.Optional[int]
            if (args[0].is(Kind::symbol) && symbol(args[0]).full.starts_with("typing.") && !args[1].is_string()) {
                const Value generic = args[0];
                return made(generic, std::move(args), at, true);
            }
            unproven_call(callee, args, at, "an item is looked up while loading");
            return item(args[0], args[1], at);
        }
        case Contract::apply_call: {
            if (args.empty()) break;
            const Value target = args[0];
            std::vector<Value> rest(args.begin() + 1, args.end());
            if (symbol(callee).full == "operator.apply" && rest.size() == 1 && rest[0].is(Kind::tuple))
                rest = std::vector<Value>(heap.at(rest[0]).items);
            return call(target, std::move(rest), How::called, at, depth + 1);
        }
        case Contract::map_calls:
        case Contract::reduce_calls:
            return mapped(callee, std::move(args), at, depth);
        case Contract::make_type: {
            if (args.size() == 1 && args[0].is(Kind::none)) return import("builtins", "NoneType", at);
            if (args.size() == 3 && args[2].is(Kind::dict)) judge_state(callee, args[2], at);
            break;
        }
        case Contract::fold: {
            const Value folded = fold(symbol(callee).full, args, heap, context_.budget);
            unproven_call(callee, args, at, "a value is computed while loading");
            constant(folded, at);
            // What is not folded keeps its parts: reversed(list), iter(list)
            return folded.is(Kind::unknown) && args.size() == 1 && args[0].is_node() ? args[0] : folded;
        }
        default:
            break;
    }
    return unproven_call(callee, std::move(args), at, "a call that is not shown to be inert");
}

/// map(f, a, b), filter(f, a), starmap(f, [(a, b)]), reduce(f, [a, b]): the calls that using them makes.
Value World::mapped(const Value& callee, std::vector<Value> args, std::uint64_t at, int depth) {
    constexpr std::size_t kMostCalls = 256;
    std::vector<Value> results;
    const std::string_view name = symbol(callee).full;
    if (args.size() >= 2 && !args[0].is(Kind::none)) {
        const Value function = args[0];
        const auto item_of = [&](const Value& from, std::size_t i) -> Value {
            if (from.is_node() && i < heap.at(from).items.size()) return heap.at(from).items[i];
            return from.is_string() && i < from.size ? heap.own(from.kind, std::string(1, from.text()[i])) : Value();
        };
        const std::size_t count = args[1].is_node() ? heap.at(args[1]).items.size() : args[1].size;
        for (std::size_t i = 0; i < std::clamp<std::size_t>(count, 1, kMostCalls); ++i) {
            std::vector<Value> each;
            for (std::size_t k = 1; k < args.size(); ++k) each.push_back(item_of(args[k], i));
            if (name == "itertools.starmap" && each[0].is(Kind::tuple))
                each = std::vector<Value>(heap.at(each[0]).items);
            if (entry_of(callee).contract == Contract::reduce_calls || name == "functools.reduce")
                each = {item_of(args[1], i), item_of(args[1], i + 1)};
            results.push_back(call(function, std::move(each), How::called, at, depth + 1));
        }
    }
    unproven_call(callee, std::move(args), at, "a function is applied to values while loading");
    return heap.make(Kind::list, at, std::move(results));
}

/// cloudpickle, dill: a function is put together from its code. It does not run now; what it names tells more.
Value World::function_parts(const Value& callee, std::vector<Value> args, std::uint64_t at) {
    std::vector<Value> open(args);
    constexpr std::size_t kMostLooked = 4'096;
    for (std::size_t i = 0; i < open.size() && open.size() < kMostLooked; ++i) {
        const Value value = open[i];
        if (value.is_string() && is_dangerous_word(value.text())) {
            say(Verdict::malicious, rule::kRunsCode, "a function is made whose code reaches the system", at,
                fmt::format("{} in {}", excerpt(value.text(), 60), show_call(callee, args)));
            break;
        }
        if (!value.is(Kind::tuple) && !value.is(Kind::list)) continue;
        const auto& items = heap.at(value).items;
        const std::size_t more = std::min(items.size(), kMostLooked);
        open.insert(open.end(), items.begin(), items.begin() + static_cast<std::ptrdiff_t>(more));
    }
    say(Verdict::unproven, rule::kUnprovenCode, "a function or class is made from code in the stream", at,
        show_call(callee, args));
    return made(callee, std::move(args), at, true);
}

Value World::unproven_call(const Value& callee, std::vector<Value> args, std::uint64_t at, std::string_view why) {
    for (const Value& arg : args) {
        const std::string_view command = arg.is_string() ? command_evidence(arg.text()) : std::string_view();
        if (command.empty()) continue;
        say(Verdict::malicious, rule::kRunsCode, "a call that is given a command or code", at, show_call(callee, args));
        return made(callee, std::move(args), at, false);
    }
    say(Verdict::unproven, rule::kUnprovenCall, std::string(why), at, show_call(callee, args));
    return made(callee, std::move(args), at, false);
}

}  // namespace bartizan::scan::pickle
