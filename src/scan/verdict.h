#pragma once
/// What a scan says about one file, as data. `clean` is a proof: everything that would run when the file is loaded is
/// known, and inert. What is not proven is `unproven`; what could not be read to its end is `incomplete` at best.
/// Thread rule: plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/finding.h"

namespace bartizan::scan {

/// In order of gravity: the verdict of a whole is the gravest of its parts.
enum class Verdict : std::uint8_t { clean, unproven, incomplete, malicious };
std::string_view to_string(Verdict verdict);
inline Verdict worse(Verdict a, Verdict b) { return a < b ? b : a; }

/// One thing found in a file.
struct Issue {
    std::string rule;  ///< stable: "BTZ-SCN-001"; scan/rules.h lists them with severity, CWE and ATLAS ids
    Severity severity = Severity::info;
    Verdict verdict = Verdict::clean;  ///< what this issue alone makes of the file
    std::string title;                 ///< one sentence, without the file's name
    std::string member = {};           ///< path inside the archive, "a.zip!/data.pkl" style below the file; empty: none
    std::optional<std::uint64_t> offset;  ///< of the first byte concerned, in the member (or the file)
    std::string detail = {};              ///< what would run: "os.system('id')", at most kMaxDetail bytes
};
inline constexpr std::size_t kMaxDetail = 400;
/// More issues than this in one file are counted, not kept.
inline constexpr std::size_t kMaxIssues = 1'000;

struct FileResult {
    std::string path;
    std::string format;  ///< by content: "pickle", "torch zip", "safetensors", "unknown"
    Verdict verdict = Verdict::clean;
    bool complete = true;  ///< false: some byte could not be judged
    std::uint64_t size = 0;
    std::string sha256 = {};  ///< empty: not asked for
    std::vector<Issue> issues;
    std::vector<std::string> program = {};  ///< with `--explain`: what loading would do, as pseudo-Python lines
};

}  // namespace bartizan::scan
