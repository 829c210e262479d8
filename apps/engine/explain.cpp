/// `bartizan explain MODEL --data D --method NAME --out DIR`: what in an input made the model say what it says, and
/// whether that explanation is worth anything.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>

#include <fmt/format.h>

#include "apps/engine/explain_methods.h"
#include "apps/engine/handlers.h"
#include "apps/engine/inputs.h"
#include "audit/explained.h"
#include "bartizan/finding.h"
#include "bartizan/version.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/random.h"
#include "core/time_text.h"
#include "crypto/hash.h"
#include "explain/fidelity.h"
#include "explain/grad_cam.h"
#include "explain/methods.h"
#include "explain/tree_method.h"
#include "formats/npz.h"
#include "formats/png.h"
#include "model/shards.h"
#include "report/html_parts.h"

namespace bartizan::engine {
namespace explaining {
namespace {

constexpr std::int64_t kShownColumns = 10;
constexpr std::size_t kShownItems = 3;  ///< as bars, on the terminal

bool is_picture(const data::Info& info) { return info.kind == data::Kind::image; }

/// Zeros for pictures, the mean of the data for tables, unless told otherwise.
std::vector<float> baseline_of(const cli::Invocation& invocation, const Inputs& inputs, std::size_t width) {
    std::vector<float> out(width, 0);
    const std::string wanted = invocation.text("baseline", "auto");
    const bool mean = wanted == "mean" || (wanted == "auto" && !is_picture(inputs.dataset->info()));
    if (!mean) return out;
    const std::span<const float> x = inputs.batch.x.values<float>();
    const auto rows = static_cast<float>(x.size() / width);
    for (std::size_t i = 0; i < x.size(); ++i) out[i % width] += x[i] / rows;
    return out;
}

/// Rows that trees are compared with, at most.
constexpr std::int64_t kBackground = 1000;

Result<NdArray> background_of(const cli::Invocation& invocation, const Inputs& inputs) {
    if (!invocation.has("background")) return inputs.batch.x;
    const auto set = BARTIZAN_TRY(open_data(invocation, "background"));
    std::vector<std::int64_t> rows =
        permutation(set->info().items, static_cast<std::uint64_t>(invocation.integer("seed", 0)), 5);
    rows.resize(std::min<std::size_t>(rows.size(), kBackground));
    const data::Batch batch = BARTIZAN_TRY(set->read(rows));
    if (set->info().item_shape != inputs.dataset->info().item_shape)
        return invalid_input("--background holds items of another shape than --data");
    return batch.x;
}

Result<explain::Method> method_of(const cli::Invocation& invocation, const Inputs& inputs, std::string& layer) {
    const std::string name = invocation.text("method");
    if (explain::is_tree_method(name))
        return explain::tree_method(name, inputs.model, inputs.contract,
                                    BARTIZAN_TRY(background_of(invocation, inputs)), inputs.classifier->classes());
    if (invocation.has("background"))
        return invalid_input("--background belongs to tree-shap", "leave it out, or take --method tree-shap");
    if (name == explain::kGradCam) {
        explain::GradCam made =
            BARTIZAN_TRY(explain::grad_cam(inputs.classifier, is_picture(inputs.dataset->info())));
        layer = fmt::format("{} ({} maps of {} by {})", made.layer, made.maps, made.height, made.width);
        return std::move(made.method);
    }
    const explain::Method* method = BARTIZAN_TRY(explain::find_method(name));
    if (!method->needs_gradients) return *method;
    const auto differentiable = inputs.classifier->differentiable();
    if (!differentiable.ok())
        return unsupported("the method '" + name + "' needs gradients: " + differentiable.error().message(),
                           "take tree-shap for trees, occlusion or permutation-shapley for anything");
    return *method;
}

struct Explained {
    std::int64_t item = 0, label = 0, target = 0;
    explain::Attribution attribution;
    explain::Fidelity fidelity;
    double seconds = 0;  ///< of the attribution alone
};

/// Small pictures are shown larger: a person has to see them.
std::size_t zoom_of(const explain::Layout& layout) {
    return std::max<std::size_t>(1, 224 / std::max(layout.height, layout.width));
}

/// The input in grey, what speaks for the class in red, what against in blue.
Result<std::string> overlay(std::span<const float> x, const std::vector<float>& values, const explain::Layout& layout) {
    std::vector<double> of(layout.pixels(), 0), grey(layout.pixels(), 0);
    double largest = 1e-12;
    for (std::size_t p = 0; p < of.size(); ++p) {
        for (std::size_t c = 0; c < layout.channels; ++c) {
            of[p] += values[layout.at(p, c)];
            grey[p] += x[layout.at(p, c)] / static_cast<double>(layout.channels);
        }
        largest = std::max(largest, std::abs(of[p]));
    }
    const std::size_t zoom = zoom_of(layout);
    NdArray pixels = BARTIZAN_TRY(NdArray::zeros(DType::u8, {static_cast<std::int64_t>(layout.height * zoom),
                                                             static_cast<std::int64_t>(layout.width * zoom), 3}));
    const std::span<std::uint8_t> out = pixels.mutable_values<std::uint8_t>();
    for (std::size_t y = 0; y < layout.height * zoom; ++y)
        for (std::size_t column = 0; column < layout.width * zoom; ++column) {
            const std::size_t p = (y / zoom) * layout.width + column / zoom;
            const double strength = std::sqrt(std::abs(of[p]) / largest),
                         base = std::clamp(grey[p], 0.0, 1.0) * 0.6 + 0.2;
            const double other = base * (1 - strength);
            const double shown[3] = {of[p] > 0 ? other + strength : other, other, of[p] < 0 ? other + strength : other};
            for (std::size_t c = 0; c < 3; ++c)
                out[(y * layout.width * zoom + column) * 3 + c] =
                    static_cast<std::uint8_t>(std::lround(255 * std::clamp(shown[c], 0.0, 1.0)));
        }
    return formats::encode_png(pixels);
}

/// The columns that count most, with their share.
Json columns_json(const std::vector<float>& values, const std::vector<std::string>& names) {
    std::vector<std::size_t> order(values.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t i) { return std::abs(values[i]); });
    Json out = Json::array();
    for (std::size_t i = 0; i < std::min<std::size_t>(kShownColumns, order.size()); ++i)
        out.push_back({{"column", order[i] < names.size() ? names[order[i]] : fmt::format("column {}", order[i])},
                       {"value", values[order[i]]}});
    return out;
}

std::span<const float> row_of(const data::Batch& batch, std::size_t i, std::size_t width) {
    return batch.x.values<float>().subspan(i * width, width);
}

Result<std::vector<Explained>> explain_all(const Inputs& inputs, const explain::Method& method,
                                           const std::vector<float>& baseline, const explain::Layout& layout,
                                           std::optional<std::int64_t> wanted, RunContext& ctx) {
    const NdArray logits = BARTIZAN_TRY(model::predict(*inputs.classifier, inputs.batch.x, ctx));
    const auto classes = static_cast<std::size_t>(logits.shape()[1]);
    std::vector<Explained> out;
    for (std::size_t i = 0; i < inputs.batch.y.size(); ++i) {
        BARTIZAN_TRY(ctx.checkpoint());
        const auto row = logits.values<float>().subspan(i * classes, classes);
        const std::int64_t said = std::ranges::max_element(row) - row.begin();
        const explain::Score score(inputs.classifier, wanted.value_or(said));
        const auto x = row_of(inputs.batch, i, baseline.size());
        Explained one{.item = inputs.batch.ids[i], .label = inputs.batch.y[i], .target = wanted.value_or(said)};
        const auto begin = ctx.now();
        one.attribution = BARTIZAN_TRY(method.run(score, x, baseline, layout, ctx));
        one.seconds = std::chrono::duration<double>(ctx.now() - begin).count();
        one.fidelity = BARTIZAN_TRY(explain::fidelity_of(score, method, x, baseline, layout, one.attribution, ctx));
        out.push_back(std::move(one));
        ctx.progress({"explaining", i + 1, inputs.batch.y.size(), "inputs"});
    }
    ctx.progress_finish();
    return out;
}

/// How alike the maps are to those of the same network with fresh weights; nothing where it cannot be begun anew.
Result<std::optional<double>> randomised_likeness(const cli::Invocation& invocation, const Inputs& inputs,
                                                  const explain::Method& method, const std::vector<float>& baseline,
                                                  const explain::Layout& layout,
                                                  const std::vector<Explained>& explained, RunContext& ctx) {
    constexpr std::size_t kCompared = 8;
    const auto classifier = BARTIZAN_TRY(fresh_classifier(invocation, inputs, ctx));
    if (classifier == nullptr) return std::optional<double>();
    double sum = 0;
    const std::size_t count = std::min(kCompared, explained.size());
    for (std::size_t i = 0; i < count; ++i) {
        const explain::Score score(classifier, explained[i].target);
        const auto other =
            BARTIZAN_TRY(method.run(score, row_of(inputs.batch, i, baseline.size()), baseline, layout, ctx));
        sum += explain::likeness(explained[i].attribution.values, other.values) / static_cast<double>(count);
    }
    return std::optional<double>(sum);
}

/// On the page, at most so many inputs.
constexpr std::size_t kOnPage = 60;

void add_picture(Finding& shown, const std::string& caption, const std::string& png, const explain::Layout& layout) {
    if (shown.pictures.empty()) shown.pictures.push_back({"Red speaks for the class, blue against it", {}});
    if (shown.pictures[0].pictures.size() == kOnPage) return;
    const std::size_t zoom = zoom_of(layout);
    shown.pictures[0].pictures.push_back({.caption = caption,
                                          .png = png,
                                          .width = static_cast<std::int64_t>(layout.width * zoom),
                                          .height = static_cast<std::int64_t>(layout.height * zoom)});
}

void add_table(Finding& shown, const Json& item) {
    if (shown.tables.size() == kOnPage) return;
    Table table{fmt::format("item {}, class {}", item["item"].get<std::int64_t>(), item["target"].get<std::int64_t>()),
                {"column", "", "share"},
                {}};
    double largest = 1e-12;
    for (const Json& column : item["columns"]) largest = std::max(largest, std::abs(column["value"].get<double>()));
    for (const Json& column : item["columns"]) {
        const double value = column["value"].get<double>();
        constexpr double kBlocks = 20;
        std::string bar;
        for (std::int64_t i = std::lround(kBlocks * std::abs(value) / largest); i > 0; --i) bar += value < 0 ? "\u2591" : "\u2588";
        table.rows.push_back({column["column"].get<std::string>(), std::move(bar), fmt::format("{:+.4g}", value)});
    }
    shown.tables.push_back(std::move(table));
}

/// The same as a page for a browser: figures, pictures, bars.
Result<void> write_page(const cli::Invocation& invocation, const Inputs& inputs, const std::filesystem::path& out,
                        Finding shown, const RunContext& ctx) {
    Report report;
    report.tool_version = kVersion;
    report.command = invocation.command_line;
    report.started = utc_text(std::time(nullptr));
    report.seed = shown.seed = ctx.seed();
    report.asset = {.kind = "model", .path = inputs.model_path.string(), .sha256 = {}, .facts = {}};
    if (inputs.model->graph() != nullptr)
        report.asset.sha256 = crypto::to_hex(BARTIZAN_TRY(crypto::sha256_file(inputs.model_path)));
    report.probes.push_back({.name = "explain", .title = "Explanations", .reason = {}, .findings = {std::move(shown)}});
    const std::string title = "Why " + inputs.model_path.filename().string() + " says what it says";
    const ProbeRecord& probe = report.probes[0];
    const std::string body =
        report::finding_card(probe.findings[0], probe, 1) + report::measured_section(report, "How it was measured");
    return write_file_atomically(out / "explanations.html",
                                 report::html_page(title, "explanations", report.tool_version, body));
}

Result<Json> write_items(const std::filesystem::path& out, const Inputs& inputs, const explain::Layout& layout,
                         const std::vector<Explained>& explained, Finding& shown) {
    Json items = Json::array();
    const std::size_t width = explained.empty() ? 0 : explained[0].attribution.values.size();
    std::vector<float> all;
    for (std::size_t i = 0; i < explained.size(); ++i) {
        const Explained& one = explained[i];
        Json item = {{"item", one.item},
                     {"label", one.label},
                     {"target", one.target},
                     {"evaluations", one.attribution.evaluations},
                     {"seconds", one.seconds},
                     {"deletion_lift", one.fidelity.deletion_lift},
                     {"insertion_lift", one.fidelity.insertion_lift},
                     {"infidelity", one.fidelity.infidelity},
                     {"sensitivity", one.fidelity.sensitivity}};
        if (one.attribution.completeness_error) item["completeness_error"] = *one.attribution.completeness_error;
        if (is_picture(inputs.dataset->info())) {
            const std::string name = fmt::format("item-{}.png", one.item);
            const std::string png =
                BARTIZAN_TRY(overlay(row_of(inputs.batch, i, width), one.attribution.values, layout));
            BARTIZAN_TRY(write_file_atomically(out / name, std::string_view(png)));
            item["picture"] = name;
            add_picture(shown, fmt::format("item {}, class {}", one.item, one.target), png, layout);
        } else {
            item["columns"] = columns_json(one.attribution.values, inputs.dataset->info().column_names);
            add_table(shown, item);
        }
        all.insert(all.end(), one.attribution.values.begin(), one.attribution.values.end());
        items.push_back(std::move(item));
    }
    const NdArray values =
        BARTIZAN_TRY(NdArray::from<float>({std::ssize(explained), static_cast<std::int64_t>(width)}, all));
    BARTIZAN_TRY(formats::write_npz(out / "attributions.npz", {{"attributions", values}}));
    return items;
}

/// One input's columns as bars, to the right what speaks for the class, to the left what against.
std::string bars(const Json& item) {
    constexpr std::size_t kHalf = 20;
    double largest = 1e-12;
    std::size_t name_width = 0;
    for (const Json& column : item["columns"]) {
        largest = std::max(largest, std::abs(column["value"].get<double>()));
        name_width = std::max(name_width, column["column"].get_ref<const std::string&>().size());
    }
    std::string text = fmt::format("item {}, class {}\n", item["item"].get<std::int64_t>(), item["target"].get<std::int64_t>());
    for (const Json& column : item["columns"]) {
        const double value = column["value"].get<double>();
        const auto length = static_cast<std::size_t>(std::lround(kHalf * std::abs(value) / largest));
        const std::string bar(length, '#');
        text += fmt::format("  {:<{}} {:>{}}|{:<{}} {:+.4g}\n", cli::printable(column["column"].get<std::string>()),
                            name_width, value < 0 ? bar : "", kHalf, value < 0 ? "" : bar, kHalf, value);
    }
    return text;
}

std::string as_text(const explain::Summary& summary, const std::string& method, const Json& items,
                    const std::string& layer, const std::string& out) {
    std::string text = fmt::format("{} on {} inputs: {}\n", method, summary.samples, to_string(summary.verdict));
    if (summary.completeness_error)
        text += fmt::format("  completeness error   {:.2g} at most\n", *summary.completeness_error);
    text += fmt::format("  deletion lift        {:.3f} +- {:.3f} over random order\n", summary.deletion_lift,
                        summary.deletion_reach);
    text += fmt::format("  insertion lift       {:.3f} +- {:.3f}\n", summary.insertion_lift, summary.insertion_reach);
    text += fmt::format("  infidelity           {:.3f} (0 perfect, 1 says nothing)\n", summary.infidelity);
    text += fmt::format("  sensitivity          {:.3f}\n", summary.sensitivity);
    if (summary.randomised_likeness)
        text += fmt::format("  likeness to random   {:.3f}\n", *summary.randomised_likeness);
    if (!layer.empty()) text += fmt::format("  layer                {}\n", cli::printable(layer));
    std::size_t shown = 0;
    for (const Json& item : items)
        if (item.contains("columns") && shown++ < kShownItems) text += bars(item);
    return text + fmt::format("written: {}\n", cli::printable(out));
}

}  // namespace
}  // namespace explaining

Result<int> explain_command(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace explaining;
    const std::string wanted = invocation.text("method");
    if (wanted == kTracin) return explain_by_training(invocation, ctx);
    if (wanted == kCounterfactual) return explain_by_counterfactuals(invocation, ctx);
    if (wanted == kPrototypes) return explain_by_prototypes(invocation, ctx);
    if (invocation.has("train-data"))
        return invalid_input("--train-data belongs to tracin, counterfactual and prototypes",
                             "leave it out, or take --method tracin");
    BARTIZAN_TRY(explain_parameters(invocation, {}));
    const std::filesystem::path out = invocation.text("out");
    BARTIZAN_TRY(cli::check_writable_folder(out));
    const Inputs inputs = BARTIZAN_TRY(open_inputs(invocation));
    std::string layer;
    const explain::Method method = BARTIZAN_TRY(method_of(invocation, inputs, layer));
    std::optional<std::int64_t> target;
    if (invocation.has("target")) target = invocation.integer("target", 0);
    if (target && *target >= inputs.classifier->classes())
        return invalid_input(
            fmt::format("there is no class {}, the model has {}", *target, inputs.classifier->classes()));
    const explain::Layout layout =
        explain::layout_of(inputs.dataset->info().item_shape, is_picture(inputs.dataset->info()));
    const std::vector<float> baseline =
        baseline_of(invocation, inputs, static_cast<std::size_t>(inputs.batch.x.size() / inputs.batch.x.shape()[0]));
    const auto explained = BARTIZAN_TRY(explain_all(inputs, method, baseline, layout, target, ctx));

    std::vector<explain::Attribution> attributions;
    std::vector<explain::Fidelity> figures;
    for (const Explained& one : explained) {
        attributions.push_back(one.attribution);
        figures.push_back(one.fidelity);
    }
    const auto likeness =
        BARTIZAN_TRY(randomised_likeness(invocation, inputs, method, baseline, layout, explained, ctx));
    const explain::Summary summary = explain::summarise(attributions, figures, likeness);
    BARTIZAN_TRY(make_folder(out));
    Json json = cli::document(invocation);
    json["method"] = method.name;
    if (!layer.empty()) json["layer"] = layer;
    json["samples"] = summary.samples;
    json["completeness_error"] = summary.completeness_error ? Json(*summary.completeness_error) : Json();
    json["deletion_lift"] = summary.deletion_lift;
    json["deletion_lift_reach"] = std::isfinite(summary.deletion_reach) ? Json(summary.deletion_reach) : Json();
    json["insertion_lift"] = summary.insertion_lift;
    json["insertion_lift_reach"] = std::isfinite(summary.insertion_reach) ? Json(summary.insertion_reach) : Json();
    json["infidelity"] = summary.infidelity;
    json["sensitivity"] = summary.sensitivity;
    json["randomised_likeness"] = summary.randomised_likeness ? Json(*summary.randomised_likeness) : Json();
    json["verdict"] = to_string(summary.verdict);
    Finding shown = audit::explanation_finding(inputs.model_path.string(), method.name, summary);
    json["items"] = BARTIZAN_TRY(write_items(out, inputs, layout, explained, shown));
    BARTIZAN_TRY(write_page(invocation, inputs, out, std::move(shown), ctx));
    BARTIZAN_TRY(write_file_atomically(out / "explanations.json", to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, as_text(summary, std::string(method.name), json["items"], layer, out.string())));
    return 0;
}

}  // namespace bartizan::engine
