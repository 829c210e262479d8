#pragma once
/// How a model is stolen: an attack asks the victim, and makes a copy from the answers.
/// Thread rule: an attack holds its state; one thread at a time.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "catalog/extractions.h"
#include "data/dataset.h"
#include "extraction/surrogate.h"
#include "extraction/victim.h"

namespace bartizan::extraction {

/// What the attacker has at the start, beside the right to ask. Outlives the attack.
struct Start {
    const data::Batch* pool = nullptr;  ///< items of the attacker's own; labels may be empty
    data::Info info;                    ///< of the pool
    SurrogateOptions surrogate;
    std::uint64_t seed = 0;
};

class Attack {
public:
    virtual ~Attack() = default;

    /// Asks until `queries` rows have been asked in all, or nothing is left to ask. Fails with `cancelled` (what was
    /// asked before is kept: `copy` still works if there is any), `invalid_input` or `unsupported` when the victim is of
    /// the wrong kind, with the reason.
    virtual Result<void> ask(Victim& victim, std::int64_t queries, RunContext& ctx) = 0;
    /// The copy that the answers so far allow. Fails with `invalid_input` before there are any.
    virtual Result<Copy> copy(RunContext& ctx) = 0;
    /// What the reader has to know of how it went: "the pool was used up". Empty: nothing.
    virtual std::string note() const { return {}; }
};

/// The attack of a catalogue entry with its parameters. Fails with `invalid_input` when the start does not do (no items,
/// no labels where they are needed).
Result<std::unique_ptr<Attack>> make_attack(const catalog::ExtractionSpec& spec, const Params& params,
                                            const Start& start);

}  // namespace bartizan::extraction
