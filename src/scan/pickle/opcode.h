#pragma once
/// The 68 opcodes of the pickle protocols 0 to 5 and the arguments that follow them in the stream (pickletools.py of
/// CPython 3.12 has the table that this one was checked against).
/// Thread rule: constant data.

#include <array>
#include <cstdint>
#include <string_view>

namespace bartizan::scan::pickle {

enum class Op : std::uint8_t {
    mark = '(',
    stop = '.',
    pop = '0',
    pop_mark = '1',
    dup = '2',
    floating = 'F',
    integer = 'I',
    binint = 'J',
    binint1 = 'K',
    long_line = 'L',
    binint2 = 'M',
    none = 'N',
    persid = 'P',
    binpersid = 'Q',
    reduce = 'R',
    string = 'S',
    binstring = 'T',
    short_binstring = 'U',
    unicode = 'V',
    binunicode = 'X',
    append = 'a',
    build = 'b',
    global = 'c',
    dict = 'd',
    empty_dict = '}',
    appends = 'e',
    get = 'g',
    binget = 'h',
    inst = 'i',
    long_binget = 'j',
    list = 'l',
    empty_list = ']',
    obj = 'o',
    put = 'p',
    binput = 'q',
    long_binput = 'r',
    setitem = 's',
    tuple = 't',
    empty_tuple = ')',
    setitems = 'u',
    binfloat = 'G',
    proto = 0x80,
    newobj = 0x81,
    ext1 = 0x82,
    ext2 = 0x83,
    ext4 = 0x84,
    tuple1 = 0x85,
    tuple2 = 0x86,
    tuple3 = 0x87,
    newtrue = 0x88,
    newfalse = 0x89,
    long1 = 0x8a,
    long4 = 0x8b,
    binbytes = 'B',
    short_binbytes = 'C',
    short_binunicode = 0x8c,
    binunicode8 = 0x8d,
    binbytes8 = 0x8e,
    empty_set = 0x8f,
    additems = 0x90,
    frozenset = 0x91,
    newobj_ex = 0x92,
    stack_global = 0x93,
    memoize = 0x94,
    frame = 0x95,
    bytearray8 = 0x96,
    next_buffer = 0x97,
    readonly_buffer = 0x98,
};

/// What follows an opcode.
enum class Argument : std::uint8_t {
    invalid,  ///< no opcode at all
    none,
    unsigned1,
    unsigned2,
    unsigned4,
    unsigned8,
    signed4,
    float8,
    counted1,  ///< a length of one byte, then so many bytes
    counted4,
    counted8,
    counted4_signed,
    line,          ///< up to a line feed
    decimal_line,  ///< of decimal digits
    float_line,
    quoted_line,  ///< a string literal
    two_lines,    ///< module and name
};

struct Opcode {
    Argument argument = Argument::invalid;
    std::uint8_t protocol = 0;
    std::string_view name;
};
/// Of any byte; `invalid` for those that are none.
extern const std::array<Opcode, 256> kOpcodeTable;
inline const Opcode& opcode(std::uint8_t byte) { return kOpcodeTable[byte]; }
/// How many there are.
inline constexpr int kOpcodes = 68;

}  // namespace bartizan::scan::pickle
