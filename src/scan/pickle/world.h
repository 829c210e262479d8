#pragma once
/// What the operations of a stream mean: imports, calls, BUILD, SETITEM, APPEND, persistent ids. Each is judged as it
/// happens, since it takes effect even if the stream breaks later. `clean` needs a proof: an inert reconstructor whose
/// contract the arguments keep, or a change to a value made in the stream.
/// Thread rule: one object, one thread.

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scan/judge.h"
#include "scan/pickle/known.h"
#include "scan/pickle/pickle.h"
#include "scan/pickle/value.h"

namespace bartizan::scan::pickle {

/// Lines of `--explain` for one file.
inline constexpr std::size_t kMaxProgram = 10'000;
/// Distinct names that one stream may import and be told apart.
inline constexpr std::size_t kMaxSymbols = 200'000;
/// partial of partial of partial ...
inline constexpr int kMaxCallDepth = 32;

/// A name in a module. An empty `name` with no entry is a module itself.
struct Symbol {
    std::string full;
    Entry entry;
    std::uint64_t at = 0;
    bool judged = false;  ///< harm is reported already
};

enum class How : std::uint8_t { called, made };  ///< class(*args); class.__new__(class, *args)

class World final {
public:
    World(Context& context, const PickleOptions& options);

    Value import(std::string_view module, std::string_view name, std::uint64_t at);
    /// Of values on the stack: the names may have been computed.
    Value import_values(const Value& module, const Value& name, std::uint64_t at);
    Value call(const Value& callee, std::vector<Value> args, How how, std::uint64_t at, int depth = 0);
    void build(const Value& object, const Value& state, std::uint64_t at);
    /// Keys and values in turn.
    void set_items(const Value& object, std::span<const Value> pairs, std::uint64_t at);
    void append(const Value& object, std::span<const Value> items, std::uint64_t at);
    void add(const Value& object, std::span<const Value> items, std::uint64_t at);
    Value persistent(const Value& id, std::uint64_t at);
    Value extension(std::int64_t code, std::uint64_t at);
    /// A string of the stream: what may be hidden in it is judged too.
    void constant(const Value& value, std::uint64_t at);
    /// A container came to be, or grew.
    void grown(const Value& container, std::uint64_t at);
    /// The value that loading gives, for `--explain`.
    void stopped(const Value& value);
    /// The stream ended or broke: names that do harm and were never called are reported.
    void finish();

    /// What a BUILD of joblib's wrapper announces: raw bytes of an array, or a pickle when they are objects.
    struct Raw {
        bool objects = false;
        bool padded = false;  ///< a byte with the length of the padding, then the padding, come first
        std::uint64_t bytes = 0;
    };
    /// Set by a BUILD, to be taken by the machine.
    bool take_raw(Raw& raw);

    /// What was put into an object that is no dict or list itself, an OrderedDict say: a dict. Only while tensors are
    /// collected.
    const Value* contents_of(const Value& object) const;

    Heap heap;
    const Symbol& symbol(const Value& value) const { return symbols_[value.index]; }
    Context& context() { return context_; }
    const PickleOptions& options() const { return options_; }
    std::string show(const Value& value, int depth = 2) const;
    std::string show_call(const Value& callee, std::span<const Value> args) const;

private:
    Value intern(std::string full, std::uint64_t at);
    void judge_import(Symbol& symbol, std::uint64_t at);
    void charge(std::span<const Value> args, int depth);
    Value call_symbol(const Value& callee, std::vector<Value> args, How how, std::uint64_t at, int depth);
    Value call_made(const Value& callee, std::vector<Value> args, std::uint64_t at, int depth);
    Value harmful(Symbol& symbol, const Value& callee, std::vector<Value> args, std::uint64_t at);
    Value device(const Value& callee, std::vector<Value> args, std::uint64_t at, int depth);
    Value mapped(const Value& callee, std::vector<Value> args, std::uint64_t at, int depth);
    Value module_of(const Value& name, std::uint64_t at);
    Value attribute(const Value& base, const Value& name, std::uint64_t at);
    Value item(const Value& base, const Value& key, std::uint64_t at);
    Value attributes(const Value& base, std::string_view path, std::uint64_t at);
    Value method(const Value& base, std::string_view name, std::vector<Value> args, std::uint64_t at);
    /// Inert: the result. Not inert: reports why, and the result.
    Value reconstruct(const Value& callee, std::vector<Value> args, How how, std::uint64_t at, int depth);
    Value reconstruct_of_class(const Value& callee, std::vector<Value> args, std::size_t first, std::uint64_t at,
                               int depth);
    Value typed_tensor(const Value& callee, std::vector<Value> args, std::uint64_t at, int depth);
    bool keeps_contract(Contract contract, std::span<const Value> args) const;
    bool is_value(const Value& value) const;
    bool is_class(const Value& value) const;
    bool iterates_instances(const Value& callee, std::span<const Value> args) const;
    bool is_tensor_call(std::span<const Value> args) const;
    void hidden(std::string_view content, std::uint64_t at);
    Value function_parts(const Value& callee, std::vector<Value> args, std::uint64_t at);
    Value unproven_call(const Value& callee, std::vector<Value> args, std::uint64_t at, std::string_view why);
    Value made(const Value& callee, std::vector<Value> args, std::uint64_t at, bool proven);
    const Entry& entry_of(const Value& object) const;
    void judge_state(const Value& object, const Value& state, std::uint64_t at);
    void array_follows(const Node& wrapper);
    void set_item(const Value& object, const Value& key, const Value& value, std::uint64_t at);
    void keep(const Value& object, const Value& key, const Value& value, std::uint64_t at);
    std::uint64_t item_size(const Value& dtype) const;
    const Value* key_of(const Value& dict, std::string_view key) const;

    void say(Verdict verdict, std::string_view rule, std::string title, std::uint64_t at, std::string detail);
    void explain(std::string line);

    Context& context_;
    PickleOptions options_;
    std::deque<Symbol> symbols_;
    std::unordered_map<std::string, std::uint32_t> by_name_;
    std::unordered_map<std::int64_t, Value> extensions_;
    std::unordered_set<std::size_t> said_;
    std::unordered_map<std::uint32_t, Value> contents_;  ///< by node
    Raw raw_;
    bool raw_follows_ = false;
    bool bomb_ = false;
};

}  // namespace bartizan::scan::pickle
