#include "ownership/proof.h"

#include <algorithm>

#include <fmt/format.h>

#include "formats/npz.h"
#include "model/shards.h"
#include "ownership/evidence.h"

namespace bartizan::ownership {
namespace proof {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
constexpr std::int64_t kMostInputs = 1'000'000;
constexpr std::int64_t kMostModels = 10'000;
constexpr std::int64_t kMostClasses = 1'000'000;

Result<NdArray> array_of(const formats::Npz& npz, std::string_view name, DType dtype, std::int64_t most) {
    NdArray array = BARTIZAN_TRY(npz.array(name, kMostBytes));
    if (array.dtype() != dtype || array.rank() < 1 || array.shape()[0] > most)
        return invalid_input(fmt::format("array '{}' is {} {}, not what a proof of ownership holds", name,
                                         to_string(array.dtype()), to_string(array.shape())));
    return array;
}

template <class T>
std::vector<T> values_of(const NdArray& array) {
    const auto values = array.values<T>();
    return {values.begin(), values.end()};
}

}  // namespace
}  // namespace proof

std::string_view kind_name(ProofKind kind) { return kind == ProofKind::watermark ? "watermark" : "fingerprint"; }

Result<void> write_proof(const std::filesystem::path& path, const Proof& proof) {
    const std::int64_t facts[] = {static_cast<std::int64_t>(proof.kind), proof.classes};
    return formats::write_npz(
        path, {{"facts", BARTIZAN_TRY(NdArray::from<std::int64_t>({2}, facts))},
               {"x", proof.inputs},
               {"y", BARTIZAN_TRY(NdArray::from<std::int64_t>({std::ssize(proof.answers)}, proof.answers))},
               {"independent", BARTIZAN_TRY(NdArray::from<double>({std::ssize(proof.independent)}, proof.independent))},
               {"digest", BARTIZAN_TRY(NdArray::from<std::uint8_t>({std::ssize(proof.digest)}, proof.digest))}});
}

Result<Proof> read_proof(const std::filesystem::path& path) {
    const auto read = [&]() -> Result<Proof> {
        const formats::Npz npz = BARTIZAN_TRY(formats::Npz::open(path));
        const auto facts = proof::values_of<std::int64_t>(BARTIZAN_TRY(proof::array_of(npz, "facts", DType::i64, 16)));
        if (facts.size() < 2 || facts[0] < 1 || facts[0] > 2 || facts[1] < 2 || facts[1] > proof::kMostClasses)
            return invalid_input("array 'facts' does not say which kind of proof this is");
        Proof out{.kind = static_cast<ProofKind>(facts[0]), .classes = facts[1]};
        out.inputs = BARTIZAN_TRY(proof::array_of(npz, "x", DType::f32, proof::kMostInputs));
        out.answers = proof::values_of<std::int64_t>(BARTIZAN_TRY(proof::array_of(npz, "y", DType::i64, proof::kMostInputs)));
        out.independent =
            proof::values_of<double>(BARTIZAN_TRY(proof::array_of(npz, "independent", DType::f64, proof::kMostModels)));
        out.digest = proof::values_of<std::uint8_t>(BARTIZAN_TRY(proof::array_of(npz, "digest", DType::u8, 64)));
        if (out.inputs.rank() < 2 || out.inputs.shape()[0] != std::ssize(out.answers) || out.answers.empty())
            return invalid_input(fmt::format("{} answers for inputs of shape {}", out.answers.size(),
                                             to_string(out.inputs.shape())));
        for (const std::int64_t answer : out.answers)
            if (answer < 0 || answer >= out.classes) return invalid_input(fmt::format("an answer {} that is no class", answer));
        for (const double rate : out.independent)
            if (!(rate >= 0 && rate <= 1)) return invalid_input("a match rate outside 0 to 1");
        for (const float value : out.inputs.values<float>())
            if (!(value > -1e30F && value < 1e30F)) return invalid_input("an input that is no number");
        return out;
    };
    return read().within("proof '" + path.string() + "'");
}

Result<Match> match_of(const model::Classifier& classifier, const Proof& proof, const RunContext& ctx) {
    const Shape item(proof.inputs.shape().begin() + 1, proof.inputs.shape().end());
    if (classifier.item_shape() != item)
        return invalid_input(fmt::format("the proof has inputs of shape {}, the suspect takes {}", to_string(item),
                                         to_string(classifier.item_shape())));
    if (classifier.classes() < proof.classes)
        return invalid_input(fmt::format("the suspect has {} classes, the proof is about a model of {}", classifier.classes(),
                                         proof.classes));
    const NdArray logits = BARTIZAN_TRY(model::predict(classifier, proof.inputs, ctx));
    const auto classes = static_cast<std::size_t>(logits.shape()[1]);
    Match match{.trials = std::ssize(proof.answers)};
    for (std::size_t i = 0; i < proof.answers.size(); ++i) {
        const auto row = logits.values<float>().subspan(i * classes, classes);
        match.matches += std::ranges::max_element(row) - row.begin() == proof.answers[i] ? 1 : 0;
    }
    return match;
}

double p_value_of(const Proof& proof, const Match& match) {
    const double against_models = prediction_p_value(match.rate(), null_of(proof.independent));
    if (proof.kind == ProofKind::fingerprint) return against_models;
    const double by_chance = binomial_p_value(match.matches, match.trials, 1.0 / static_cast<double>(proof.classes));
    return proof.independent.size() < 2 ? by_chance : std::max(by_chance, against_models);
}

}  // namespace bartizan::ownership
