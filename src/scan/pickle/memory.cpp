/// The machine's marks and its memo.
#include <fmt/format.h>

#include "scan/pickle/machine.h"
#include "scan/rules.h"
#include "scan/say.h"

namespace bartizan::scan::pickle {
namespace {

/// What is beyond these is not remembered: unknown when it is asked for.
constexpr std::size_t kMaxMarks = 100'000;
constexpr std::size_t kMaxMemo = std::size_t{1} << 19;
constexpr std::size_t kMaxFarMemo = 100'000;
/// An index so far above the count of memo entries makes CPython reserve gigabytes.
constexpr std::uint64_t kAbsurdIndex = std::uint64_t{1} << 26;

}  // namespace

bool Machine::put(std::uint64_t index, std::uint64_t at) {
    if (stack_.empty()) return fail("nothing to remember");
    if (index < memo_.size()) {
        memo_[static_cast<std::size_t>(index)] = stack_.back();
        return true;
    }
    if (const auto found = far_memo_.find(index); found != far_memo_.end()) {
        found->second = stack_.back();
        return true;
    }
    if (index > kAbsurdIndex + 16 * memoized_)
        unproven(world_.context(), rule::kExhausts, "a memo index that makes loaders reserve memory", at,
                 fmt::format("{}", index));
    ++memoized_;
    if (index == memo_.size() && memo_.size() < kMaxMemo)
        memo_.push_back(stack_.back());
    else if (far_memo_.size() < kMaxFarMemo)
        far_memo_.emplace(index, stack_.back());
    return true;
}

bool Machine::get(std::uint64_t index) {
    if (index < memo_.size()) return push(memo_[static_cast<std::size_t>(index)]);
    if (const auto found = far_memo_.find(index); found != far_memo_.end()) return push(found->second);
    // Beyond what is remembered here: anything.
    if (memo_.size() >= kMaxMemo || far_memo_.size() >= kMaxFarMemo) return push(Value());
    return fail("a memo entry that was never made");
}

bool Machine::memory(const Token& token) {
    const auto index = static_cast<std::uint64_t>(token.integer);
    switch (token.op) {
        case Op::memoize:
            // CPython's index is the count of entries.
            return put(memoized_, token.at);
        case Op::put:
        case Op::binput:
        case Op::long_binput:
            return put(index, token.at);
        case Op::get:
        case Op::binget:
        case Op::long_binget:
            return get(index);
        case Op::mark:
            if (marks_.size() >= kMaxMarks) return fail("more marks than are followed");
            marks_.push_back(stack_.size());
            return true;
        case Op::dup:
            if (stack_.size() <= fence()) return fail("nothing to duplicate");
            return push(stack_.back());
        case Op::pop:
            if (stack_.size() > fence()) {
                stack_.pop_back();
            } else if (!marks_.empty()) {
                marks_.pop_back();
            } else {
                return fail("nothing to pop");
            }
            return true;
        case Op::pop_mark: {
            std::vector<Value> dropped;
            return pop_mark(dropped);
        }
        default:
            return true;
    }
}

}  // namespace bartizan::scan::pickle
