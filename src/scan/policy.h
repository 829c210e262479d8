#pragma once
/// What the user accepts, and until when: files by their hash, findings by their rule. A finding that is accepted stays
/// in the result as information, so that nothing is forgotten, but makes no verdict.
///
///     allow:
///       - sha256: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
///         reason: read line by line on 3 May
///       - rule: BTZ-SCN-012
///         path: "*/my-model.keras"      # a pattern as of the shell; without it every file
///         reason: our own Lambda layer
///         expires: 2027-01-01
/// Thread rule: plain values.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "scan/verdict.h"

namespace bartizan::scan {

inline constexpr std::size_t kMaxPolicyBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxPolicyEntries = 10'000;

struct Allowance {
    std::string sha256;  ///< one of these two is given
    std::string rule;
    std::string path;     ///< with `rule`: which files; empty: all
    std::string reason;   ///< never empty
    std::string expires;  ///< "2027-01-01", the last day not included; empty: never
};

class Policy {
public:
    /// Fails with `invalid_input`, naming the entry and how to mend it. `today`: "2026-05-03"; entries that have
    /// expired by then are left out and told by `expired`.
    static Result<Policy> parse(std::string_view yaml, std::string_view today);
    static Result<Policy> open(const std::filesystem::path& path, std::string_view today);

    /// Hashes are needed to tell what is allowed.
    bool needs_hashes() const;
    /// Applies the policy to a result whose `sha256` is filled in where hashes are needed.
    void apply(FileResult& file) const;
    const std::vector<Allowance>& expired() const { return expired_; }

private:
    std::vector<Allowance> entries_;
    std::vector<Allowance> expired_;
};

}  // namespace bartizan::scan
