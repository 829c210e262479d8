/// `bartizan dp-account`: what a DP-SGD training gives away, or the noise that a promise needs.
#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "cli/output.h"
#include "privacy/prv_accountant.h"

namespace bartizan::program {
namespace {

/// The mechanism as given; noise 0: to be found.
Result<privacy::SampledGaussian> mechanism_of(const cli::Invocation& invocation) {
    if (invocation.has("noise") == invocation.has("epsilon"))
        return invalid_input("give either --noise, to learn epsilon, or --epsilon, to learn the noise");
    return privacy::SampledGaussian{.rate = invocation.number("rate", 0),
                                    .noise = invocation.number("noise", 0),
                                    .steps = invocation.integer("steps", 0)};
}

}  // namespace

Result<int> dp_account(const cli::Invocation& invocation) {
    const double delta = invocation.number("delta", 0);
    privacy::SampledGaussian mechanism = BARTIZAN_TRY(mechanism_of(invocation));
    if (invocation.has("epsilon"))
        mechanism.noise =
            BARTIZAN_TRY(privacy::noise_for(invocation.number("epsilon", 0), delta, mechanism.rate, mechanism.steps));
    const privacy::PrivacyLossBound bound = BARTIZAN_TRY(privacy::privacy_loss_epsilon(mechanism, delta));
    const privacy::RenyiBound renyi = privacy::renyi_epsilon(mechanism, delta);

    Json json = cli::document(invocation);
    json["rate"] = mechanism.rate;
    json["noise"] = mechanism.noise;
    json["steps"] = mechanism.steps;
    json["delta"] = delta;
    json["epsilon"] = bound.high;
    json["epsilon_low"] = bound.low;
    json["epsilon_estimate"] = bound.estimate;
    json["epsilon_renyi"] = renyi.epsilon;
    json["renyi_order"] = renyi.order;
    const std::string text = fmt::format(
        "epsilon      {:.4f} at delta {:.3g} (numerically; the value lies in {:.4f} to {:.4f})\n"
        "by Renyi     {:.4f} (order {:g})\n"
        "noise        {:.5g} times the clipping bound, {} steps, sampling rate {:.5g}\n",
        bound.high, delta, bound.low, bound.high, renyi.epsilon, renyi.order, mechanism.noise, mechanism.steps,
        mechanism.rate);
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return 0;
}

}  // namespace bartizan::program
