#pragma once
/// The scan of files and folders: finds the files, judges each by its content, merges the verdicts. Nothing of what is
/// read is run. A file that cannot be read is a result, not a failure: the scan goes on.
/// Thread rule: `scan` uses its own threads; the other functions are pure but for the file system.

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "bartizan/run_context.h"
#include "scan/judge.h"
#include "scan/verdict.h"

namespace bartizan::scan {

class Policy;

struct Options {
    int jobs = 0;                    ///< files judged at one time; 0: one for each core
    bool explain = false;            ///< fill FileResult::program
    bool hashes = false;             ///< fill FileResult::sha256
    bool sandbox = false;            ///< judge in confined children, where the machine has them
    Budget budget = {};              ///< of each file
    const Policy* policy = nullptr;  ///< what the user accepts; must outlive the scan
};

struct ScanResult {
    std::vector<FileResult> files;  ///< in the order of the targets, those of a folder by path
    Verdict verdict = Verdict::clean;
    bool complete = true;     ///< false: some file could not be read to its end, or the scan was stopped
    bool stopped = false;     ///< asked to stop before the last file
    std::uint64_t bytes = 0;  ///< of all files
    std::string unconfined = {};  ///< a sandbox was asked for and could not be had: why
};

/// More files than this in one scan are refused.
inline constexpr std::size_t kMaxFiles = 5'000'000;

/// Fails with `not_found` or `denied` on a target that is not there or cannot be looked at, `exhausted` beyond
/// kMaxFiles. Folders are walked to their end; links that lead out of the target are reported and not followed.
Result<ScanResult> scan(std::span<const std::filesystem::path> targets, const Options& options, const RunContext& run);

/// One file. What keeps it from being read is in the result.
FileResult scan_file(const std::filesystem::path& file, const Options& options);
/// Content that is already in memory, under a name.
FileResult scan_bytes(Bytes content, std::string name, const Options& options);

}  // namespace bartizan::scan
