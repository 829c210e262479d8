#pragma once
/// A drill of a running service: attacks it as an adversary would, and measures what it saw, blocked, answered and how
/// soon it was well again. Works on copies of the model that it makes and takes away again; the model itself is only
/// ever asked, and only when that is wanted (`in_place`). Thread rule: one drill, one thread.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "drill/outcome.h"

namespace bartizan::drill {

struct Options {
    std::string server, key, ca_file;
    std::string model;         ///< whose copy is attacked
    std::int64_t version = 0;  ///< 0: the one in production
    std::vector<const Scenario*> scenarios = {};
    bool in_place = false;            ///< questions go to the model itself; playbooks then run dry
    std::filesystem::path data = {};  ///< the adversary's labelled items; empty: the model's reference
    std::int64_t queries = 0;         ///< in place of each scenario's own budget; 0: that
    double seconds = 0;
    std::vector<std::string> second_keys = {};  ///< of people who agree to steps that need a second person
    std::uint64_t seed = 0;
    std::filesystem::path program = {};  ///< `bartizan`, whose attacks the adversary uses
    std::filesystem::path folder = {};   ///< for files of the drill
    std::function<bool()> stopped = {};  ///< asks to end: what was finished is still reported
    std::function<void(const std::string&)> say = {};
};

/// What a drill would do, a line each. Reads and changes nothing. Fails as `carry_out` does before it begins.
Result<std::vector<std::string>> plan_of(const Options& options);
/// Fails with `denied`, `not_found`, `unavailable` before anything is changed; what fails later is told by outcomes.
Result<Drill> carry_out(const Options& options);

}  // namespace bartizan::drill
