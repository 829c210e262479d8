#pragma once
/// States of requirements, derived from evidence and never typed in. From worst to best: failing, unknown, stale,
/// attested, met. What is missing is unknown, never fine; what failed stays failing until a newer test passes, also
/// when it has expired. Pure but for `Reader`'s lock.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "governance/evidence_book.h"

namespace bartizan::governance {

enum class State : std::uint8_t { failing, unknown, stale, attested, met };
inline constexpr std::size_t kStates = 5;
std::string_view to_string(State state);

/// What requirements are asked of: one version of an asset, or the organisation.
struct Subject {
    std::string asset;   ///< "model:fashion", "organisation"
    std::string name;    ///< "model:fashion@3"
    std::string digest;  ///< of its bytes
    SubjectKind kind = SubjectKind::model;
    std::string modality = {};  ///< empty: nobody told
};

/// Null: there is none.
State state_of(const Newest* evidence, std::int64_t now);

/// The same of one piece, whatever newer ones say.
State state_of(const Evidence& evidence, std::int64_t now);

/// The capabilities of one subject by their state; a capability is as bad as the worst of its checks.
struct CapabilityStates {
    CapabilitySet asked = 0;
    std::array<CapabilitySet, kStates> in = {};
};
CapabilityStates capability_states(const Framework& framework, const Subject& subject, std::span<const Newest> evidence,
                                   std::int64_t now);

/// The state of the capabilities in `needed`, which are all asked: that of the worst.
inline State worst(const CapabilityStates& states, CapabilitySet needed) {
    for (std::size_t state = 0; state + 1 < kStates; ++state)
        if ((states.in[state] & needed) != 0) return static_cast<State>(state);
    return State::met;
}

/// A requirement that no check bears on is asked of the organisation, and attested by documents at most.
State attestation(std::size_t requirement, std::span<const Newest> evidence, std::int64_t now);

}  // namespace bartizan::governance
