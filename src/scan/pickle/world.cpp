#include "scan/pickle/world.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "scan/rules.h"
#include "scan/say.h"
#include "scan/torch/checkpoint_tensors.h"

namespace bartizan::scan::pickle {
namespace {

/// A value that is more than this many when nothing is shared, and so many times the bytes that made it, is a bomb.
constexpr double kBombValues = 1e8;
constexpr double kBombRatio = 1e5;
/// Bytes of a value that are kept free for what is made later.
constexpr std::uint64_t kLeast = std::uint64_t{64} << 10;

std::string_view last_component(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

bool is_dunder(std::string_view name) { return name.size() > 4 && name.starts_with("__") && name.ends_with("__"); }

/// Exceptions and warnings do nothing but carry values, in whatever module they are.
bool is_exception(std::string_view name) {
    const std::string_view last = last_component(name);
    return !last.empty() && last[0] >= 'A' && last[0] <= 'Z' &&
           (last.ends_with("Error") || last.ends_with("Exception") || last.ends_with("Warning"));
}

/// Modules of a package that do things when they are imported.
bool runs_on_import(std::string_view name) {
    for (const std::string_view part : {".__main__", ".tests.", ".conftest", ".setup.", ".test_", "._build_utils"})
        if (name.find(part) != std::string_view::npos) return true;
    return false;
}

/// Attributes of objects that frameworks do keep under such names.
bool is_harmless_dunder(std::string_view key) {
    constexpr std::array kHarmless = {"__doc__",        "__name__",        "__module__",  "__qualname__",
                                      "__orig_class__", "__annotations__", "__version__", "__params__"};
    return key.starts_with("__pydantic") || key.starts_with("__fields") || key.starts_with("__private") ||
           std::ranges::find(kHarmless, key) != kHarmless.end();
}

}  // namespace

World::World(Context& context, const PickleOptions& options)
    : heap(std::max(kLeast, context.budget.memory / 4 * 3), context.tensors == nullptr ? kMaxKept : kMaxKeptWhole),
      context_(context),
      options_(options) {}

void World::say(Verdict verdict, std::string_view rule, std::string title, std::uint64_t at, std::string detail) {
    const std::size_t what = std::hash<std::string>()(title + '\n' + detail);
    if (said_.size() >= kMaxIssues || !said_.insert(what).second) {
        context_.result.verdict = worse(context_.result.verdict, verdict);
        return;
    }
    if (verdict == Verdict::malicious)
        malicious(context_, rule, std::move(title), at, std::move(detail));
    else
        unproven(context_, rule, std::move(title), at, std::move(detail));
}

void World::explain(std::string line) {
    if (context_.result.program.size() < kMaxProgram) context_.result.program.push_back(std::move(line));
}

Value World::intern(std::string full, std::uint64_t at) {
    if (const auto found = by_name_.find(full); found != by_name_.end())
        return Value::reference(Kind::symbol, found->second);
    if (symbols_.size() >= kMaxSymbols) return {};
    const auto index = static_cast<std::uint32_t>(symbols_.size());
    symbols_.push_back({.full = full, .entry = look_up(full), .at = at});
    by_name_.emplace(std::move(full), index);
    return Value::reference(Kind::symbol, index);
}

Value World::import(std::string_view module, std::string_view name, std::uint64_t at) {
    const std::size_t known = symbols_.size();
    const Value out = intern(canonical_name(module, name), at);
    if (!out.is(Kind::symbol)) {
        say(Verdict::unproven, rule::kUnprovenImport, "more names are imported than are told apart", at, "");
        return out;
    }
    if (symbols_.size() == known) return out;
    Symbol& symbol = symbols_.back();
    if (context_.explain) explain(fmt::format("import {}", excerpt(symbol.full)));
    const std::string_view inner = inner_component(name);
    if (!inner.empty() && symbol.entry.stance != Stance::inert && symbol.entry.stance != Stance::danger) {
        symbol.entry = {
            .stance = Stance::danger, .rule = rule::kTampersRuntime, .what = "reaches into the interpreter"};
    } else if (symbol.entry.stance == Stance::danger && is_exception(symbol.full)) {
        symbol.entry = {.stance = Stance::neutral};
    }
    // Tokenizers in Python open the files that their state names.
    const bool opens = symbol.full.find(".tokenization_") != std::string::npos &&
                       symbol.full.find("_fast.") == std::string::npos &&
                       symbol.full.find("utils") == std::string::npos;
    if (symbol.entry.stance == Stance::framework && opens) symbol.entry = {.stance = Stance::neutral};
    judge_import(symbol, at);
    return out;
}

void World::judge_import(Symbol& symbol, std::uint64_t at) {
    const bool harmless = symbol.entry.stance == Stance::framework || symbol.entry.stance == Stance::neutral;
    if (symbol.entry.stance == Stance::unknown || (harmless && runs_on_import(symbol.full)))
        say(Verdict::unproven, rule::kUnprovenImport, "an import that is not known to be harmless", at,
            excerpt(symbol.full));
}

Value World::import_values(const Value& module, const Value& name, std::uint64_t at) {
    if (module.is_string() && name.is_string()) return import(module.text(), name.text(), at);
    say(Verdict::unproven, rule::kUnprovenImport, "an import whose name is computed while loading", at,
        fmt::format("{}.{}", show(module), show(name)));
    return {};
}

Value World::extension(std::int64_t code, std::uint64_t at) {
    if (const auto found = extensions_.find(code); found != extensions_.end()) return found->second;
    say(Verdict::unproven, rule::kUnprovenImport, "a name that the loader's extension registry decides on", at,
        fmt::format("extension {}", code));
    return {};
}

Value World::persistent(const Value& id, std::uint64_t at) {
    const Value out = heap.make(Kind::persistent, at, {id});
    if (!options_.torch) {
        say(Verdict::unproven, rule::kUnprovenCall, "an object that the loader resolves by an id of its own", at,
            fmt::format("persistent_load({})", show(id)));
        return out;
    }
    // torch/serialization.py: ("storage", type, key, location, elements[, view])
    const Node* node = id.is(Kind::tuple) ? &heap.at(id) : nullptr;
    const bool storage = node != nullptr && node->items.size() >= 5 && node->items[0].is(Kind::text) &&
                         node->items[0].text() == "storage" && is_class(node->items[1]) && node->items[2].is_string() &&
                         node->items[4].is(Kind::integer);
    heap.at(out).proven = !heap.at(out).items.empty() && (storage || id.is(Kind::integer) || id.is_string());
    if (storage && context_.storages != nullptr)
        context_.storages->add(node->items[2].text(), symbol(node->items[1]).full,
                               static_cast<std::uint64_t>(std::max<std::int64_t>(0, node->items[4].integer)));
    if (!heap.at(out).proven)
        say(Verdict::unproven, rule::kUnprovenCall, "a persistent id that is no storage of a checkpoint", at,
            fmt::format("persistent_load({})", show(id)));
    return out;
}

void World::grown(const Value& container, std::uint64_t at) {
    if (bomb_ || !container.is_node()) return;
    const double unfolded = heap.at(container).unfolded;
    if (unfolded < kBombValues || unfolded < kBombRatio * static_cast<double>(at + 1)) return;
    bomb_ = true;
    say(Verdict::malicious, rule::kExhausts, "values nested by reference that unfold to exhaust memory or time", at,
        fmt::format("{:.2g} values from {} bytes", unfolded, at));
}

const Entry& World::entry_of(const Value& object) const {
    static constexpr Entry kUnknown{};
    if (!object.is(Kind::called)) return kUnknown;
    const Node& node = heap.at(object);
    return node.callee.is(Kind::symbol) ? symbol(node.callee).entry : kUnknown;
}

/// The dict that BUILD merges into an object's own, and the one that it sets by attributes.
void World::judge_state(const Value& object, const Value& state, std::uint64_t at) {
    std::array<Value, 2> parts = {state, {}};
    if (state.is(Kind::tuple) && heap.at(state).items.size() == 2)
        parts = {heap.at(state).items[0], heap.at(state).items[1]};
    for (const Value& part : parts) {
        if (!part.is(Kind::dict)) continue;
        const auto& items = heap.at(part).items;
        context_.budget.steps -= std::min<std::uint64_t>(context_.budget.steps, items.size() / 8);
        for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
            if (!items[i].is_string() || !is_dunder(items[i].text()) || is_harmless_dunder(items[i].text())) continue;
            const bool callable =
                items[i + 1].is(Kind::symbol) || items[i + 1].is(Kind::called) || items[i + 1].is(Kind::attribute);
            say(callable ? Verdict::malicious : Verdict::unproven, rule::kTampersRuntime,
                "an object's inner attribute is replaced", at,
                fmt::format("{}.{} = {}", show(object), excerpt(items[i].text()), show(items[i + 1])));
        }
    }
}

void World::build(const Value& object, const Value& state, std::uint64_t at) {
    if (context_.explain) explain(fmt::format("{}.__setstate__({})", show(object, 0), show(state)));
    if (object.is(Kind::symbol)) {
        say(Verdict::malicious, rule::kTampersRuntime, "attributes of an imported object are set", at,
            fmt::format("{}.__dict__.update({})", show(object), show(state)));
        return;
    }
    judge_state(object, state, at);
    if (object.is(Kind::called)) {
        Node& node = heap.at(object);
        node.state = state;
        const Entry& entry = entry_of(object);
        if (entry.contract == Contract::partial && state.is(Kind::tuple) && !heap.at(state).items.empty()) {
            const Node& parts = heap.at(state);
            std::vector<Value> items = {parts.items[0]};
            if (parts.items.size() > 1 && parts.items[1].is(Kind::tuple))
                items.insert(items.end(), heap.at(parts.items[1]).items.begin(), heap.at(parts.items[1]).items.end());
            node.items = std::move(items);
        }
        array_follows(node);
        if (node.proven && (entry.actions & kBuild) != 0) return;
    }
    if (object.is(Kind::persistent) && heap.at(object).proven && state.is(Kind::none)) return;
    say(Verdict::unproven, rule::kUnprovenCall, "a state is given to an object of unknown behaviour", at,
        fmt::format("{}.__setstate__({})", show(object), show(state)));
}

void World::set_items(const Value& object, std::span<const Value> pairs, std::uint64_t at) {
    if (object.is(Kind::dict)) return heap.extend(heap.at(object), pairs);
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) set_item(object, pairs[i], pairs[i + 1], at);
}

void World::set_item(const Value& object, const Value& key, const Value& value, std::uint64_t at) {
    if (object.is(Kind::called) && heap.at(object).proven && (entry_of(object).actions & kSetItem) != 0)
        return keep(object, key, value, at);
    const Contract maker = entry_of(object).contract;
    const bool tensor = maker == Contract::tensor || maker == Contract::tensor_parts || maker == Contract::typed_tensor;
    const bool foreign = object.is(Kind::symbol) || object.is(Kind::attribute) || tensor || object.is(Kind::persistent);
    say(foreign ? Verdict::malicious : Verdict::unproven, rule::kTampersRuntime,
        "an item of an object that is not a dict of this stream is set", at,
        fmt::format("{}[{}] = {}", show(object), show(key), show(value)));
}

void World::keep(const Value& object, const Value& key, const Value& value, std::uint64_t at) {
    if (context_.tensors == nullptr) return;
    const auto [entry, added] = contents_.try_emplace(object.index);
    if (added) entry->second = heap.make(Kind::dict, at);
    Node& node = heap.at(entry->second);
    heap.add(node, key);
    heap.add(node, value);
}

const Value* World::contents_of(const Value& object) const {
    const auto found = contents_.find(object.index);
    return object.is(Kind::called) && found != contents_.end() ? &found->second : nullptr;
}

void World::append(const Value& object, std::span<const Value> items, std::uint64_t at) {
    if (object.is(Kind::list)) return heap.extend(heap.at(object), items);
    if (object.is(Kind::called) && heap.at(object).proven && (entry_of(object).actions & kAppend) != 0) return;
    for (const Value& item : items)
        say(object.is(Kind::symbol) ? Verdict::malicious : Verdict::unproven, rule::kTampersRuntime,
            "something is appended to an object that is not a list of this stream", at,
            fmt::format("{}.append({})", show(object), show(item)));
}

void World::add(const Value& object, std::span<const Value> items, std::uint64_t at) {
    if (object.is(Kind::set)) return heap.extend(heap.at(object), items);
    for (const Value& item : items)
        say(object.is(Kind::symbol) ? Verdict::malicious : Verdict::unproven, rule::kTampersRuntime,
            "something is added to an object that is not a set of this stream", at,
            fmt::format("{}.add({})", show(object), show(item)));
}

void World::stopped(const Value& value) { explain(fmt::format("return {}", show(value, 1))); }

void World::finish() {
    for (Symbol& symbol : symbols_) {
        if (symbol.entry.stance != Stance::danger || std::exchange(symbol.judged, true)) continue;
        say(Verdict::malicious, symbol.entry.rule, fmt::format("a reference to what {}", symbol.entry.what), symbol.at,
            excerpt(symbol.full));
    }
}

const Value* World::key_of(const Value& dict, std::string_view key) const {
    if (!dict.is(Kind::dict)) return nullptr;
    const auto& items = heap.at(dict).items;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2)
        if (items[i].is_string() && items[i].text() == key) return &items[i + 1];
    return nullptr;
}

/// Bytes of one element of a numpy.dtype: "f8"; structured ones tell it in their state (3, order, ..., size, ...).
std::uint64_t World::item_size(const Value& dtype) const {
    if (!dtype.is(Kind::called)) return 0;
    const Node& node = heap.at(dtype);
    if (node.state.is(Kind::tuple)) {
        const auto& state = heap.at(node.state).items;
        if (state.size() > 5 && state[5].is(Kind::integer) && state[5].integer > 0)
            return static_cast<std::uint64_t>(state[5].integer);
    }
    if (node.items.empty() || !node.items[0].is_string()) return 0;
    std::string_view code = node.items[0].text();
    while (!code.empty() && (code[0] < '0' || code[0] > '9')) code.remove_prefix(1);
    std::uint64_t size = 0;
    for (const char c : code.substr(0, 6))
        if (c >= '0' && c <= '9') size = size * 10 + static_cast<std::uint64_t>(c - '0');
    return node.items[0].text().starts_with("U") ? size * 4 : size;
}

/// joblib/numpy_pickle.py, NumpyArrayWrapper.read_array: the array lies behind the BUILD opcode.
void World::array_follows(const Node& wrapper) {
    if (!wrapper.callee.is(Kind::symbol) || symbol(wrapper.callee).full != "joblib.numpy_pickle.NumpyArrayWrapper")
        return;
    const Value* shape = key_of(wrapper.state, "shape");
    const Value* dtype = key_of(wrapper.state, "dtype");
    const Value* alignment = key_of(wrapper.state, "numpy_array_alignment_bytes");
    if (shape == nullptr || dtype == nullptr || !shape->is(Kind::tuple)) return;
    raw_ = {};
    raw_.padded = alignment != nullptr && alignment->is(Kind::integer);
    raw_.bytes = item_size(*dtype);
    for (const Value& extent : heap.at(*shape).items)
        if (!extent.is(Kind::integer) || extent.integer < 0 ||
            __builtin_mul_overflow(raw_.bytes, static_cast<std::uint64_t>(extent.integer), &raw_.bytes))
            raw_.bytes = UINT64_MAX;
    const auto& code = heap.at(*dtype).items;
    raw_.objects = dtype->is(Kind::called) && !code.empty() && code[0].is_string() && code[0].text().starts_with("O");
    raw_follows_ = true;
}

bool World::take_raw(Raw& raw) {
    raw = raw_;
    return std::exchange(raw_follows_, false);
}

}  // namespace bartizan::scan::pickle
