#pragma once
/// What a model is worth before and after hardening: right answers, clean and under attack, in all, by class and by
/// group; and who pays for it.

#include <cstdint>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "core/json.h"
#include "data/dataset.h"
#include "data/groups.h"
#include "model/classifier.h"

namespace bartizan::engine {

/// What judges: stronger than the attack in the training loop.
inline constexpr const char* kJudgingAttack = "apgd-ce";

/// Row by row, in the order of the batch.
struct HardeningWorth {
    std::int64_t samples = 0, clean = 0, robust = 0;
    std::vector<std::uint8_t> clean_ok, robust_ok;

    double share(std::int64_t part) const {
        return samples == 0 ? 0 : static_cast<double>(part) / static_cast<double>(samples);
    }
};

/// Under `kJudgingAttack` within the linf radius `eps`. Fails as `attacks::run` does, `cancelled` when stopped.
Result<HardeningWorth> hardening_worth_of(const model::Classifier& classifier, const data::Batch& batch, double eps,
                                          RunContext& ctx);
Json hardening_worth_json(const HardeningWorth& worth);

/// Rows that are looked at together: those of a class, or of a group of people.
struct JudgedPart {
    std::string what, name;  ///< "class", "shirt"; "sex", "female"
    std::vector<std::size_t> rows;
};
std::vector<JudgedPart> judged_parts_of(const data::Batch& batch, std::int64_t classes,
                                        const std::vector<std::string>& names,
                                        const std::vector<data::Grouping>& groupings);

/// Right answers among the rows of a part.
struct JudgedCounts {
    std::int64_t clean = 0, robust = 0;
};
JudgedCounts judged_counts_of(const HardeningWorth& worth, const JudgedPart& part);

/// A part that pays: more of its items are lost than won, by more than chance explains (exact sign test on the items
/// that changed, 1 % in all after Bonferroni over the parts).
struct HardeningHarm {
    const JudgedPart* part;
    bool attacked;  ///< counted under attack; else on clean items
    std::int64_t lost = 0, won = 0;
    double p = 1;
};
std::vector<HardeningHarm> hardening_harms(const std::vector<JudgedPart>& parts, const HardeningWorth& before,
                                           const HardeningWorth& after);

/// Chance that of lost + won fair coins at least `lost` show one side.
double sign_test(std::int64_t lost, std::int64_t won);

}  // namespace bartizan::engine
