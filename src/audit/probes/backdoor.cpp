/// Probe "backdoor": is there a trojan in the finished model? Uncalibrated, as an audit has no clean models of the same
/// task beside it: `bartizan backdoor --reference` does.
#include "audit/probes/probes.h"
#include "audit/trojan.h"

namespace bartizan::audit::backdoor {
namespace {

class BackdoorProbe final : public Probe {
public:
    explicit BackdoorProbe(const Params& params)
        : samples_(params.integer("samples")), most_classes_(params.integer("classes")) {
        options_.triggers.steps = static_cast<int>(params.integer("steps"));
        options_.triggers.samples = samples_;
    }

    std::optional<std::string> obstacle(const Subject& subject) const override {
        if (subject.classifier->classes() > most_classes_)
            return "the model has " + std::to_string(subject.classifier->classes()) +
                   " classes; raise the probe's parameter 'classes' to look into each";
        return attack_obstacle(subject, true);
    }

    Result<std::vector<Finding>> run(const Subject& subject, Notebook&, RunContext& ctx) const override {
        const model::Classifier& classifier = *subject.classifier;
        const data::Batch clean = BARTIZAN_TRY(rows_for_scan(classifier, subject.batch, samples_, ctx));
        const defences::TrojanReport report =
            BARTIZAN_TRY(defences::scan_trojan(classifier, &clean, options_, {}, ctx));
        Finding finding = BARTIZAN_TRY(trojan_finding(subject.model_path.string(), subject.info, &clean, report));
        finding.seed = ctx.seed();
        return std::vector<Finding>{std::move(finding)};
    }

private:
    std::int64_t samples_, most_classes_;
    defences::TrojanOptions options_;
};

}  // namespace

std::unique_ptr<Probe> make(const Params& params) { return std::make_unique<BackdoorProbe>(params); }

}  // namespace bartizan::audit::backdoor
