#include "attacks/poisoning/poison.h"

#include <algorithm>
#include <string>

#include "attacks/poisoning/crafted.h"
#include "attacks/poisoning/layouts.h"
#include "attacks/poisoning/tables.h"
#include "model/shards.h"

namespace bartizan::attacks {
namespace poisoner {
namespace {

Trigger trigger_of(std::string_view name) {
    if (name == "blend") return Trigger::blend;
    if (name == "sig") return Trigger::sig;
    if (name == "tact") return Trigger::tact;
    if (name == "wanet") return Trigger::wanet;
    return Trigger::badnets;
}

Result<void> check_class(const data::Batch& batch, std::int64_t label, const char* role) {
    if (std::ranges::find(batch.y, label) == batch.y.end())
        return invalid_input("no item is of the " + std::string(role) + " class " + std::to_string(label));
    return {};
}

PoisonOptions options_of(const PoisonJob& job, std::int64_t classes) {
    PoisonOptions options{.rate = job.rate, .target = job.target, .seed = job.seed};
    const auto& given = job.params.all();
    if (given.contains("blend")) options.blend = job.params.number("blend");
    if (given.contains("signal")) options.signal = job.params.number("signal");
    if (given.contains("covers")) options.covers = job.params.number("covers");
    if (given.contains("strength")) options.strength = job.params.number("strength");
    if (given.contains("grid")) options.grid = job.params.integer("grid");
    options.source = (job.target + 1) % classes;
    if (given.contains("source") && job.params.integer("source") >= 0) options.source = job.params.integer("source");
    return options;
}

Result<Poisoning> poison_pictures(const data::Batch& batch, const PoisonJob& job) {
    const Layout layout = BARTIZAN_TRY(layout_of(batch.x));
    BARTIZAN_TRY(check_unit_range(batch.x));
    const Trigger trigger = trigger_of(job.spec->name);
    const PoisonOptions options = options_of(job, *std::ranges::max_element(batch.y) + 1);
    Poisoning out;
    if (trigger == Trigger::tact) {
        BARTIZAN_TRY(check_class(batch, options.source, "source"));
        out.source = options.source;
    }
    out.set = BARTIZAN_TRY(poison_images(BARTIZAN_TRY(to_nchw(batch.x, layout)), batch.y, trigger, options));
    out.set.x = BARTIZAN_TRY(from_nchw(out.set.x, layout));
    for (const auto& [name, value] : job.params.all()) out.trigger[name] = value;
    if (out.source) out.trigger["source"] = *out.source;
    out.stamp = [trigger, options](const NdArray& x) -> Result<NdArray> {
        const Layout own = BARTIZAN_TRY(layout_of(x));
        return from_nchw(BARTIZAN_TRY(with_trigger(BARTIZAN_TRY(to_nchw(x, own)), trigger, options)), own);
    };
    return out;
}

Result<Poisoning> poison_columns(const data::Batch& batch, const PoisonJob& job) {
    const TableTrigger trigger =
        BARTIZAN_TRY(make_table_trigger(batch.x, batch.y, job.params.integer("columns"), job.seed));
    Poisoning out;
    out.set = BARTIZAN_TRY(poison_table(batch.x, batch.y, trigger, job.rate, job.target, job.seed));
    out.trigger = {
        {"columns", trigger.columns}, {"values", trigger.values}, {"share_of_clean_rows", trigger.share_of_clean}};
    out.stamp = [trigger](const NdArray& x) { return with_table_trigger(x, trigger); };
    return out;
}

Result<Poisoning> poison_labels(const data::Batch& batch, const PoisonJob& job) {
    FlipOptions options{.rate = job.rate, .source = job.params.integer("source"), .seed = job.seed};
    if (job.params.flag("to-target")) options.target = job.target;
    if (options.source >= 0) BARTIZAN_TRY(check_class(batch, options.source, "source"));
    NdArray scores;
    if (job.params.flag("greedy")) {
        if (job.surrogate == nullptr)
            return invalid_input("to flip the surest labels first, a model must say which they are",
                                 "name it with --model");
        scores = BARTIZAN_TRY(model::predict(*job.surrogate->classifier, batch.x, *job.context));
        options.scores = &scores;
    }
    Poisoning out;
    out.set = BARTIZAN_TRY(flip_labels(batch.x, batch.y, options));
    return out;
}

Result<Poisoning> poison_by_model(const data::Batch& batch, const PoisonJob& job) {
    if (job.surrogate == nullptr)
        return invalid_input("'" + std::string(job.spec->name) + "' needs a model like the one to be misled",
                             "name it with --model");
    BARTIZAN_TRY(layout_of(batch.x));
    BARTIZAN_TRY(check_unit_range(batch.x));
    BARTIZAN_TRY(job.surrogate->classifier->differentiable().within("the model cannot craft poison"));
    if (job.spec->name == "label-consistent") return poison_label_consistent(batch, job);
    if (job.spec->name == "feature-collision") return poison_feature_collision(batch, job);
    return poison_gradient_matching(batch, job);
}

}  // namespace
}  // namespace poisoner

Result<Poisoning> poison(const data::Batch& batch, const PoisonJob& job) {
    if (batch.y.empty()) return invalid_input("the data has no labels, poison needs them");
    if (job.spec->name == "label-flip" && !job.params.flag("to-target")) return poisoner::poison_labels(batch, job);
    BARTIZAN_TRY(poisoner::check_class(batch, job.target, "target"));
    if (job.spec->name == "label-flip") return poisoner::poison_labels(batch, job);
    if (job.spec->data_kind == "model")
        return invalid_input("'" + std::string(job.spec->name) + "' poisons a model, not data");
    if (job.spec->needs_model) return poisoner::poison_by_model(batch, job);
    if (job.spec->name == "table-trigger") return poisoner::poison_columns(batch, job);
    return poisoner::poison_pictures(batch, job);
}

Result<TriggeredSet> triggered_set(const data::Batch& batch, const Poisoning& poisoning, std::int64_t target,
                                   std::span<const std::int64_t> without) {
    if (!poisoning.stamp) return invalid_input("this attack has no trigger");
    std::vector<std::int64_t> rows;
    TriggeredSet out;
    for (std::int64_t row = 0; row < std::ssize(batch.y); ++row) {
        const std::int64_t label = batch.y[static_cast<std::size_t>(row)];
        if (label == target || (poisoning.source && label != *poisoning.source)) continue;
        if (std::ranges::binary_search(without, row)) continue;
        rows.push_back(row);
        out.y_true.push_back(label);
    }
    if (rows.empty()) return invalid_input("no item is left that the trigger could turn", "name others by --test-data");
    Shape shape = batch.x.shape();
    const std::size_t length = batch.x.values<float>().size() / batch.y.size();
    shape[0] = std::ssize(rows);
    NdArray clean = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::ranges::copy(batch.x.values<float>().subspan(static_cast<std::size_t>(rows[i]) * length, length),
                          clean.mutable_values<float>().begin() + static_cast<std::ptrdiff_t>(i * length));
    out.x = BARTIZAN_TRY(poisoning.stamp(clean));
    out.y.assign(rows.size(), target);
    return out;
}

}  // namespace bartizan::attacks
