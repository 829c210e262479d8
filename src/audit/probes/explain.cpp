/// Probe "explain": are explanations of this model's answers worth anything? The figures of `bartizan explain`, on a few
/// inputs, and the verdict.
#include <algorithm>

#include "audit/explained.h"
#include "audit/probes/probes.h"
#include "explain/fidelity.h"
#include "explain/methods.h"
#include "model/shards.h"
#include "training/references.h"

namespace bartizan::audit::explain_probe {
namespace {

constexpr std::size_t kCompared = 8;  ///< inputs asked of the network with fresh weights

class ExplainProbe final : public Probe {
public:
    explicit ExplainProbe(const Params& params) : samples_(params.integer("samples")) {}

    std::optional<std::string> obstacle(const Subject& subject) const override {
        if (subject.plain.classifier == nullptr) return "the model can only be asked in units of its own";
        if (subject.batch.y.size() < 2) return "an interval needs two inputs";
        return std::nullopt;
    }

    Result<std::vector<Finding>> run(const Subject& subject, Notebook&, RunContext& ctx) const override {
        const std::shared_ptr<const model::Classifier>& classifier = subject.plain.classifier;
        const bool gradients = classifier->differentiable().ok();
        const explain::Method& method =
            *BARTIZAN_TRY(explain::find_method(gradients ? "integrated-gradients" : "permutation-shapley"));
        const Given given = BARTIZAN_TRY(given_of(subject, ctx));
        std::vector<explain::Attribution> attributions;
        std::vector<explain::Fidelity> figures;
        for (std::size_t i = 0; i < given.targets.size(); ++i) {
            BARTIZAN_TRY(ctx.checkpoint());
            const explain::Score score(classifier, given.targets[i]);
            attributions.push_back(BARTIZAN_TRY(method.run(score, given.row(i), given.baseline, given.layout, ctx)));
            figures.push_back(BARTIZAN_TRY(explain::fidelity_of(score, method, given.row(i), given.baseline, given.layout,
                                                                attributions.back(), ctx)));
            ctx.progress({"Explanations", i + 1, given.targets.size(), "inputs"});
        }
        const auto likeness = BARTIZAN_TRY(likeness_of(subject, method, given, attributions, ctx));
        return std::vector<Finding>{explanation_finding(subject.model_path.string(), method.name,
                                                            explain::summarise(attributions, figures, likeness))};
    }

private:
    struct Given {
        std::span<const float> x;  ///< of all rows
        std::vector<float> baseline;
        std::vector<std::int64_t> targets;  ///< what the model says of the first rows
        explain::Layout layout;

        std::span<const float> row(std::size_t i) const { return x.subspan(i * baseline.size(), baseline.size()); }
    };

    /// Zeros for pictures, the mean for tables: as the command has it.
    Result<Given> given_of(const Subject& subject, const RunContext& ctx) const {
        const bool picture = subject.info.kind == data::Kind::image;
        const std::size_t items = subject.batch.y.size();
        Given out{.x = subject.plain_x.values<float>(),
                  .baseline = std::vector<float>(static_cast<std::size_t>(subject.plain_x.size()) / items, 0),
                  .targets = {},
                  .layout = explain::layout_of(subject.info.item_shape, picture)};
        for (std::size_t i = 0; !picture && i < out.x.size(); ++i)
            out.baseline[i % out.baseline.size()] += out.x[i] / static_cast<float>(items);
        const NdArray first = BARTIZAN_TRY(subject.plain_x.rows(0, std::min(samples_, std::ssize(subject.batch.y))));
        const NdArray logits = BARTIZAN_TRY(model::predict(*subject.plain.classifier, first, ctx));
        const auto classes = static_cast<std::size_t>(logits.shape()[1]);
        for (std::size_t i = 0; i < static_cast<std::size_t>(logits.shape()[0]); ++i) {
            const auto row = logits.values<float>().subspan(i * classes, classes);
            out.targets.push_back(std::ranges::max_element(row) - row.begin());
        }
        return out;
    }

    /// To the maps of the same network with fresh weights; nothing where it cannot be begun anew.
    static Result<std::optional<double>> likeness_of(const Subject& subject, const explain::Method& method,
                                                     const Given& given,
                                                     const std::vector<explain::Attribution>& attributions,
                                                     const RunContext& ctx) {
        std::shared_ptr<model::Model> fresh = BARTIZAN_TRY(model::load(subject.model_path));
        const auto begun = training::begin_anew(*fresh, ctx.seed() + 1);
        if (!begun.ok() && begun.error().code() == Errc::unsupported) return std::optional<double>();
        BARTIZAN_TRY(begun);
        const std::shared_ptr<const model::Classifier> classifier =
            BARTIZAN_TRY(model::make_classifier(fresh, subject.info.item_shape, subject.contract));
        const std::size_t count = std::min(kCompared, attributions.size());
        double sum = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const explain::Score score(classifier, given.targets[i]);
            const auto other = BARTIZAN_TRY(method.run(score, given.row(i), given.baseline, given.layout, ctx));
            sum += explain::likeness(attributions[i].values, other.values) / static_cast<double>(count);
        }
        return std::optional<double>(sum);
    }

    std::int64_t samples_;
};

}  // namespace

std::unique_ptr<Probe> make(const Params& params) { return std::make_unique<ExplainProbe>(params); }

}  // namespace bartizan::audit::explain_probe
