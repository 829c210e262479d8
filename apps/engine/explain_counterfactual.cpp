/// `bartizan explain --method counterfactual`: the nearest row that the model answers differently.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "apps/engine/explain_methods.h"
#include "bartizan/params.h"
#include "cli/output.h"
#include "core/file.h"
#include "explain/counterfactual.h"
#include "explain/table_space.h"

namespace bartizan::engine {
namespace explaining_by_counterfactuals {
namespace {

constexpr std::size_t kShownItems = 5;
constexpr std::int64_t kMostRows = 20'000;  ///< of the seen rows, the first
constexpr std::size_t kCompared = 8;        ///< inputs asked of the network with fresh weights
constexpr double kAlike = 0.5, kFound = 0.95, kHolds = 0.9;

std::vector<std::string> split(const std::string& text, char at) {
    std::vector<std::string> out;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(at, begin), text.size());
        if (end > begin) out.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return out;
}

struct Asked {
    explain::TableRules rules;
    explain::CounterfactualOptions options;
};

Result<Asked> asked_of(const cli::Invocation& invocation) {
    const auto given = BARTIZAN_TRY(
        explain_parameters(invocation, {"immutable", "increase", "decrease", "one-of", "margin", "ways"}));
    const auto list = [&](const char* name, char at) {
        const auto found = given.find(name);
        return found == given.end() ? std::vector<std::string>() : split(found->second, at);
    };
    Asked out;
    out.rules = {list("immutable", ','), list("increase", ','), list("decrease", ','), {}};
    for (const std::string& group : list("one-of", ',')) out.rules.one_of.push_back(split(group, '+'));
    if (given.contains("margin")) {
        out.options.margin = BARTIZAN_TRY_WITHIN(parse_number(given.at("margin")), "--param margin");
        if (out.options.margin < 0 || out.options.margin > 10) return invalid_input("--param margin: from 0 to 10");
    }
    if (given.contains("ways")) {
        const double ways = BARTIZAN_TRY_WITHIN(parse_number(given.at("ways")), "--param ways");
        if (ways < 1 || ways > 20 || ways != std::floor(ways)) return invalid_input("--param ways: a whole number from 1 to 20");
        out.options.ways = static_cast<std::size_t>(ways);
    }
    if (invocation.has("target")) out.options.target = invocation.integer("target", 0);
    return out;
}

Result<NdArray> seen_rows(const cli::Invocation& invocation, const Inputs& inputs) {
    const NdArray rows = invocation.has("train-data")
                             ? BARTIZAN_TRY(read_training(invocation, inputs, kCounterfactual)).batch.x
                             : inputs.batch.x;
    return rows.rows(0, std::min(kMostRows, rows.shape()[0]));
}

std::string class_name(const Inputs& inputs, std::int64_t c) {
    const auto at = static_cast<std::size_t>(c);
    return at < inputs.class_names.size() ? inputs.class_names[at] : std::to_string(c);
}

Json way_json(const explain::Counterfactual& way, std::span<const float> x, const explain::TableSpace& space) {
    Json changes = Json::array();
    for (const std::size_t c : way.changed)
        changes.push_back({{"column", space.columns[c].name}, {"from", x[c]}, {"to", way.row[c]}});
    return {{"answer", way.answer},          {"distance", way.distance},       {"changes", std::move(changes)},
            {"stability", way.stability}, {"strangeness", way.strangeness}};
}

/// Item and counterfactual side by side.
std::string side_by_side(const Json& item, const Inputs& inputs) {
    const std::int64_t number = item["item"].get<std::int64_t>();
    const std::string said = class_name(inputs, item["target"].get<std::int64_t>());
    if (item["counterfactuals"].empty())
        return fmt::format("item {}: {}, and no row within what was seen is answered otherwise\n", number, cli::printable(said));
    std::string text;
    std::size_t way_number = 0;
    for (const Json& way : item["counterfactuals"]) {
        const std::string answer = cli::printable(class_name(inputs, way["answer"].get<std::int64_t>()));
        text += way_number++ == 0 ? fmt::format("item {}: {}; it would be {}", number, cli::printable(said), answer)
                                  : fmt::format("  or {}", answer);
        text += fmt::format(" with (distance {:.3g})\n", way["distance"].get<double>());
        for (const Json& change : way["changes"])
            text += fmt::format("    {:<24} {:>12.6g}  ->  {:<12.6g}\n", cli::printable(change["column"].get<std::string>()),
                                change["from"].get<double>(), change["to"].get<double>());
    }
    return text;
}

/// How alike the changes are to those that a network with fresh weights would ask for.
Result<Json> likeness_of(const cli::Invocation& invocation, const Inputs& inputs, const explain::TableSpace& space,
                         const explain::CounterfactualOptions& options,
                         const std::vector<explain::Counterfactuals>& found, RunContext& ctx) {
    const auto fresh = BARTIZAN_TRY(fresh_classifier(invocation, inputs, ctx));
    if (fresh == nullptr) return Json();
    const NdArray x = BARTIZAN_TRY(inputs.batch.x.rows(0, std::min<std::int64_t>(kCompared, std::ssize(found))));
    const auto other = BARTIZAN_TRY(explain::counterfactuals(fresh, x, space, options, ctx));
    double sum = 0, counted = 0;
    for (std::size_t i = 0; i < other.size(); ++i) {
        if (found[i].ways.empty()) continue;
        counted += 1;
        if (other[i].ways.empty()) continue;
        std::vector<float> a, b;
        for (std::size_t c = 0; c < space.width(); ++c) {
            const double is = x.values<float>()[i * space.width() + c], scale = space.columns[c].scale;
            a.push_back(static_cast<float>((found[i].ways[0].row[c] - is) / scale));
            b.push_back(static_cast<float>((other[i].ways[0].row[c] - is) / scale));
        }
        sum += explain::likeness(a, b);
    }
    return counted == 0 ? Json() : Json(sum / counted);
}

struct Figures {
    std::vector<double> saved;  ///< of the way to the nearest seen row that is answered otherwise
    double asked = 0, found = 0, distance = 0, changed = 0, stability = 0, strangeness = 0;
};

Figures figures_of(const std::vector<explain::Counterfactuals>& found, std::optional<std::int64_t> target) {
    Figures out;
    for (const auto& one : found) {
        if (one.said == target.value_or(-1)) continue;
        out.asked += 1;
        if (one.ways.empty()) continue;
        const explain::Counterfactual& best = one.ways[0];
        out.found += 1;
        out.distance += best.distance;
        out.changed += static_cast<double>(best.changed.size());
        out.stability += best.stability;
        out.strangeness += best.strangeness;
        if (std::isfinite(one.neighbour) && one.neighbour > 0) out.saved.push_back(1 - best.distance / one.neighbour);
    }
    const double n = std::max(1.0, out.found);
    out.distance /= n, out.changed /= n, out.stability /= n, out.strangeness /= n;
    return out;
}

explain::Verdict verdict_of(const Figures& figures, const Lift& saved, const Json& likeness) {
    if (figures.found == 0 || (!likeness.is_null() && likeness.get<double>() >= kAlike)) return explain::Verdict::rejected;
    const bool better = !figures.saved.empty() && saved.mean - saved.reach > 0;
    return better && figures.found >= kFound * figures.asked && figures.stability >= kHolds ? explain::Verdict::trusted
                                                                                         : explain::Verdict::weak;
}

std::string as_text(const Json& json, const Inputs& inputs, const std::string& out) {
    const Json& c = json["counterfactual"];
    std::string text = fmt::format("counterfactual on {} inputs: {}\n", json["samples"].get<std::int64_t>(),
                                   json["verdict"].get<std::string>());
    text += fmt::format("  found                {} of {}\n", c["found"].get<std::int64_t>(), c["asked"].get<std::int64_t>());
    text += fmt::format("  changed              {:.2f} columns of {}, distance {:.3g}\n", c["changed"].get<double>(),
                        c["columns"].get<std::int64_t>(), c["distance"].get<double>());
    if (!c["saved"].is_null())
        text += fmt::format("  nearer by            {:.1f} % than the nearest known row that is answered otherwise\n",
                            100 * c["saved"].get<double>());
    text += fmt::format("  hold under noise     {:.1f} %\n", 100 * c["stability"].get<double>());
    text += fmt::format("  strangeness          {:.2f} (1: as far from known rows as those are from each other)\n",
                        c["strangeness"].get<double>());
    if (!json["randomised_likeness"].is_null())
        text += fmt::format("  likeness to random   {:.3f}\n", json["randomised_likeness"].get<double>());
    std::size_t shown = 0;
    for (const Json& item : json["items"])
        if (shown++ < kShownItems) text += side_by_side(item, inputs);
    return text + fmt::format("written: {}\n", cli::printable(out));
}

}  // namespace
}  // namespace explaining_by_counterfactuals

Result<int> explain_by_counterfactuals(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace explaining_by_counterfactuals;
    const std::filesystem::path out = invocation.text("out");
    const Asked asked = BARTIZAN_TRY(asked_of(invocation));
    BARTIZAN_TRY(cli::check_writable_folder(out));
    const Inputs inputs = BARTIZAN_TRY(open_inputs(invocation));
    if (inputs.batch.x.rank() != 2 || inputs.dataset->info().kind == data::Kind::image)
        return unsupported("the method 'counterfactual' changes columns of tables; the items have shape " +
                               to_string(inputs.dataset->info().item_shape),
                           "for pictures take `bartizan attack`: the nearest other answer is an adversarial example");
    const NdArray rows = BARTIZAN_TRY(seen_rows(invocation, inputs));
    const explain::TableSpace space =
        BARTIZAN_TRY(explain::table_space(rows, inputs.dataset->info().column_names, asked.rules));
    const auto found =
        BARTIZAN_TRY(explain::counterfactuals(inputs.classifier, inputs.batch.x, space, asked.options, ctx));

    const Figures figures = figures_of(found, asked.options.target);
    const Lift saved = figures.saved.empty() ? Lift() : lift_of(figures.saved);
    Json json = unmeasured(invocation, kCounterfactual);
    json["samples"] = found.size();
    json["randomised_likeness"] = BARTIZAN_TRY(likeness_of(invocation, inputs, space, asked.options, found, ctx));
    json["verdict"] = to_string(verdict_of(figures, saved, json["randomised_likeness"]));
    json["counterfactual"] = {{"asked", static_cast<std::int64_t>(figures.asked)},
                              {"found", static_cast<std::int64_t>(figures.found)},
                              {"columns", space.width()},
                              {"changed", figures.changed},
                              {"distance", figures.distance},
                              {"saved", figures.saved.empty() ? Json() : Json(saved.mean)},
                              {"saved_reach", std::isfinite(saved.reach) ? Json(saved.reach) : Json()},
                              {"stability", figures.stability},
                              {"strangeness", figures.strangeness}};
    json["items"] = Json::array();
    for (std::size_t i = 0; i < found.size(); ++i) {
        const auto x = inputs.batch.x.values<float>().subspan(i * space.width(), space.width());
        Json ways = Json::array();
        for (const explain::Counterfactual& way : found[i].ways) ways.push_back(way_json(way, x, space));
        json["items"].push_back({{"item", inputs.batch.ids[i]},
                                 {"label", inputs.batch.y[i]},
                                 {"target", found[i].said},
                                 {"nearest_other", std::isfinite(found[i].neighbour) ? Json(found[i].neighbour) : Json()},
                                 {"counterfactuals", std::move(ways)}});
    }
    BARTIZAN_TRY(make_folder(out));
    BARTIZAN_TRY(write_file_atomically(out / "explanations.json", to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, as_text(json, inputs, out.string())));
    return 0;
}

}  // namespace bartizan::engine
