#pragma once
/// How sharp the detectors are; key `detectors` of the configuration.

#include <cstdint>

#include "monitor/drift.h"
#include "monitor/volume.h"

namespace bartizan::gateway {

struct WatchOptions {
    bool on = true;
    std::uint64_t similarity_limit = 25;  ///< changed queries of a chain
    double theft_false_alarms = 0.001;    ///< of honest clients, each 1,000 queries
    monitor::DriftOptions drift = {};
    monitor::VolumeOptions volume = {};
    std::uint64_t squeeze_per_second = 50;  ///< pictures whose squeezed forms are asked of the worker too; 0: none
    bool outliers = true;
    bool members = true;
    std::int64_t golden_seconds = 300;  ///< between two looks at the golden set; 0: none
    std::int64_t throttle_seconds = 0;  ///< how long whoever an alarm of similarity, theft, squeezing,
                                        ///< outliers or membership names gets no answer
};

}  // namespace bartizan::gateway
