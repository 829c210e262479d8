/// Probe "poison": was the model trained on poisoned items? Looks at the training data with the model itself; the test data
/// are what is trusted.
#include <fmt/format.h>

#include "audit/poison.h"
#include "audit/probes/probes.h"

namespace bartizan::audit::poison {
namespace {

class PoisonProbe final : public Probe {
public:
    explicit PoisonProbe(const Params& params)
        : samples_(params.integer("samples")), pictures_(params.integer("pictures")) {
        options_.blends = params.integer("blends");
    }

    std::optional<std::string> obstacle(const Subject& subject) const override {
        if (subject.training.spec.empty()) return "the training data were not given (--train-data)";
        if (subject.training.spec == subject.training.test)
            return "the test data are the training data: nothing is trusted to compare with";
        if (subject.plain.classifier == nullptr) return "the model can only be asked in units of its own";
        return attack_obstacle(subject, false);
    }

    Result<std::vector<Finding>> run(const Subject& subject, Notebook&, RunContext& ctx) const override {
        const std::string place = "--train-data '" + subject.training.spec + "'";
        data::OpenOptions open;
        open.label_column = subject.training.label_column;
        open.sample = samples_;
        open.seed = ctx.seed();
        const auto dataset = BARTIZAN_TRY_WITHIN(data::open(subject.training.spec, open), place);
        data::Batch training = BARTIZAN_TRY_WITHIN(data::read_all(*dataset), place);
        if (training.y.empty()) return invalid_input(place + ": the data has no labels");
        const defences::Labelled suspect{training.x, training.y};
        const defences::Labelled trusted{subject.plain_x, subject.batch.y};
        const auto report = BARTIZAN_TRY_WITHIN(
            defences::check_poison(subject.plain, suspect, &trusted, options_, ctx), place);
        data::Info info = dataset->info();
        info.class_names = subject.info.class_names;
        return std::vector<Finding>{
            BARTIZAN_TRY(poison_finding(subject.training.spec, info, training, report, pictures_))};
    }

private:
    std::int64_t samples_, pictures_;
    defences::PoisonOptions options_;
};

}  // namespace

std::unique_ptr<Probe> make(const Params& params) { return std::make_unique<PoisonProbe>(params); }

}  // namespace bartizan::audit::poison
