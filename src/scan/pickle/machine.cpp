#include "scan/pickle/machine.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "scan/pickle/fold.h"
#include "scan/rules.h"
#include "scan/say.h"

namespace bartizan::scan::pickle {
namespace {

/// Values on the stack; more is no pickle of this world.
constexpr std::size_t kMaxStack = 1'000'000;
/// Protocols that loaders know.
constexpr std::int64_t kHighestProtocol = 5;
/// So much is read before its pages are given back; strings of it that are looked at again are read again.
constexpr std::uint64_t kReadAtOnce = std::uint64_t{4} << 20;
/// So many bytes searched for a line's end cost one step.
constexpr std::uint64_t kSearchedPerStep = 64;

}  // namespace

bool Machine::fail(std::string reason) {
    outcome_.reason = std::move(reason);
    return false;
}

bool Machine::pop(Value& out) {
    if (stack_.size() <= fence()) return fail("an opcode finds too few values on the stack");
    out = stack_.back();
    stack_.pop_back();
    return true;
}

bool Machine::pop_mark(std::vector<Value>& out) {
    if (marks_.empty()) return fail("an opcode finds no mark on the stack");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    out.assign(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return true;
}

bool Machine::make(Kind kind, std::vector<Value> items, std::uint64_t at) {
    const Value out = world_.heap.make(kind, at, std::move(items));
    world_.grown(out, lexer_.position() - begin_);
    return push(out);
}

bool Machine::push_long(std::string_view bytes) {
    if (bytes.size() > sizeof(std::int64_t)) return push(Value::of(Kind::big));
    std::uint64_t value = bytes.empty() || static_cast<signed char>(bytes.back()) >= 0 ? 0 : ~std::uint64_t{0};
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return push(Value::of(Kind::integer, static_cast<std::int64_t>(value)));
}

bool Machine::push_constant(const Token& token) {
    const auto string = [&](Kind kind, std::string_view text) {
        const Value value = Value::string(kind, text);
        world_.constant(value, token.at);
        return push(value);
    };
    switch (token.op) {
        case Op::none:
            return push(Value::of(Kind::none));
        case Op::newtrue:
        case Op::newfalse:
            return push(Value::of(Kind::boolean, token.op == Op::newtrue));
        case Op::integer:
            if (token.text == "01" || token.text == "00") return push(Value::of(Kind::boolean, token.text == "01"));
            return push(Value::of(Kind::integer, token.integer));
        case Op::long_line:
        case Op::binint:
        case Op::binint1:
        case Op::binint2:
            return push(Value::of(Kind::integer, token.integer));
        case Op::long1:
        case Op::long4:
            return push_long(token.text);
        case Op::floating: {
            double number = 0;
            const char* end = token.text.data() + token.text.size();
            const auto [stop, error] = std::from_chars(token.text.data(), end, number);
            if (error != std::errc() && error != std::errc::result_out_of_range) return fail("a malformed number");
            return push(Value::of(Kind::floating, std::bit_cast<std::int64_t>(number)));
        }
        case Op::binfloat:  // stored with the high byte first
            return push(Value::of(Kind::floating, static_cast<std::int64_t>(
                                                      __builtin_bswap64(static_cast<std::uint64_t>(token.integer)))));
        case Op::string:
        case Op::unicode: {
            if (token.text.find('\\') == std::string_view::npos) return string(Kind::text, token.text);
            std::string plain = token.op == Op::string ? unescape(token.text) : unescape_unicode(token.text);
            const Value owned = world_.heap.own(Kind::text, std::move(plain));
            world_.constant(owned, token.at);
            return push(owned);
        }
        case Op::binbytes:
        case Op::short_binbytes:
        case Op::binbytes8:
            return string(Kind::bytes, token.text);
        case Op::bytearray8:
            world_.constant(Value::string(Kind::bytes, token.text), token.at);
            return make(Kind::byte_array, {}, token.at);
        case Op::next_buffer:
            return make(Kind::byte_array, {}, token.at);
        default:
            return string(Kind::text, token.text);
    }
}

bool Machine::container(const Token& token) {
    std::vector<Value> items;
    switch (token.op) {
        case Op::empty_tuple:
            return make(Kind::tuple, {}, token.at);
        case Op::empty_list:
            return make(Kind::list, {}, token.at);
        case Op::empty_dict:
            return make(Kind::dict, {}, token.at);
        case Op::empty_set:
            return make(Kind::set, {}, token.at);
        case Op::tuple:
            return pop_mark(items) && make(Kind::tuple, std::move(items), token.at);
        case Op::list:
            return pop_mark(items) && make(Kind::list, std::move(items), token.at);
        case Op::frozenset:
            return pop_mark(items) && make(Kind::frozen_set, std::move(items), token.at);
        case Op::dict:
            return pop_mark(items) && make(Kind::dict, std::move(items), token.at);
        default: {
            const std::size_t count = token.op == Op::tuple1 ? 1 : token.op == Op::tuple2 ? 2 : 3;
            if (stack_.size() < fence() + count) return fail("an opcode finds too few values on the stack");
            items.assign(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
            stack_.resize(stack_.size() - count);
            return make(Kind::tuple, std::move(items), token.at);
        }
    }
}

bool Machine::change(const Token& token) {
    std::array<Value, 2> pair;
    std::span<const Value> items = std::span(pair).last(1);
    switch (token.op) {
        case Op::appends:
        case Op::additems:
        case Op::setitems:
            if (!pop_mark(popped_)) return false;
            items = popped_;
            break;
        case Op::setitem:
            items = pair;
            if (!pop(pair[1]) || !pop(pair[0])) return false;
            break;
        default:
            if (!pop(pair[1])) return false;
    }
    if (stack_.size() <= fence()) return fail("an opcode finds too few values on the stack");
    const Value object = stack_.back();
    ++outcome_.effects;
    switch (token.op) {
        case Op::append:
        case Op::appends:
            world_.append(object, items, token.at);
            break;
        case Op::additems:
            world_.add(object, items, token.at);
            break;
        case Op::setitem:
        case Op::setitems:
            if (items.size() % 2 != 0) return fail("SETITEMS with a key without its value");
            world_.set_items(object, items, token.at);
            break;
        default:
            world_.build(object, pair[1], token.at);
            return raw_array();
    }
    world_.grown(object, lexer_.position() - begin_);
    return true;
}

bool Machine::raw_array() {
    World::Raw raw;
    if (!world_.take_raw(raw)) return true;
    if (raw.objects) {
        // The objects are a pickle of their own, read from the same place.
        Machine inner({reinterpret_cast<const std::byte*>(lexer_.rest().data()), lexer_.rest().size()}, 0,
                      Frames::linear, world_);
        if (world_.context().depth >= world_.context().budget.depth) return fail("arrays nested too deep");
        ++world_.context().depth;
        const Outcome outcome = inner.run();
        --world_.context().depth;
        lexer_.skip(outcome.end);
        return outcome.how == Ending::stopped || fail("an array of objects without its pickle");
    }
    std::uint64_t padding = 0;
    if (raw.padded && !lexer_.rest().empty()) padding = static_cast<unsigned char>(lexer_.rest()[0]) + std::uint64_t{1};
    if (raw.bytes > lexer_.rest().size() || padding > lexer_.rest().size() - raw.bytes)
        return fail("an array that ends behind the file");
    lexer_.skip(padding + raw.bytes);
    return true;
}

bool Machine::call(const Value& callee, const Value& args, How how, std::uint64_t at) {
    std::vector<Value> items;
    if (args.is(Kind::tuple) || args.is(Kind::list))
        items = world_.heap.at(args).items;
    else
        items.push_back(args);  // computed: unknown arguments
    if (args.is_node() && !world_.heap.at(args).complete) items.emplace_back();
    return push(world_.call(callee, std::move(items), how, at));
}

bool Machine::invoke(const Token& token) {
    ++outcome_.effects;
    Value callee, args, extra;
    std::vector<Value> items;
    switch (token.op) {
        case Op::global:
            return push(world_.import(token.text, token.second, token.at));
        case Op::stack_global:
            return pop(extra) && pop(callee) && push(world_.import_values(callee, extra, token.at));
        case Op::ext1:
        case Op::ext2:
        case Op::ext4:
            return push(world_.extension(token.integer, token.at));
        case Op::persid:
            return push(world_.persistent(Value::string(Kind::text, token.text), token.at));
        case Op::binpersid:
            return pop(extra) && push(world_.persistent(extra, token.at));
        case Op::inst:
            callee = world_.import(token.text, token.second, token.at);
            return pop_mark(items) && push(world_.call(callee, std::move(items), How::called, token.at));
        case Op::obj: {
            if (!pop_mark(items)) return false;
            if (items.empty()) return fail("OBJ without a class");
            callee = items[0];
            items.erase(items.begin());
            // Without arguments a class is made by __new__ alone, but whether it is a class is the loader's to know.
            return push(world_.call(callee, std::move(items), How::called, token.at));
        }
        case Op::newobj_ex: {
            if (!pop(extra) || !pop(args) || !pop(callee)) return false;
            if (!extra.is(Kind::dict)) return call(callee, Value(), How::made, token.at);
            if (world_.heap.at(extra).items.empty()) return call(callee, args, How::made, token.at);
            if (args.is(Kind::tuple)) items = world_.heap.at(args).items;
            items.push_back(extra);
            return push(world_.call(callee, std::move(items), How::made, token.at));
        }
        default:
            if (!pop(args) || !pop(callee)) return false;
            return call(callee, args, token.op == Op::newobj ? How::made : How::called, token.at);
    }
}

bool Machine::step(const Token& token) {
    switch (token.op) {
        case Op::mark:
        case Op::dup:
        case Op::pop:
        case Op::pop_mark:
        case Op::memoize:
        case Op::put:
        case Op::binput:
        case Op::long_binput:
        case Op::get:
        case Op::binget:
        case Op::long_binget:
        case Op::frame:
        case Op::readonly_buffer:
            return memory(token);
        case Op::proto:
            // Loaders of today stop here; what a later one would do is judged all the same.
            if (token.integer > kHighestProtocol) broken(world_.context(), "a protocol that no loader knows", token.at);
            return true;
        case Op::empty_tuple:
        case Op::empty_list:
        case Op::empty_dict:
        case Op::empty_set:
        case Op::tuple:
        case Op::tuple1:
        case Op::tuple2:
        case Op::tuple3:
        case Op::list:
        case Op::dict:
        case Op::frozenset:
            return container(token);
        case Op::append:
        case Op::appends:
        case Op::additems:
        case Op::setitem:
        case Op::setitems:
        case Op::build:
            return change(token);
        case Op::global:
        case Op::stack_global:
        case Op::inst:
        case Op::obj:
        case Op::newobj:
        case Op::newobj_ex:
        case Op::reduce:
        case Op::ext1:
        case Op::ext2:
        case Op::ext4:
        case Op::persid:
        case Op::binpersid:
            return invoke(token);
        default:
            return push_constant(token);
    }
}

Outcome Machine::run() {
    std::uint64_t& steps = world_.context().budget.steps;
    std::uint64_t searched = 0;
    while (true) {
        Token token;
        at_ = lexer_.position();
        const Lexed lexed = lexer_.next(token);
        const std::uint64_t cost =
            1 + (lexer_.searched() - std::exchange(searched, lexer_.searched())) / kSearchedPerStep;
        if (steps < cost || stack_.size() > kMaxStack) {
            outcome_.how = Ending::exhausted;
            outcome_.reason = steps < cost ? "more opcodes than are followed" : "a stack deeper than is followed";
            steps = 0;
            break;
        }
        steps -= cost;
        if (lexer_.position() - given_back_ > kReadAtOnce) {
            give_back(world_.context(), lexer_.between(given_back_, lexer_.position()));
            given_back_ = lexer_.position();
        }
        if (lexed != Lexed::token) {
            outcome_.reason = lexed == Lexed::end         ? "the stream ends before its STOP"
                              : lexed == Lexed::cut       ? "an argument is longer than the stream"
                              : lexed == Lexed::no_opcode ? "a byte that is no opcode"
                                                          : "a malformed argument";
            break;
        }
        if (token.op == Op::stop) {
            if (stack_.size() <= fence()) {
                outcome_.reason = "STOP with nothing on the stack";
                break;
            }
            ++outcome_.opcodes;
            outcome_.how = Ending::stopped;
            outcome_.result = stack_.back();
            if (world_.context().explain) world_.stopped(stack_.back());
            break;
        }
        if (!step(token)) break;
        ++outcome_.opcodes;
    }
    outcome_.end = outcome_.how == Ending::stopped ? lexer_.position() : at_;
    outcome_.straddled = lexer_.straddled();
    return outcome_;
}

}  // namespace bartizan::scan::pickle
