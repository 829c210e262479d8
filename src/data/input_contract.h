#pragma once
/// What a model expects of its input: normalisation, range, layout, class names. Comes from the command line
/// (--mean, --std, --range) or from the sidecar MODEL.bartizan.yaml that `train` and `harden` write.
/// Thread rule: plain values.

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"

namespace bartizan::data {

/// A model input is (lo + (hi - lo) * x - mean) / std per channel, where x is the data's own unit range.
struct InputContract {
    std::vector<double> mean;  ///< per channel, or one for all; empty: 0
    std::vector<double> std;   ///< per channel, or one for all; empty: 1; each > 0
    double low = 0;            ///< --range: what 0 in the data becomes
    double high = 1;           ///< --range: what 1 in the data becomes
    std::string layout;        ///< "nchw", "nhwc" or "" (found from the shapes)
    std::vector<std::string> class_names;
    std::optional<double> temperature;  ///< calibration, if it was fitted
    std::string preprocessing;          ///< what the graph does to its input first, for people; "" for nothing

    bool is_identity() const;
};

/// MODEL.bartizan.yaml beside `model`.
std::filesystem::path sidecar_path(const std::filesystem::path& model);
/// The sidecar's content; the default contract if there is none. Fails with `invalid_input` naming the key and
/// the line.
Result<InputContract> read_sidecar(const std::filesystem::path& model);
Result<void> write_sidecar(const std::filesystem::path& model, const InputContract& contract);

/// "0.1" or "0.49,0.48,0.45".
Result<std::vector<double>> parse_numbers(std::string_view text);

}  // namespace bartizan::data
