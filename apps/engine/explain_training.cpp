#include "apps/engine/explain_methods.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/core/Tensor.h>
#include <fmt/format.h>

#include "apps/engine/picture_sheet.h"
#include "cli/output.h"
#include "core/file.h"
#include "explain/fidelity.h"
#include "explain/methods.h"
#include "explain/training_influence.h"
#include "model/feature_view.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::engine {
namespace explaining_by_training {
namespace {

constexpr std::int64_t kShown = 8;
constexpr std::int64_t kShownSelf = 20;
constexpr std::int64_t kLeastRemoved = 10;
constexpr double kShareRemoved = 0.01;

Result<explain::LastLayer> last_layer(const Inputs& inputs, const model::FeatureView& view, const NdArray& x,
                                      std::vector<std::int64_t> labels, const RunContext& ctx) {
    explain::LastLayer out;
    const NdArray features = BARTIZAN_TRY(model::predict(*view.features, x, ctx));
    const NdArray logits = BARTIZAN_TRY(model::predict(*inputs.classifier, x, ctx));
    out.features = BARTIZAN_TRY(model::to_tensor(features));
    out.logits = BARTIZAN_TRY(model::to_tensor(logits));
    out.labels = std::move(labels);
    return out;
}

std::vector<std::int64_t> answers(const at::Tensor& logits) {
    const at::Tensor best = logits.argmax(1).contiguous();
    const std::int64_t* values = best.data_ptr<std::int64_t>();
    return {values, values + best.numel()};
}

Json list_json(const std::vector<explain::TrainingItem>& items, const explain::LastLayer& training,
               const std::vector<std::int64_t>& said, std::size_t most) {
    Json out = Json::array();
    for (std::size_t i = 0; i < std::min(most, items.size()); ++i) {
        const auto row = static_cast<std::size_t>(items[i].row);
        out.push_back({{"item", items[i].row},
                       {"label", training.labels[row]},
                       {"answer", said[row]},
                       {"influence", items[i].influence},
                       {"likeness", items[i].likeness}});
    }
    return out;
}

Json self_json(const explain::LastLayer& training, const std::vector<std::int64_t>& said,
               const std::vector<double>& influence) {
    std::vector<std::size_t> order(influence.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t i) { return influence[i]; });
    order.resize(std::min<std::size_t>(kShownSelf, order.size()));
    Json out = Json::array();
    for (const std::size_t i : order)
        out.push_back({{"item", i}, {"label", training.labels[i]}, {"answer", said[i]}, {"influence", influence[i]}});
    return out;
}

explain::Verdict verdict_of(const Lift& lift) {
    if (lift.mean - lift.reach > 0) return explain::Verdict::trusted;
    return lift.mean > 0 ? explain::Verdict::weak : explain::Verdict::rejected;
}

Result<std::string> sheet(const Inputs& inputs, const Training& training, std::size_t asked,
                          const explain::Influences& found) {
    const explain::Layout layout = explain::layout_of(inputs.dataset->info().item_shape, true);
    const std::size_t width = layout.pixels() * layout.channels;
    const auto row_of = [&](const data::Batch& batch, std::size_t row) {
        return batch.x.values<float>().subspan(row * width, width);
    };
    PictureSheet out(layout);
    for (const auto* list : {&found.helpful, &found.harmful, &found.nearest}) {
        out.begin_row();
        if (list == &found.helpful) out.add(row_of(inputs.batch, asked));
        for (const explain::TrainingItem& item : *list) out.add(row_of(training.batch, static_cast<std::size_t>(item.row)));
    }
    return out.png();
}

std::string as_text(const Json& json, const Lift& lift, const std::string& out) {
    std::string text = fmt::format("tracin on {} inputs: {}\n", json["samples"].get<std::int64_t>(),
                                   json["verdict"].get<std::string>());
    text += fmt::format("  removal lift         {:.3f} +- {:.3f} over as many other items of the same labels\n", lift.mean,
                        lift.reach);
    for (const Json& item : json["items"]) {
        text += fmt::format("  item {} is class {} because of", item["item"].get<std::int64_t>(),
                            item["target"].get<std::int64_t>());
        std::size_t shown = 0;
        for (const Json& one : item["helpful"])
            if (shown++ < 4)
                text += fmt::format("{} {} (class {}, {:.3g})", shown == 1 ? "" : ",", one["item"].get<std::int64_t>(),
                                    one["label"].get<std::int64_t>(), one["influence"].get<double>());
        text += "\n";
    }
    return text + fmt::format("written: {}\n", cli::printable(out));
}

}  // namespace
}  // namespace explaining_by_training

Result<int> explain_by_training(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace explaining_by_training;
    BARTIZAN_TRY(explain_parameters(invocation, {}));
    const std::filesystem::path out = invocation.text("out");
    BARTIZAN_TRY(cli::check_writable_folder(out));
    const Inputs inputs = BARTIZAN_TRY(open_inputs(invocation));
    auto view = model::feature_view(inputs.model, inputs.dataset->info().item_shape, inputs.contract,
                                    inputs.classifier->classes());
    if (!view.ok())
        return Error(view.error().code(), "the method 'tracin' looks at the last linear layer: " + view.error().message(),
                     "take another --method");
    const Training training = BARTIZAN_TRY(read_training(invocation, inputs, kTracin));
    const explain::LastLayer taught =
        BARTIZAN_TRY(last_layer(inputs, *view, training.batch.x, training.batch.y, ctx));
    explain::LastLayer asked = BARTIZAN_TRY(last_layer(inputs, *view, inputs.batch.x, {}, ctx));
    asked.labels = answers(asked.logits);
    if (invocation.has("target")) {
        const std::int64_t target = invocation.integer("target", 0);
        if (target >= inputs.classifier->classes())
            return invalid_input(
                fmt::format("there is no class {}, the model has {}", target, inputs.classifier->classes()));
        std::ranges::fill(asked.labels, target);
    }
    const auto found = BARTIZAN_TRY_WITHIN(explain::training_influences(taught, asked, kShown, ctx),
                                           "--train-data '" + invocation.text("train-data") + "'");
    const auto rows = std::ssize(taught.labels);
    const auto removed = std::clamp<std::int64_t>(std::llround(kShareRemoved * static_cast<double>(rows)), kLeastRemoved,
                                                  std::max<std::int64_t>(1, rows - 1));
    const Lift lift = lift_of(BARTIZAN_TRY(explain::removal_lifts(taught, asked, removed, ctx)));
    ctx.progress_finish();
    const std::vector<std::int64_t> said = answers(taught.logits);

    BARTIZAN_TRY(make_folder(out));
    Json json = unmeasured(invocation, kTracin);
    json["samples"] = asked.labels.size();
    json["deletion_lift"] = lift.mean;
    json["deletion_lift_reach"] = std::isfinite(lift.reach) ? Json(lift.reach) : Json();
    json["removed"] = removed;
    json["verdict"] = to_string(verdict_of(lift));
    json["items"] = Json::array();
    for (std::size_t i = 0; i < found.size(); ++i) {
        Json item = {{"item", inputs.batch.ids[i]},
                     {"label", inputs.batch.y[i]},
                     {"target", asked.labels[i]},
                     {"helpful", list_json(found[i].helpful, taught, said, kShown)},
                     {"harmful", list_json(found[i].harmful, taught, said, kShown)},
                     {"nearest", list_json(found[i].nearest, taught, said, kShown)}};
        if (inputs.dataset->info().kind == data::Kind::image) {
            const std::string name = fmt::format("item-{}.png", inputs.batch.ids[i]);
            const std::string png = BARTIZAN_TRY(sheet(inputs, training, i, found[i]));
            BARTIZAN_TRY(write_file_atomically(out / name, std::string_view(png)));
            item["picture"] = name;
        }
        json["items"].push_back(std::move(item));
    }
    json["self_influence"] = self_json(taught, said, BARTIZAN_TRY(explain::self_influences(taught)));
    BARTIZAN_TRY(write_file_atomically(out / "explanations.json", to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, as_text(json, lift, out.string())));
    return 0;
}

}  // namespace bartizan::engine
