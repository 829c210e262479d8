#pragma once
/// What an owner keeps to tell a copy later: inputs, the answers that give the model away, and how often independent
/// models give them. An .npz file: keep it secret, and sign it (bartizan sign) before any dispute.
/// Thread rule: plain values; reading and writing are free functions.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "model/classifier.h"

namespace bartizan::ownership {

enum class ProofKind : std::uint8_t {
    watermark = 1,    ///< inputs that were taught with labels by chance
    fingerprint = 2,  ///< inputs just across the model's own decision boundary
};
std::string_view kind_name(ProofKind kind);

struct Proof {
    ProofKind kind = ProofKind::watermark;
    std::int64_t classes = 0;
    NdArray inputs;                       ///< float32 [n, item shape], data units
    std::vector<std::int64_t> answers;    ///< of each input
    std::vector<double> independent;      ///< match rates of models that have nothing to do with it; may be empty
    std::vector<std::uint8_t> digest;     ///< SHA-256 of the model file that it was made for
};

Result<void> write_proof(const std::filesystem::path& path, const Proof& proof);
/// Fails with `invalid_input` naming what is missing or does not fit together.
Result<Proof> read_proof(const std::filesystem::path& path);

struct Match {
    std::int64_t matches = 0, trials = 0;
    double rate() const { return trials == 0 ? 0 : static_cast<double>(matches) / static_cast<double>(trials); }
};
/// How often `classifier` gives the answers of the proof. Fails with `invalid_input` when it has other inputs or fewer
/// classes.
Result<Match> match_of(const model::Classifier& classifier, const Proof& proof, const RunContext& ctx);

/// P-value of a match: a watermark's against labels by chance (exact, whatever the suspect is); a fingerprint's against
/// its independent models. With independent models a watermark takes the larger of both.
double p_value_of(const Proof& proof, const Match& match);

}  // namespace bartizan::ownership
