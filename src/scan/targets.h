#pragma once
/// Which files a scan looks at.
/// Thread rule: reads the file system; no state.

#include <filesystem>
#include <vector>

#include "bartizan/result.h"
#include "scan/verdict.h"

namespace bartizan::scan {

/// A file to be judged, or, with `issue`, something in its place that cannot be.
struct Target {
    std::filesystem::path path;
    std::string format = {};  ///< "link", "folder", "special file"
    std::string problem = {};
};

/// All files below `root`, by path; `root` itself if it is a file. Links inside the root that lead to something inside
/// it are left out: what they lead to is there. Fails with `not_found`, `denied`, `exhausted` beyond kMaxFiles.
Result<std::vector<Target>> targets_of(const std::filesystem::path& root);

}  // namespace bartizan::scan
