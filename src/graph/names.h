#pragma once
/// The names of a graph's values, and new ones that clash with none.
/// Thread rule: one object per load, one thread.

#include <cstdint>
#include <string>
#include <unordered_set>
#include <utility>

#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::graph {

/// "ai.onnx" is the default domain, written "".
inline std::string plain_domain(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

/// Fails with `exhausted` when `name` is longer than the limits allow; `kind` says of what it is the name.
Result<void> check_name(const std::string& name, std::string_view kind, const Limits& limits);

/// Fails on a domain name that is too long and on a version below 1.
Result<void> check_opset(const std::string& domain, std::int64_t version, const Limits& limits);

class Names {
public:
    void take(const std::string& name) { taken_.insert(name); }

    /// `wanted`, or `wanted` with a number that no other name has; taken from then on.
    std::string fresh(const std::string& wanted) {
        std::string name = wanted;
        // The counter never goes back: hostile names cost one look-up each, once.
        while (!taken_.insert(name).second) name = wanted + "_" + std::to_string(++counter_);
        return name;
    }

private:
    std::unordered_set<std::string> taken_;
    std::uint64_t counter_ = 0;
};

}  // namespace bartizan::graph
