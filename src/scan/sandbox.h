#pragma once
/// Judges files in confined child processes: what a parser's fault makes of its process stays in there. A child that
/// crashes or does not come back makes its file `incomplete`, and another child goes on with the rest.
/// Thread rule: one sandbox, one thread; it forks, so the process should have no others.

#include <functional>
#include <optional>
#include <vector>

#include "bartizan/run_context.h"
#include "scan/scan.h"
#include "scan/targets.h"

namespace bartizan::scan {

/// A file may take this long, and a second for each `kBytesASecond` of it.
inline constexpr double kMaxFileSeconds = 60;
inline constexpr double kBytesASecond = 20e6;

/// What a child does with one target.
using JudgeTarget = std::function<FileResult(const Target&)>;

/// Results in the order of `targets`, on up to `jobs` children. Empty paths where `run` asked to stop before. Nothing
/// where no child could be started or confined: then the caller judges by itself.
std::optional<std::vector<FileResult>> judge_in_sandbox(const std::vector<Target>& targets, std::size_t jobs,
                                                        const JudgeTarget& judge, const RunContext& run,
                                                        double max_seconds = kMaxFileSeconds);

}  // namespace bartizan::scan
