#pragma once
/// The checks behind the probe "reliability": each looks for one known way in which a robustness evaluation fools
/// itself (Carlini et al. 2019, "On Evaluating Adversarial Robustness"; Athalye et al. 2018, "Obfuscated
/// Gradients Give a False Sense of Security").

#include <string>
#include <string_view>
#include <vector>

#include "audit/probe.h"

namespace bartizan::audit::reliability {

/// What one check saw.
struct Check {
    std::string_view rule;   ///< raised when it is `unreliable`
    std::string question;    ///< "Does the same input give the same answer twice?"
    std::string seen;        ///< "largest difference 0"
    bool unreliable = false;
    std::string meaning;     ///< what that does to the evaluation
    std::string remedy;
    std::vector<Measurement> evidence;
};

// On the model alone.
Result<Check> check_determinism(const Subject& subject, std::int64_t samples);
Result<Check> check_batch_independence(const Subject& subject, std::int64_t samples);
Result<Check> check_gradients(const Subject& subject, std::int64_t samples);
Check check_data_range(const Subject& subject);
Check check_input_contract(const Notebook& notebook);
Check check_graph(const Subject& subject);

// On attacks: those that earlier probes ran, and some of their own.
Check check_blackbox_against_whitebox(const Subject& subject, const Notebook& notebook);
Check check_curve(const Subject& subject, const Notebook& notebook);
Result<Check> check_unbounded(const Subject& subject, std::int64_t samples, const RunContext& ctx);
Result<Check> check_steps(const Subject& subject, std::int64_t samples, std::int64_t steps, const RunContext& ctx);
Result<Check> check_transfer(const Subject& subject, std::int64_t samples, std::int64_t steps, const RunContext& ctx);

}  // namespace bartizan::audit::reliability
