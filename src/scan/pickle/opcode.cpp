#include "scan/pickle/opcode.h"

namespace bartizan::scan::pickle {
namespace {

constexpr std::array<Opcode, 256> table() {
    std::array<Opcode, 256> out{};
    const auto add = [&](Op op, int protocol, std::string_view name, Argument argument = Argument::none) {
        out[static_cast<std::uint8_t>(op)] = {argument, static_cast<std::uint8_t>(protocol), name};
    };
    add(Op::mark, 0, "MARK");
    add(Op::stop, 0, "STOP");
    add(Op::pop, 0, "POP");
    add(Op::pop_mark, 1, "POP_MARK");
    add(Op::dup, 0, "DUP");
    add(Op::floating, 0, "FLOAT", Argument::float_line);
    add(Op::integer, 0, "INT", Argument::decimal_line);
    add(Op::binint, 1, "BININT", Argument::signed4);
    add(Op::binint1, 1, "BININT1", Argument::unsigned1);
    add(Op::long_line, 0, "LONG", Argument::decimal_line);
    add(Op::binint2, 1, "BININT2", Argument::unsigned2);
    add(Op::none, 0, "NONE");
    add(Op::persid, 0, "PERSID", Argument::line);
    add(Op::binpersid, 1, "BINPERSID");
    add(Op::reduce, 0, "REDUCE");
    add(Op::string, 0, "STRING", Argument::quoted_line);
    add(Op::binstring, 1, "BINSTRING", Argument::counted4_signed);
    add(Op::short_binstring, 1, "SHORT_BINSTRING", Argument::counted1);
    add(Op::unicode, 0, "UNICODE", Argument::line);
    add(Op::binunicode, 1, "BINUNICODE", Argument::counted4);
    add(Op::append, 0, "APPEND");
    add(Op::build, 0, "BUILD");
    add(Op::global, 0, "GLOBAL", Argument::two_lines);
    add(Op::dict, 0, "DICT");
    add(Op::empty_dict, 1, "EMPTY_DICT");
    add(Op::appends, 1, "APPENDS");
    add(Op::get, 0, "GET", Argument::decimal_line);
    add(Op::binget, 1, "BINGET", Argument::unsigned1);
    add(Op::inst, 0, "INST", Argument::two_lines);
    add(Op::long_binget, 1, "LONG_BINGET", Argument::unsigned4);
    add(Op::list, 0, "LIST");
    add(Op::empty_list, 1, "EMPTY_LIST");
    add(Op::obj, 1, "OBJ");
    add(Op::put, 0, "PUT", Argument::decimal_line);
    add(Op::binput, 1, "BINPUT", Argument::unsigned1);
    add(Op::long_binput, 1, "LONG_BINPUT", Argument::unsigned4);
    add(Op::setitem, 0, "SETITEM");
    add(Op::tuple, 0, "TUPLE");
    add(Op::empty_tuple, 1, "EMPTY_TUPLE");
    add(Op::setitems, 1, "SETITEMS");
    add(Op::binfloat, 1, "BINFLOAT", Argument::float8);
    add(Op::proto, 2, "PROTO", Argument::unsigned1);
    add(Op::newobj, 2, "NEWOBJ");
    add(Op::ext1, 2, "EXT1", Argument::unsigned1);
    add(Op::ext2, 2, "EXT2", Argument::unsigned2);
    add(Op::ext4, 2, "EXT4", Argument::unsigned4);
    add(Op::tuple1, 2, "TUPLE1");
    add(Op::tuple2, 2, "TUPLE2");
    add(Op::tuple3, 2, "TUPLE3");
    add(Op::newtrue, 2, "NEWTRUE");
    add(Op::newfalse, 2, "NEWFALSE");
    add(Op::long1, 2, "LONG1", Argument::counted1);
    add(Op::long4, 2, "LONG4", Argument::counted4_signed);
    add(Op::binbytes, 3, "BINBYTES", Argument::counted4);
    add(Op::short_binbytes, 3, "SHORT_BINBYTES", Argument::counted1);
    add(Op::short_binunicode, 4, "SHORT_BINUNICODE", Argument::counted1);
    add(Op::binunicode8, 4, "BINUNICODE8", Argument::counted8);
    add(Op::binbytes8, 4, "BINBYTES8", Argument::counted8);
    add(Op::empty_set, 4, "EMPTY_SET");
    add(Op::additems, 4, "ADDITEMS");
    add(Op::frozenset, 4, "FROZENSET");
    add(Op::newobj_ex, 4, "NEWOBJ_EX");
    add(Op::stack_global, 4, "STACK_GLOBAL");
    add(Op::memoize, 4, "MEMOIZE");
    add(Op::frame, 4, "FRAME", Argument::unsigned8);
    add(Op::bytearray8, 5, "BYTEARRAY8", Argument::counted8);
    add(Op::next_buffer, 5, "NEXT_BUFFER");
    add(Op::readonly_buffer, 5, "READONLY_BUFFER");
    return out;
}

}  // namespace

constinit const std::array<Opcode, 256> kOpcodeTable = table();

}  // namespace bartizan::scan::pickle
