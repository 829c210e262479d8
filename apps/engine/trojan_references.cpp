#include "apps/engine/trojan_references.h"

#include <algorithm>

#include <fmt/format.h>

#include "apps/engine/inputs.h"
#include "core/file.h"
#include "training/references.h"

namespace bartizan::engine {
namespace trojan_reference {
namespace {

constexpr std::size_t kMost = 64;
constexpr std::uint64_t kLargestResult = std::uint64_t{64} << 20;
// References that are trained here: steps enough for small networks, and no fewer epochs than `train` has.
constexpr std::int64_t kSteps = 600, kFewestEpochs = 6, kMostEpochs = 60;
constexpr std::int64_t kFewestItems = 100, kManyItems = 5000;
constexpr double kHeldOut = 0.1;

Result<defences::ClassStatistics> measure(const model::Classifier& classifier, const TrojanSetting& setting,
                                          RunContext& ctx) {
    return BARTIZAN_TRY(defences::measure_trojan(classifier, setting.rows(), setting.options, ctx)).statistics;
}

Result<defences::ClassStatistics> of_file(const cli::Invocation& invocation, const std::string& path,
                                          const TrojanSetting& setting, RunContext& ctx) {
    if (path.ends_with(".json")) {
        const std::string text = BARTIZAN_TRY(read_file(path, kLargestResult));
        return audit::measurements_from(text, audit::trojan_settings(setting.rows(), setting.options, ctx.seed()));
    }
    const data::InputContract contract = BARTIZAN_TRY(read_contract(invocation, path));
    std::shared_ptr<const model::Model> model = BARTIZAN_TRY(model::load(path));
    const auto classifier = BARTIZAN_TRY(trojan_classifier(std::move(model), setting, contract));
    return measure(*classifier, setting, ctx);
}

training::Options training_on(std::int64_t items) {
    training::Options options{.batch_size = items < kManyItems ? 32 : 128, .validation_share = kHeldOut};
    options.epochs =
        static_cast<int>(std::clamp((kSteps * options.batch_size + items - 1) / items, kFewestEpochs, kMostEpochs));
    return options;
}

Result<void> make(const cli::Invocation& invocation, std::int64_t count, const TrojanSetting& setting,
                  TrojanReferences& references, RunContext& ctx) {
    const auto dataset = BARTIZAN_TRY(open_data(invocation));
    const std::int64_t items = dataset->info().items;
    if (!dataset->has_labels() || items < kFewestItems)
        return invalid_input(
            fmt::format("--make-references: '{}' is no training set: it needs labels and at least {} "
                        "items",
                        invocation.text("data"), kFewestItems));
    const data::InputContract contract = BARTIZAN_TRY(read_contract(invocation));
    for (std::int64_t i = 0; i < count; ++i) {
        ctx.progress(
            {"training references", static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(count), "models"});
        const std::uint64_t seed = ctx.seed() + 7919 * static_cast<std::uint64_t>(i + 1);
        training::FreshModel fresh = BARTIZAN_TRY(
            training::fresh_model(invocation.positional(0), contract, *dataset, training_on(items), seed, ctx));
        const auto classifier = BARTIZAN_TRY(trojan_classifier(std::move(fresh.model), setting, contract));
        references.measured.push_back(BARTIZAN_TRY(measure(*classifier, setting, ctx)));
        references.made_accuracies.push_back(fresh.validation_accuracy);
    }
    ctx.progress_finish();
    return {};
}

}  // namespace
}  // namespace trojan_reference

Result<std::shared_ptr<const model::Classifier>> trojan_classifier(std::shared_ptr<const model::Model> model,
                                                                   const TrojanSetting& setting,
                                                                   const data::InputContract& contract) {
    std::shared_ptr<const model::Classifier> classifier =
        BARTIZAN_TRY(model::make_classifier(std::move(model), setting.info.item_shape, contract));
    if (setting.columns) classifier = model::with_unit_columns(std::move(classifier), *setting.columns);
    BARTIZAN_TRY(classifier->differentiable());
    return classifier;
}

Result<TrojanReferences> trojan_references(const cli::Invocation& invocation, const TrojanSetting& setting,
                                           RunContext& ctx) {
    using namespace trojan_reference;
    const std::vector<std::string> paths = invocation.list("reference");
    const std::int64_t made = invocation.integer("make-references", 0);
    const std::size_t count = paths.size() + static_cast<std::size_t>(made);
    if (count > kMost) return invalid_input(fmt::format("{} reference models are more than {}", count, kMost));
    if (made > 0 && !setting.clean)
        return invalid_input("--make-references needs clean items to train on: give --data");
    TrojanReferences references;
    for (const std::string& path : paths) {
        ctx.progress({"reference models", references.measured.size(), paths.size(), "models"});
        references.measured.push_back(
            BARTIZAN_TRY_WITHIN(of_file(invocation, path, setting, ctx), "reference '" + path + "'"));
    }
    ctx.progress_finish();
    if (made > 0) BARTIZAN_TRY(make(invocation, made, setting, references, ctx));
    return references;
}

}  // namespace bartizan::engine
