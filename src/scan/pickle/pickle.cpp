#include "scan/pickle/pickle.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/pickle/machine.h"
#include "scan/pickle/sketch.h"
#include "scan/rules.h"
#include "scan/say.h"
#include "scan/torch/checkpoint_tensors.h"

namespace bartizan::scan {
namespace {

using formats::as_text;
using pickle::Ending;
using pickle::Frames;
using pickle::Outcome;

/// So much is searched before its pages are given back.
constexpr std::size_t kWindow = std::size_t{1} << 20;
/// A pickle found by search in other bytes takes at most so many steps,
constexpr std::uint64_t kTrialSteps = 100'000;
/// and if it does no harm, it counts from so many opcodes on: shorter ones come about by chance.
constexpr std::uint64_t kNotByChance = 12;
constexpr std::size_t kMaxTrials = 20'000;

bool begins_as_pickle(Bytes content) {
    if (content.size() < 2 || as_text(content)[0] != '\x80') return pickle::runs_as_pickle(content);
    const char protocol = as_text(content)[1];
    if (protocol < 2 || protocol > 5) return protocol >= 0 && pickle::runs_as_pickle(content);
    return (content.size() == 2 ||
            pickle::opcode(static_cast<std::uint8_t>(as_text(content)[2])).argument != pickle::Argument::invalid);
}

class Judge {
public:
    Judge(Bytes content, Context& context, const PickleOptions& options)
        : content_(content), context_(context), options_(options) {}

    void run() {
        std::uint64_t at = 0;
        // One pickle behind the other.
        while (at < content_.size()) {
            const Outcome outcome = both_readings(at);
            if (outcome.how == Ending::exhausted) return context_.incomplete(outcome.reason, outcome.end);
            if (outcome.how == Ending::broken) {
                broken(context_, fmt::format("a broken pickle: {}", outcome.reason), outcome.end);
                return search(std::max(outcome.end, at + 1));
            }
            at = outcome.end;
            if (at < content_.size() && !begins_as_pickle(rest(at))) return trailing(at);
        }
    }

private:
    Bytes rest(std::uint64_t at) const { return content_.subspan(static_cast<std::size_t>(at)); }

    Outcome reading(std::uint64_t at, Frames frames, Context& context) const {
        pickle::World world(context, options_);
        Outcome outcome = pickle::Machine(content_, at, frames, world).run();
        world.finish();
        if (options_.torch && frames == Frames::linear && outcome.how == Ending::stopped) {
            if (context.storages != nullptr) note_order(world, outcome.result, *context.storages);
            if (context.tensors != nullptr) collect_checkpoint(world, outcome.result, *context.tensors);
        }
        return outcome;
    }

    Outcome both_readings(std::uint64_t at) const {
        const Outcome outcome = reading(at, Frames::linear, context_);
        if (!outcome.straddled) return outcome;
        unproven(context_, rule::kTwoReadings,
                 "an argument lies across the end of a frame: loaders read it differently", at);
        reading(at, Frames::dropping, context_);
        return outcome;
    }

    void trailing(std::uint64_t at) {
        const std::string_view text = as_text(rest(at));
        const std::size_t first = text.find_first_not_of(std::string_view("\0 \t\r\n", 5));
        if (first == std::string_view::npos)
            return note(context_, rule::kHiddenData, "padding behind the pickle", at,
                        fmt::format("{} bytes", text.size()));
        if (!options_.torch)
            unproven(context_, rule::kHiddenData, "bytes behind the pickle that its loader does not read", at,
                     fmt::format("{} bytes", text.size()));
        search(at);
    }

    /// Looks for pickles in all that is left.
    void search(std::uint64_t from) {
        const std::string_view text = as_text(content_);
        std::size_t done = static_cast<std::size_t>(from);
        for (std::size_t at = done; at < text.size(); at += kWindow) {
            const std::size_t end = std::min(text.size(), at + kWindow);
            for (const std::size_t candidate : pickle::candidates(text, at, end)) {
                if (candidate < done) continue;
                if (context_.budget.steps == 0 || ++trials_ > kMaxTrials)
                    return context_.incomplete("more places that may be pickles than are tried", candidate);
                done = std::max<std::size_t>(candidate + 1, try_at(candidate));
            }
            give_back(context_, content_.subspan(at, end - at));
        }
    }

    /// Judges a candidate; what does no harm and may be chance is forgotten. Where it ended.
    std::size_t try_at(std::size_t at) {
        FileResult scratch{.path = context_.result.path, .format = {}};
        Budget budget = context_.budget;
        budget.steps = std::min(budget.steps, kTrialSteps);
        const std::uint64_t given = budget.steps;
        Context trial{.result = scratch,
                      .budget = budget,
                      .member = context_.member,
                      .base = context_.base,
                      .depth = context_.depth,
                      .explain = context_.explain};
        const Outcome outcome = reading(at, Frames::linear, trial);
        context_.budget.steps -= std::min(context_.budget.steps, given - std::min(given, budget.steps) + 1);
        const bool harm = scratch.verdict == Verdict::malicious;
        const bool sound = outcome.how == Ending::stopped && outcome.opcodes >= kNotByChance && outcome.effects > 0;
        if (!harm && !sound) return 0;
        for (Issue& issue : scratch.issues) context_.report(std::move(issue));
        unproven(context_, rule::kHiddenData, "a pickle lies behind other bytes", at);
        auto& program = context_.result.program;
        program.insert(program.end(), scratch.program.begin(), scratch.program.end());
        return static_cast<std::size_t>(outcome.end);
    }

    Bytes content_;
    Context& context_;
    const PickleOptions& options_;
    std::size_t trials_ = 0;
};

}  // namespace

bool looks_like_pickle(Bytes content) { return !content.empty() && begins_as_pickle(content); }

void judge_pickle(Bytes content, Context& context, const PickleOptions& options) {
    if (content.empty()) return broken(context, "an empty pickle", 0);
    Judge(content, context, options).run();
}

}  // namespace bartizan::scan
