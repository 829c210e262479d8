#pragma once
/// Text with what imperceptible attacks use taken out (Boucher et al. 2022, "Bad Characters", section VII): invisible
/// characters removed, look-alikes in words of another script made ASCII, bidirectional overrides resolved to the order
/// in which they are shown, backspaces carried out. Honest text in any script is meant to come out as it went in: joiners
/// that scripts and emoji need stay, and look-alikes change only where a word, or a text, gives them away.
/// What it does not stop: attacks that a reader can see (misspelt or replaced words), and look-alikes within ASCII
/// (l and I, rn and m).
/// Thread rule: plain values, pure functions. Cost: linear in the text.

#include <cstdint>
#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::text {

struct NormalisePolicy {
    bool invisible = true;    ///< remove characters that take no room, unless the script needs them there
    bool look_alikes = true;  ///< map look-alikes in mixed words, and in words made of nothing else amid Latin text
    bool direction = true;    ///< resolve overrides, drop the controls
    bool deletions = true;    ///< carry out U+0008 and U+007F, drop other control characters
};

/// What was done to one text.
struct NormaliseCounts {
    std::int64_t invisible = 0, look_alikes = 0, direction = 0, deletions = 0;
    std::int64_t total() const { return invisible + look_alikes + direction + deletions; }
};

/// Fails as `decode_utf8` does. Normalising twice is normalising once.
Result<std::string> normalise(std::string_view text, const NormalisePolicy& policy = {},
                              NormaliseCounts* counts = nullptr);

/// The policy file: `{"schema": "bartizan.text-policy/1", "invisible": true, ...}`.
std::string to_json(const NormalisePolicy& policy);
Result<NormalisePolicy> parse_policy(std::string_view json);

}  // namespace bartizan::text
