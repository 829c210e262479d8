#pragma once
/// The search for streams hidden in bytes that no format claims: pickles, archives, programs. A candidate counts when
/// a trial by its own judge finds harm in it, so that random bytes raise no alarm.
/// Thread rule: as Context.

#include "scan/judge.h"

namespace bartizan::scan {

/// More candidates of one kind than this are not tried; bytes with more are judged incomplete.
inline constexpr int kMaxTrials = 2'000;
/// Steps that one trial may take.
inline constexpr std::uint64_t kTrialSteps = 200'000;

/// Searches all of `content`. Reports what is found; true if something was.
bool hunt(Bytes content, Context& context);

}  // namespace bartizan::scan
