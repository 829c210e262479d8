#pragma once
/// What is usual for a version: its reference rows, and what the model says of them. Learnt once for each version, by
/// asking its own worker; kept in memory, made again after a restart.
/// Thread rule: immutable once learnt.

#include <memory>
#include <string>
#include <vector>

#include "gateway/routing.h"
#include "gateway/worker.h"
#include "monitor/drift.h"
#include "monitor/embedding.h"
#include "monitor/members.h"
#include "monitor/outlier.h"
#include "monitor/similarity.h"
#include "monitor/squeeze.h"
#include "monitor/theft.h"

namespace bartizan::gateway {

struct Usual {
    std::string input;   ///< the one that is watched
    std::string output;  ///< its scores
    std::size_t length = 0;
    monitor::Fingerprinter print;
    monitor::Embedding embedding;
    monitor::TheftReference theft;
    monitor::DriftReference drift;
    std::vector<std::int64_t> item;                    ///< shape of an item
    double low = 0, high = 1;                          ///< range of its elements
    std::optional<monitor::SqueezeReference> squeeze;  ///< of pictures
    std::optional<monitor::OutlierReference> outliers;
    std::optional<monitor::MemberSet> members;
    std::vector<std::string> without;         ///< which of them there is not, and why
    std::vector<float> golden;                ///< rows that are asked again from time to time
    std::vector<std::vector<float>> answers;  ///< to each of them, when the version was new here
};

/// Rows of `input` for a batch, and the scores of each: asks the worker, waits for it. `features`: those of all rows
/// are put there, empty where the model has none. Fails with `unavailable`.
struct Asked {
    const oip::Signature& input;
    std::string output;
    std::string model;
};
Result<std::vector<std::vector<float>>> ask_rows(const std::shared_ptr<Worker>& worker, http::Loop& loop,
                                                 const Asked& asked, std::span<const float> rows,
                                                 std::vector<float>* features = nullptr);

/// How far what the model says of a picture lies from what it says of the squeezed ones.
Result<std::array<double, monitor::kSqueezers>> squeeze_distances(const std::shared_ptr<Worker>& worker,
                                                                  http::Loop& loop, const Asked& asked,
                                                                  std::span<const float> squeezed,
                                                                  std::span<const float> answer);

struct UsualOptions {
    std::uint64_t key = 0;  ///< of fingerprints: secret
    monitor::DriftOptions drift = {};
    double theft_false_alarms = 0.001;
    double squeeze_false_flags = 0.02;
    bool outliers = true;
    std::optional<registry::InputRange> range = {};
};

/// What goes with a version. Archives are .npz with inputs as array "x": float32 as the model takes them, or uint8,
/// which is divided by 255.
struct UsualParts {
    std::string archive;     ///< of the reference
    std::string members;     ///< of what it was trained on; may be empty
    std::string statistics;  ///< of outliers, as `OutlierReference::text` wrote them; may be empty
    std::string model;       ///< its name
};

/// Fails with `invalid_input` or `unsupported` and why this version cannot be watched; `unavailable`
/// when the worker does not answer: try again.
Result<std::shared_ptr<const Usual>> learn_usual(const UsualParts& parts, const std::shared_ptr<Worker>& worker,
                                                 http::Loop& loop, const UsualOptions& options);

/// Takes the features off an answer's body: bytes, row by row. Fails with `invalid_input` when the header lies.
Result<std::string> cut_features(http::PeerResponse& response);

}  // namespace bartizan::gateway
