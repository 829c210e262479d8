#pragma once
/// Runs one pickle, up to its STOP or its break, on symbolic values: the stack, the marks and the memo as CPython's
/// unpickler keeps them; what the operations mean is the World's.
/// Thread rule: one object, one thread.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "scan/pickle/lexer.h"
#include "scan/pickle/world.h"

namespace bartizan::scan::pickle {

enum class Ending : std::uint8_t { stopped, broken, exhausted };

struct Outcome {
    Ending how = Ending::broken;
    std::uint64_t end = 0;      ///< behind STOP, or where it broke
    std::uint64_t opcodes = 0;  ///< that ran
    std::uint64_t effects = 0;  ///< imports, calls and changes among them
    bool straddled = false;     ///< an argument lay across the end of a frame
    std::string reason = {};    ///< of the break
    Value result = {};          ///< what the stream makes
};

class Machine final {
public:
    Machine(Bytes stream, std::uint64_t at, Frames frames, World& world)
        : lexer_(stream, at, frames), world_(world), begin_(at), given_back_(at) {}

    Outcome run();

private:
    bool step(const Token& token);
    bool push_constant(const Token& token);
    bool container(const Token& token);
    bool change(const Token& token);
    bool invoke(const Token& token);
    bool memory(const Token& token);
    bool raw_array();

    bool push(const Value& value) {
        stack_.push_back(value);
        return true;
    }
    std::size_t fence() const { return marks_.empty() ? 0 : marks_.back(); }
    /// Not below the last mark.
    bool pop(Value& out);
    bool pop_mark(std::vector<Value>& out);
    bool push_long(std::string_view digits);
    bool make(Kind kind, std::vector<Value> items, std::uint64_t at);
    bool put(std::uint64_t index, std::uint64_t at);
    bool get(std::uint64_t index);
    bool call(const Value& callee, const Value& args, How how, std::uint64_t at);
    bool fail(std::string reason);

    Lexer lexer_;
    World& world_;
    std::uint64_t begin_;
    std::uint64_t given_back_;  ///< pages up to here
    std::uint64_t at_ = 0;      ///< of the opcode that runs
    std::vector<Value> stack_;
    std::vector<Value> popped_;  ///< by the last mark: one buffer for all
    std::vector<std::size_t> marks_;
    std::vector<Value> memo_;  ///< dense part
    std::unordered_map<std::uint64_t, Value> far_memo_;
    std::uint64_t memoized_ = 0;  ///< entries, for MEMOIZE
    Outcome outcome_;
};

}  // namespace bartizan::scan::pickle
