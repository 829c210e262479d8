#pragma once
/// SCAn (Tang et al. 2021, "Demon in the Variant", section 4): does a class of a training set hold two groups where
/// clean classes hold one? Judges classes first, then names the items of the strange group.
/// Thread rule: pure functions.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"

namespace at {
class Tensor;
}

namespace bartizan::defences {

enum class PoisonVerdict { clean, suspicious, inconclusive };
std::string_view to_string(PoisonVerdict verdict);

struct ScanOptions {
    std::int64_t dimensions = 32;  ///< features are reduced to this many principal directions
    double threshold = 7.389;      ///< e^2; the published e flags three of four clean sets
    std::uint64_t seed = 0;        ///< of the starts of the split
};

struct ScanClass {
    std::int64_t label = 0;
    std::int64_t items = 0;
    double statistic = 0;  ///< J: how much better two groups explain the class than one, per item
    double index = 0;      ///< J in robust deviations above the median class
    bool flagged = false;
    double strange = 0;          ///< share of the items in the group farther from the trusted items
    double trusted_strange = 0;  ///< share of the trusted items of the class that fall into that group
    bool by_nature = false;      ///< J is high, but the trusted items lie in the same two groups: not flagged
    std::optional<double> p_value = {};  ///< with few classes: how often trusted items of the class reach J
};

struct ScanResult {
    PoisonVerdict verdict = PoisonVerdict::inconclusive;
    std::string reason;                  ///< why it is inconclusive; else empty
    std::vector<ScanClass> classes;      ///< in the order of their labels
    std::vector<std::int64_t> suspects;  ///< rows of the suspect set, ascending; of flagged classes only
};

/// Fewer classes than this give no robust deviation: each is then compared with draws from its own trusted items, if it
/// has `kScanLeastForNull` of them; else the verdict is `inconclusive`, never a silent pass.
constexpr std::int64_t kScanLeastClasses = 8;
constexpr std::int64_t kScanLeastForNull = 50;

/// A class may lie in two groups by nature (bags with a handle and without): then its trusted items do so too. A class
/// with a high index in whose strange group the trusted items hold more than this part of the share that the suspect items
/// hold is `by_nature`, and not flagged. Poison that shares its features with trusted items of its class is not found so.
constexpr double kScanNatural = 0.5;

/// `features` are penultimate activations [n, d] of the model trained on the suspect data, `labels` the labels it was
/// trained with; `clean` and `clean_labels` a small trusted set (20 or more of each class, 100 are better).
/// The same seed gives the same result. Fails with `invalid_input` on shapes, labels or numbers that do not fit, and
/// when the suspect or the clean set holds too little of a class.
Result<ScanResult> scan_classes(const at::Tensor& features, std::span<const std::int64_t> labels,
                                const at::Tensor& clean, std::span<const std::int64_t> clean_labels,
                                const ScanOptions& options);

}  // namespace bartizan::defences
