#pragma once
/// Pickles for tests, written opcode by opcode: real payloads are never needed, since nothing is ever run.

#include <span>
#include <string>
#include <string_view>

#include "scan/pickle/pickle.h"

namespace bartizan::scan::pickle {

/// A stream under construction. Every function adds opcodes and gives the assembler back.
class Assembler {
public:
    Assembler& raw(std::string_view bytes) {
        bytes_ += bytes;
        return *this;
    }
    Assembler& proto(int version) { return raw("\x80").byte(version); }
    Assembler& byte(int value) {
        bytes_ += static_cast<char>(value);
        return *this;
    }
    Assembler& number(std::uint64_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) byte(static_cast<int>(value >> (8 * i) & 0xff));
        return *this;
    }
    /// SHORT_BINUNICODE, BINUNICODE beyond 255 bytes.
    Assembler& text(std::string_view value) {
        if (value.size() < 256) return raw("\x8c").byte(static_cast<int>(value.size())).raw(value);
        return raw("X").number(value.size(), 4).raw(value);
    }
    /// BINBYTES
    Assembler& bytes(std::string_view value) { return raw("B").number(value.size(), 4).raw(value); }
    Assembler& integer(int value) { return raw("J").number(static_cast<std::uint32_t>(value), 4); }
    /// STACK_GLOBAL
    Assembler& global(std::string_view module, std::string_view name) { return text(module).text(name).raw("\x93"); }
    /// GLOBAL
    Assembler& old_global(std::string_view module, std::string_view name) {
        return raw("c").raw(module).raw("\n").raw(name).raw("\n");
    }
    Assembler& mark() { return raw("("); }
    Assembler& tuple() { return raw("t"); }
    Assembler& tuple1() { return raw("\x85"); }
    Assembler& tuple2() { return raw("\x86"); }
    Assembler& tuple3() { return raw("\x87"); }
    Assembler& empty_tuple() { return raw(")"); }
    Assembler& dict() { return raw("}"); }
    Assembler& list() { return raw("]"); }
    Assembler& reduce() { return raw("R"); }
    Assembler& newobj() { return raw("\x81"); }
    Assembler& build() { return raw("b"); }
    Assembler& setitem() { return raw("s"); }
    Assembler& append() { return raw("a"); }
    Assembler& memoize() { return raw("\x94"); }
    Assembler& get(int index) { return raw("h").byte(index); }
    Assembler& pop() { return raw("0"); }
    /// callee(text)
    Assembler& call(std::string_view module, std::string_view name, std::string_view argument) {
        return global(module, name).text(argument).tuple1().reduce();
    }
    std::string stop() const { return bytes_ + "."; }
    const std::string& unfinished() const { return bytes_; }

private:
    std::string bytes_;
};

inline Assembler p4() { return Assembler().proto(4); }

/// What a judge says of these bytes.
inline FileResult judge(std::string_view content, const PickleOptions& options = {}, Budget budget = {},
                        bool explain = false) {
    FileResult result{.path = "model.pkl", .format = "pickle"};
    Context context{.result = result, .budget = budget, .explain = explain};
    judge_pickle(std::as_bytes(std::span(content.data(), content.size())), context, options);
    return result;
}
inline Verdict verdict(std::string_view content, const PickleOptions& options = {}) {
    return judge(content, options).verdict;
}
/// All details, for messages and searches.
inline std::string details(const FileResult& result) {
    std::string out;
    for (const Issue& issue : result.issues) out += issue.rule + ' ' + issue.title + ": " + issue.detail + '\n';
    return out;
}

}  // namespace bartizan::scan::pickle
