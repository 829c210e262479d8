#pragma once
/// What detectors look at: one answered query.

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/routing.h"

namespace bartizan::gateway {

struct WatchQuery {
    std::string principal;
    ServedVersion version;
    std::uint64_t rows = 0;
    std::vector<float> input = {};     ///< empty: not one tensor of FP32
    std::string body = {};             ///< of the worker's answer
    std::string length = {};           ///< of the JSON in it
    std::vector<float> features = {};  ///< of all rows; empty: the model has none
    std::size_t bytes() const { return (input.size() + features.size()) * sizeof(float) + body.size(); }
};

}  // namespace bartizan::gateway
