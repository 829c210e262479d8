/// `bartizan explain --method prototypes`: which training items stand for each class as the model sees it, and which it
/// has beside.
#include <algorithm>
#include <cmath>
#include <set>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cdist.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include "apps/engine/explain_methods.h"
#include "apps/engine/picture_sheet.h"
#include "bartizan/params.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/random.h"
#include "explain/prototypes.h"
#include "model/feature_view.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::engine {
namespace explaining_by_prototypes {
namespace {

constexpr std::int64_t kMostOfClass = 2000;  ///< the kernel grows with the square
constexpr int kDraws = 20;
constexpr double kAlike = 0.5;

struct OfClass {
    std::int64_t label = 0;
    std::vector<std::int64_t> rows;  ///< of the training data, those looked at
    explain::Critic critic;          ///< places in `rows`
    double random_discrepancy = 0;   ///< mean over as many drawn at random
    std::vector<std::vector<std::int64_t>> drawn;
};

/// What the model makes of the items before its last layer; the items themselves where it has no such layer.
struct Seen {
    at::Tensor training, asked;  ///< float32 [n, width]
    bool features = false;
};

Result<at::Tensor> features_of(const model::Classifier& view, const NdArray& x, const RunContext& ctx) {
    return model::to_tensor(BARTIZAN_TRY(model::predict(view, x, ctx)));
}

Result<Seen> look(const Inputs& inputs, const std::shared_ptr<const model::Model>& model, const Training& training,
                  RunContext& ctx) {
    Seen out;
    const auto view =
        model::feature_view(model, inputs.dataset->info().item_shape, inputs.contract, inputs.classifier->classes());
    if (view.ok()) {
        out.training = BARTIZAN_TRY(features_of(*view->features, training.batch.x, ctx));
        out.asked = BARTIZAN_TRY(features_of(*view->features, inputs.batch.x, ctx));
        out.features = true;
        return out;
    }
    if (view.error().code() != Errc::unsupported) return view.error();
    out.training = BARTIZAN_TRY(model::to_tensor(training.batch.x)).flatten(1);
    out.asked = BARTIZAN_TRY(model::to_tensor(inputs.batch.x)).flatten(1);
    return out;
}

at::Tensor rows_of(const at::Tensor& all, const std::vector<std::int64_t>& rows) {
    return all.index_select(0, at::tensor(rows, at::kLong));
}

std::vector<OfClass> classes_of(const Training& training, std::uint64_t seed) {
    std::map<std::int64_t, OfClass> by_label;
    for (const std::int64_t row : permutation(std::ssize(training.batch.y), seed, 6)) {
        const std::int64_t label = training.batch.y[static_cast<std::size_t>(row)];
        OfClass& one = by_label[label];
        one.label = label;
        if (std::ssize(one.rows) < kMostOfClass) one.rows.push_back(row);
    }
    std::vector<OfClass> out;
    for (auto& [label, one] : by_label)
        if (one.rows.size() >= 2) out.push_back(std::move(one));
    for (OfClass& one : out) std::ranges::sort(one.rows);
    return out;
}

Result<void> choose(OfClass& one, const at::Tensor& training, std::int64_t count, RunContext& ctx) {
    return model::guarded([&]() -> Result<void> {
        const at::Tensor kernel = explain::gaussian_kernel(rows_of(training, one.rows));
        one.critic = BARTIZAN_TRY(explain::criticise(kernel, count, count, ctx));
        for (int draw = 0; draw < kDraws; ++draw) {
            std::vector<std::int64_t> places = permutation(std::ssize(one.rows), ctx.seed(), 700 + static_cast<std::uint32_t>(draw));
            places.resize(one.critic.prototypes.size());
            one.random_discrepancy += explain::discrepancy_of(kernel, places) / kDraws;
            one.drawn.push_back(std::move(places));
        }
        return {};
    });
}

struct Nearest {
    std::vector<std::int64_t> row, label;  ///< of the training data; for each input
};

/// Each input's nearest item among these places of the classes.
template <class Places>
Nearest nearest(const Seen& seen, const std::vector<OfClass>& classes, Places places) {
    std::vector<std::int64_t> rows, labels;
    for (const OfClass& one : classes)
        for (const std::int64_t place : places(one))
            rows.push_back(one.rows[static_cast<std::size_t>(place)]), labels.push_back(one.label);
    const at::Tensor at = at::cdist(seen.asked, rows_of(seen.training, rows)).argmin(1).contiguous();
    Nearest out;
    for (std::int64_t i = 0; i < at.numel(); ++i) {
        const auto found = static_cast<std::size_t>(at.data_ptr<std::int64_t>()[i]);
        out.row.push_back(rows[found]), out.label.push_back(labels[found]);
    }
    return out;
}

double agreement(const Nearest& found, const std::vector<std::int64_t>& said) {
    double same = 0;
    for (std::size_t i = 0; i < said.size(); ++i) same += found.label[i] == said[i] ? 1 : 0;
    return same / static_cast<double>(said.size());
}

/// Share of the prototypes that a network with fresh weights would choose too.
Result<Json> likeness_of(const cli::Invocation& invocation, const Inputs& inputs, const Training& training, const Seen& seen,
                         const std::vector<OfClass>& classes, std::int64_t count, RunContext& ctx) {
    if (!seen.features) return Json();
    const auto fresh = BARTIZAN_TRY(fresh_model(invocation, ctx));
    if (fresh == nullptr) return Json();
    const auto view = BARTIZAN_TRY(model::feature_view(fresh, inputs.dataset->info().item_shape, inputs.contract,
                                                       inputs.classifier->classes()));
    const at::Tensor features = BARTIZAN_TRY(features_of(*view.features, training.batch.x, ctx));
    double same = 0, all = 0;
    for (const OfClass& one : classes) {
        OfClass other{.label = one.label, .rows = one.rows, .critic = {}, .random_discrepancy = 0, .drawn = {}};
        BARTIZAN_TRY(choose(other, features, count, ctx));
        const std::set<std::int64_t> known(one.critic.prototypes.begin(), one.critic.prototypes.end());
        for (const std::int64_t place : other.critic.prototypes) same += known.contains(place) ? 1 : 0;
        all += static_cast<double>(other.critic.prototypes.size());
    }
    return Json(all == 0 ? 0 : same / all);
}

std::vector<std::int64_t> answers(const NdArray& logits) {
    const auto classes = static_cast<std::size_t>(logits.shape()[1]);
    std::vector<std::int64_t> out;
    for (std::size_t i = 0; i < static_cast<std::size_t>(logits.shape()[0]); ++i) {
        const auto row = logits.values<float>().subspan(i * classes, classes);
        out.push_back(std::ranges::max_element(row) - row.begin());
    }
    return out;
}

Json list_json(const OfClass& one, const std::vector<std::int64_t>& places, const Training& training,
               const std::vector<std::int64_t>& said) {
    const auto width = static_cast<std::size_t>(training.batch.x.size() / training.batch.x.shape()[0]);
    Json out = Json::array();
    for (const std::int64_t place : places) {
        const std::int64_t row = one.rows[static_cast<std::size_t>(place)];
        Json item = {{"item", row}, {"label", one.label}, {"answer", said[static_cast<std::size_t>(row)]}};
        if (training.info.kind == data::Kind::table) {
            const auto values = training.batch.x.values<float>().subspan(static_cast<std::size_t>(row) * width, width);
            item["values"] = std::vector<float>(values.begin(), values.end());
        }
        out.push_back(std::move(item));
    }
    return out;
}

Json class_json(const OfClass& one, const Training& training, const std::vector<std::int64_t>& said) {
    return {{"class", one.label},
            {"looked_at", one.rows.size()},
            {"discrepancy", one.critic.discrepancy},
            {"random_discrepancy", one.random_discrepancy},
            {"prototypes", list_json(one, one.critic.prototypes, training, said)},
            {"criticisms", list_json(one, one.critic.criticisms, training, said)}};
}

Result<std::string> sheet(const OfClass& one, const Training& training) {
    const explain::Layout layout = explain::layout_of(training.info.item_shape, true);
    const std::size_t width = layout.pixels() * layout.channels;
    PictureSheet out(layout);
    for (const auto* list : {&one.critic.prototypes, &one.critic.criticisms}) {
        out.begin_row();
        for (const std::int64_t place : *list)
            out.add(training.batch.x.values<float>().subspan(
                static_cast<std::size_t>(one.rows[static_cast<std::size_t>(place)]) * width, width));
    }
    return out.png();
}

Result<std::int64_t> count_of(const cli::Invocation& invocation) {
    const auto given = BARTIZAN_TRY(explain_parameters(invocation, {"count"}));
    if (!given.contains("count")) return std::int64_t{8};
    const double count = BARTIZAN_TRY_WITHIN(parse_number(given.at("count")), "--param count");
    if (count < 1 || count > 100 || count != std::floor(count))
        return invalid_input("--param count: a whole number from 1 to 100");
    return static_cast<std::int64_t>(count);
}

/// What the items' own numbers show is the data, not the model: never trusted as an explanation of it.
explain::Verdict verdict_of(const Lift& nearer, const Lift& agrees, bool by_model, const Json& likeness) {
    if (!likeness.is_null() && likeness.get<double>() >= kAlike) return explain::Verdict::rejected;
    const bool tells = nearer.mean - nearer.reach > 0, stands = agrees.mean - agrees.reach > 0;
    if (tells && stands && by_model) return explain::Verdict::trusted;
    return tells || stands ? explain::Verdict::weak : explain::Verdict::rejected;
}

std::string as_text(const Json& json, const std::string& out) {
    const Json& p = json["prototypes"];
    std::string text = fmt::format("prototypes of {} classes: {}\n", p["classes"].size(), json["verdict"].get<std::string>());
    text += fmt::format("  seen by              {}\n", p["seen_by"].get<std::string>());
    text += fmt::format("  discrepancy          {:.1f} % less than that of items drawn at random\n",
                        100 * p["discrepancy_lift"].get<double>());
    text += fmt::format("  agreement            the nearest prototype has the model's answer for {:.1f} % of the inputs "
                        "(drawn at random: {:.1f} %)\n",
                        100 * p["agreement"].get<double>(), 100 * p["random_agreement"].get<double>());
    if (!json["randomised_likeness"].is_null())
        text += fmt::format("  likeness to random   {:.3f} of the prototypes are those of fresh weights too\n",
                            json["randomised_likeness"].get<double>());
    const auto items = [](const Json& list) {
        std::string line;
        for (const Json& one : list)
            line += fmt::format("{}{}{}", line.empty() ? "" : ", ", one["item"].get<std::int64_t>(),
                                one["answer"] == one["label"] ? "" : fmt::format(" (said {})", one["answer"].get<std::int64_t>()));
        return line;
    };
    for (const Json& one : p["classes"])
        text += fmt::format("class {}: items {} stand for it; not so {}\n", one["class"].get<std::int64_t>(),
                            items(one["prototypes"]), items(one["criticisms"]));
    return text + fmt::format("written: {}\n", cli::printable(out));
}

}  // namespace
}  // namespace explaining_by_prototypes

Result<int> explain_by_prototypes(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace explaining_by_prototypes;
    const std::filesystem::path out = invocation.text("out");
    const std::int64_t count = BARTIZAN_TRY(count_of(invocation));
    BARTIZAN_TRY(cli::check_writable_folder(out));
    const Inputs inputs = BARTIZAN_TRY(open_inputs(invocation));
    const Training training = BARTIZAN_TRY(read_training(invocation, inputs, kPrototypes));
    const Seen seen = BARTIZAN_TRY(look(inputs, inputs.model, training, ctx));
    std::vector<OfClass> classes = classes_of(training, ctx.seed());
    if (classes.empty()) return invalid_input("--train-data: no class has two items");
    for (std::size_t i = 0; i < classes.size(); ++i) {
        BARTIZAN_TRY(choose(classes[i], seen.training, count, ctx));
        ctx.progress({"choosing", i + 1, classes.size(), "classes"});
    }
    ctx.progress_finish();
    const std::vector<std::int64_t> said = answers(BARTIZAN_TRY(model::predict(*inputs.classifier, inputs.batch.x, ctx)));
    const std::vector<std::int64_t> said_of_training =
        answers(BARTIZAN_TRY(model::predict(*inputs.classifier, training.batch.x, ctx)));
    const Nearest near = nearest(seen, classes, [](const OfClass& one) { return one.critic.prototypes; });
    std::vector<double> nearer, agrees;
    for (const OfClass& one : classes)
        nearer.push_back(1 - one.critic.discrepancy / std::max(one.random_discrepancy, 1e-12));
    const double own = agreement(near, said);
    double drawn = 0;
    for (std::size_t draw = 0; draw < kDraws; ++draw) {
        const double other = agreement(nearest(seen, classes, [&](const OfClass& one) { return one.drawn[draw]; }), said);
        agrees.push_back(own - other);
        drawn += other / kDraws;
    }
    BARTIZAN_TRY(make_folder(out));
    Json json = unmeasured(invocation, kPrototypes);
    json["samples"] = said.size();
    json["randomised_likeness"] = BARTIZAN_TRY(likeness_of(invocation, inputs, training, seen, classes, count, ctx));
    json["verdict"] = to_string(verdict_of(lift_of(nearer), lift_of(agrees), seen.features, json["randomised_likeness"]));
    json["prototypes"] = {{"seen_by", seen.features ? "the model's last features" : "the items' own numbers"},
                          {"discrepancy_lift", lift_of(nearer).mean},
                          {"agreement", own},
                          {"random_agreement", drawn},
                          {"classes", Json::array()}};
    for (const OfClass& one : classes) {
        Json entry = class_json(one, training, said_of_training);
        if (training.info.kind == data::Kind::image) {
            const std::string name = fmt::format("class-{}.png", one.label);
            const std::string png = BARTIZAN_TRY(sheet(one, training));
            BARTIZAN_TRY(write_file_atomically(out / name, std::string_view(png)));
            entry["picture"] = name;
        }
        json["prototypes"]["classes"].push_back(std::move(entry));
    }
    json["items"] = Json::array();
    for (std::size_t i = 0; i < said.size(); ++i)
        json["items"].push_back({{"item", inputs.batch.ids[i]},
                                 {"label", inputs.batch.y[i]},
                                 {"target", said[i]},
                                 {"nearest_prototype", {{"item", near.row[i]}, {"label", near.label[i]}}}});
    BARTIZAN_TRY(write_file_atomically(out / "explanations.json", to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, as_text(json, out.string())));
    return 0;
}

}  // namespace bartizan::engine
