/// Probe "extraction": how good a copy do a few hundred answers make? Half of the items are the attacker's, the other
/// half judges.
#include "extraction/curve.h"

#include <algorithm>

#include "audit/probes/probes.h"
#include "audit/theft.h"
#include "core/random.h"

namespace bartizan::audit::extraction_probe {
namespace {

constexpr std::uint32_t kRowsPurpose = 700;
constexpr std::size_t kLeastItems = 64;
constexpr std::string_view kAttack = "knockoff-random";

class ExtractionProbe final : public Probe {
public:
    explicit ExtractionProbe(const Params& params) : queries_(params.integer("queries")), steps_(params.integer("steps")) {}

    std::optional<std::string> obstacle(const Subject& subject) const override {
        if (subject.batch.y.size() < kLeastItems) return "too few items: 64 are needed, half to ask with, half to judge by";
        return std::nullopt;
    }

    Result<std::vector<Finding>> run(const Subject& subject, Notebook&, RunContext& ctx) const override {
        const auto items = std::ssize(subject.batch.y);
        const auto order = permutation(items, ctx.seed(), kRowsPurpose);
        const std::int64_t queries = std::min(queries_, items / 2);
        const data::Batch pool = BARTIZAN_TRY(select(subject.batch, {order.begin(), order.begin() + queries}));
        extraction::Judges judges{.items = BARTIZAN_TRY(select(subject.batch, {order.begin() + queries, order.end()})),
                                  .answers = {},
                                  .eps = subject.norm == catalog::Norm::linf ? subject.eps : 0};
        extraction::Victim victim(subject.classifier, {}, queries);
        judges.answers = BARTIZAN_TRY(victim.measure(judges.items.x, ctx));
        const catalog::ExtractionSpec& spec = *BARTIZAN_TRY(catalog::find_extraction(kAttack));
        const auto attack = BARTIZAN_TRY(extraction::make_attack(
            spec, BARTIZAN_TRY(Params::make(spec.params, {})),
            {.pool = &pool, .info = subject.info, .surrogate = {.architecture = {}, .steps = steps_, .seed = ctx.seed()}, .seed = ctx.seed()}));
        const std::vector<std::int64_t> all = extraction::query_points(queries, true);
        const std::vector<std::int64_t> points(all.end() - std::min<std::ptrdiff_t>(3, std::ssize(all)), all.end());
        const extraction::Run done = BARTIZAN_TRY(extraction::run(*attack, victim, judges, points, ctx));
        if (!done.complete) return Error(Errc::cancelled, "stopped");
        return std::vector<Finding>{theft_finding(subject.model_path.string(), kAttack, done.points, ctx.seed())};
    }

private:
    std::int64_t queries_, steps_;
};

}  // namespace

std::unique_ptr<Probe> make(const Params& params) { return std::make_unique<ExtractionProbe>(params); }

}  // namespace bartizan::audit::extraction_probe
