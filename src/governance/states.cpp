#include "governance/states.h"

#include <algorithm>

namespace bartizan::governance {
namespace {

const Newest* find(std::span<const Newest> evidence, std::uint32_t check) {
    const auto found = std::ranges::find(evidence, check, &Newest::check);
    return found == evidence.end() ? nullptr : &*found;
}

}  // namespace

std::string_view to_string(State state) {
    constexpr std::string_view kNames[kStates] = {"failing", "unknown", "stale", "attested", "met"};
    return kNames[static_cast<std::size_t>(state)];
}

State state_of(const Newest* evidence, std::int64_t now) {
    if (evidence == nullptr || evidence->disputed) return State::unknown;
    if (evidence->verdict == Verdict::fail) return State::failing;
    if (evidence->verdict != Verdict::pass) return State::unknown;
    if (evidence->expires <= now) return State::stale;
    return evidence->method == Method::test ? State::met : State::attested;
}

State state_of(const Evidence& evidence, std::int64_t now) {
    const Newest one{.verdict = evidence.verdict,
                     .method = evidence.method,
                     .disputed = evidence.disputed.has_value(),
                     .expires = evidence.expires};
    return state_of(&one, now);
}

CapabilityStates capability_states(const Framework& framework, const Subject& subject, std::span<const Newest> evidence,
                                   std::int64_t now) {
    CapabilityStates out;
    out.asked = framework.asked_of(subject.kind, subject.modality);
    std::array<std::uint8_t, 256> known;
    known.fill(static_cast<std::uint8_t>(State::unknown));
    for (const Newest& one : evidence)
        if (one.check < known.size()) known[one.check] = static_cast<std::uint8_t>(state_of(&one, now));
    const auto& capabilities = framework.capabilities();
    for (std::size_t i = 0; i < capabilities.size(); ++i) {
        if ((out.asked >> i & 1U) == 0) continue;
        auto state = static_cast<std::uint8_t>(State::met);
        for (const std::size_t check : capabilities[i].checks) state = std::min(state, known[check]);
        out.in[state] |= CapabilitySet{1} << i;
    }
    return out;
}

State attestation(std::size_t requirement, std::span<const Newest> evidence, std::int64_t now) {
    return state_of(find(evidence, kRequirementsFrom + static_cast<std::uint32_t>(requirement)), now);
}

}  // namespace bartizan::governance
