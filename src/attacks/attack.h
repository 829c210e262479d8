#pragma once
/// Attacks on classifiers: the interface that every attack implements.
///
/// An attack sees a batch of samples that are still classified correctly (the runner sees to that) and returns
/// inputs within the threat model. It drops a sample from its working batch as soon as that sample is done.
/// Random numbers come from streams keyed by (ctx.seed, sample id), so the batch a sample is in does not matter.
/// Thread rule: immutable once made; `craft` may run on several threads at once.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "catalog/attacks.h"

namespace at {
class Tensor;
}
namespace bartizan::model {
class Classifier;
}

namespace bartizan::attacks {

using catalog::Norm;

/// What the attacker may do to an input.
struct ThreatModel {
    Norm norm = Norm::linf;
    double eps = 0;  ///< radius, in data units; minimal attacks: success counts within it
    double low = 0;  ///< data range
    double high = 1;
    bool targeted = false;
};

/// What an attack is given. Rows of all tensors belong together.
struct Job;
/// What it gives back, row by row.
struct Outcome;

class Attack {
public:
    virtual ~Attack() = default;
    /// Fails with `unsupported` if the model gives no gradient and one is needed, `cancelled` if `ctx` says so.
    virtual Result<Outcome> craft(const model::Classifier& model, const Job& job, RunContext& ctx) const = 0;

    /// The attacks that this one is made of, each to be run on what those before it have left: the runner cuts the
    /// survivors into new chunks between them, so that all threads stay busy. Empty: the attack is one stage.
    virtual std::vector<const Attack*> stages() const { return {}; }
};

/// The attack called `name` (see catalog::attacks()) with `given` parameters over its defaults.
Result<std::unique_ptr<Attack>> make_attack(std::string_view name, const ThreatModel& threat,
                                            const std::map<std::string, std::string>& given);

}  // namespace bartizan::attacks
