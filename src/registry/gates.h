#pragma once
/// What a version must show before `production` may point to it. Pure.

#include <optional>
#include <string>
#include <vector>

#include "registry/model.h"

namespace bartizan::registry {

struct Gates {
    bool scan = true;                          ///< a scan of verdict clean
    bool signature = true;                     ///< a signature of a trusted key
    std::optional<double> audit_score = 70.0;  ///< the least score of an audit; nothing: no audit is asked for
};

/// One sentence each, saying what is missing and how to get it; empty: all are passed. Data sets need the signature
/// (their seal) alone.
std::vector<std::string> unmet(const Gates& gates, const Version& version);

}  // namespace bartizan::registry
