#pragma once
/// Common corruptions at five severities (Hendrycks & Dietterich 2019, "Benchmarking Neural Network Robustness to
/// Common Corruptions and Perturbations"): strengths of CIFAR-10-C for images up to 64 pixels, of ImageNet-C above.
/// Pure functions on float32 items in [0, 1]; random numbers come from streams keyed by (seed, item id).

#include <cstdint>
#include <span>
#include <string_view>

#include "bartizan/result.h"
#include "data/dataset.h"

namespace bartizan::audit {

enum class Corruption { noise, blur, brightness, darkness };
inline constexpr Corruption kCorruptions[] = {Corruption::noise, Corruption::blur, Corruption::brightness,
                                              Corruption::darkness};
std::string_view to_string(Corruption corruption);

inline constexpr int kSeverities = 5;

/// A corrupted copy of an image batch. `severity` is 1 to 5. Fails with `unsupported` if items are no images.
Result<NdArray> corrupt(const data::Info& info, const data::Batch& batch, Corruption corruption, int severity,
                        std::uint64_t seed);

}  // namespace bartizan::audit
