/// `bartizan privacy --attribute COLUMN`: what the model adds to what the rest of a record tells of a column.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "apps/engine/privacy_parts.h"
#include "cli/output.h"
#include "model/shards.h"
#include "privacy/attribute.h"
#include "privacy/signals.h"

namespace bartizan::engine {
namespace attribute_inference {
namespace {

constexpr std::size_t kMostValues = 12;    ///< columns of more are cut at their quantiles
constexpr std::size_t kBins = 4;
constexpr std::size_t kMostRecords = 4000;  ///< of members, of others, and of those that imputation learns from
constexpr std::size_t kLeastRecords = 50;
constexpr double kMediumLift = 0.02, kHighLift = 0.1;

using Value = std::vector<float>;

/// The columns asked for, and the values that they can have.
struct Attribute {
    std::string name;
    std::vector<std::size_t> columns;
    std::vector<Value> values;    ///< what is put into the record
    std::vector<float> cuts;      ///< of a column cut at its quantiles: upper ends of all bins but the last

    std::int64_t of(std::span<const float> row) const {
        if (!cuts.empty())
            return std::ranges::lower_bound(cuts, row[columns[0]]) - cuts.begin();
        Value here;
        for (const std::size_t column : columns) here.push_back(row[column]);
        const auto found = std::ranges::find(values, here);
        return found == values.end() ? -1 : found - values.begin();
    }
};

Result<std::size_t> column_of(const std::string& name, const data::Info& info, std::size_t width) {
    const auto found = std::ranges::find(info.column_names, name);
    if (found != info.column_names.end()) return static_cast<std::size_t>(found - info.column_names.begin());
    std::string some;
    for (std::size_t i = 0; i < std::min<std::size_t>(8, info.column_names.size()); ++i)
        some += (i == 0 ? "" : ", ") + info.column_names[i];
    if (!name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; }) && name.size() < 9)
        if (const auto number = static_cast<std::size_t>(std::stoul(name)); number < width) return number;
    return invalid_input(fmt::format("--attribute: there is no column '{}'", name),
                         some.empty() ? "name it by its number, from 0" : "there are " + some + ", ...");
}

Result<Attribute> attribute_of(const std::string& text, const PrivacyPool& pool, std::size_t width) {
    Attribute out{.name = text, .columns = {}, .values = {}, .cuts = {}};
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('+', begin), text.size());
        out.columns.push_back(BARTIZAN_TRY(column_of(text.substr(begin, end - begin), pool.info, width)));
        begin = end + 1;
    }
    std::set<Value> seen;
    const std::span<const float> x = pool.batch.x.values<float>();
    for (std::size_t row = 0; row < pool.member.size(); ++row) {
        Value here;
        for (const std::size_t column : out.columns) here.push_back(x[row * width + column]);
        seen.insert(std::move(here));
    }
    if (seen.size() < 2) return invalid_input("--attribute: column '" + text + "' has one value alone");
    out.values.assign(seen.begin(), seen.end());
    if (seen.size() <= kMostValues) return out;
    if (out.columns.size() > 1)
        return invalid_input(fmt::format("--attribute: '{}' has {} different values together", text, seen.size()),
                             "name the columns of one one-hot group");
    // Quarters of the records; the middle of each stands for it.
    std::vector<float> sorted;
    for (std::size_t row = 0; row < pool.member.size(); ++row) sorted.push_back(x[row * width + out.columns[0]]);
    std::ranges::sort(sorted);
    out.values.clear();
    std::set<float> cuts;
    for (std::size_t bin = 1; bin < kBins; ++bin) cuts.insert(sorted[bin * sorted.size() / kBins]);
    if (*cuts.rbegin() == sorted.back()) cuts.erase(std::prev(cuts.end()));
    if (cuts.empty()) return invalid_input("--attribute: column '" + text + "' is nearly constant");
    out.cuts.assign(cuts.begin(), cuts.end());
    auto from = sorted.begin();
    for (std::size_t bin = 0; bin <= out.cuts.size(); ++bin) {
        const auto to = bin < out.cuts.size() ? std::ranges::upper_bound(sorted, out.cuts[bin]) : sorted.end();
        out.values.push_back({*(from + (to - from) / 2)});
        from = to;
    }
    return out;
}

/// Everything but the attribute, and the label: what imputation looks at.
std::vector<float> rest_of(const PrivacyPool& pool, const Attribute& attribute, const std::vector<std::size_t>& rows,
                           std::size_t width, std::int64_t classes) {
    std::vector<float> out;
    const std::span<const float> x = pool.batch.x.values<float>();
    for (const std::size_t row : rows) {
        for (std::size_t d = 0; d < width; ++d)
            if (std::ranges::find(attribute.columns, d) == attribute.columns.end()) out.push_back(x[row * width + d]);
        for (std::int64_t c = 0; c < classes; ++c) out.push_back(pool.batch.y[row] == c ? 1.0F : 0.0F);
    }
    return out;
}

struct Split {
    std::vector<std::size_t> members, others, learnt;  ///< asked about, asked about, what the attacker has
};

Split split_of(const PrivacyPool& pool) {
    Split out;
    for (std::size_t row = 0; row < pool.member.size(); ++row) {
        auto& to = pool.member[row] != 0 ? out.members : row % 2 == 0 ? out.others : out.learnt;
        if (to.size() < kMostRecords) to.push_back(row);
    }
    return out;
}

Result<privacy::AttributeCase> case_of(const PrivacyPool& pool, const Attribute& attribute,
                                       const std::vector<std::size_t>& rows, const privacy::SoftmaxRegression& imputer,
                                       const std::vector<double>& prior, const model::Classifier& classifier,
                                       RunContext& ctx) {
    const std::size_t values = attribute.values.size(), width = static_cast<std::size_t>(pool.batch.x.shape()[1]);
    privacy::AttributeCase out{.values = values, .likelihood = {}, .right = {}, .imputation = {}, .prior = prior, .truth = {}};
    std::vector<float> asked;
    std::vector<std::int64_t> labels;
    for (const std::size_t row : rows) {
        const auto item = pool.batch.x.values<float>().subspan(row * width, width);
        out.truth.push_back(attribute.of(item));
        for (const Value& value : attribute.values) {
            std::vector<float> other(item.begin(), item.end());
            for (std::size_t k = 0; k < value.size(); ++k) other[attribute.columns[k]] = value[k];
            asked.insert(asked.end(), other.begin(), other.end());
            labels.push_back(pool.batch.y[row]);
        }
    }
    const NdArray x = BARTIZAN_TRY(
        NdArray::from<float>({std::ssize(labels), static_cast<std::int64_t>(width)}, asked));
    const privacy::Signals signals =
        BARTIZAN_TRY(privacy::signals_of(BARTIZAN_TRY(model::predict(classifier, x, ctx)), labels));
    out.likelihood = signals.confidence;
    out.right = signals.correct;
    out.imputation = imputer.probabilities(rest_of(pool, attribute, rows, width, classifier.classes()));
    return out;
}

struct Way {
    const char* name;
    privacy::Guesses (*guess)(const privacy::AttributeCase&);
};
constexpr Way kWays[] = {{"imputation", &privacy::by_imputation},
                         {"confidence", &privacy::by_confidence},
                         {"csmia", &privacy::by_csmia},
                         {"imputation-and-model", &privacy::by_both}};

Json accuracy_json(const privacy::Accuracy& found) {
    return {{"value", found.value}, {"low", found.interval.low}, {"high", found.interval.high}};
}

Json side_json(const privacy::AttributeCase& known) {
    const privacy::Guesses baseline = privacy::by_imputation(known);
    Json out = {{"records", known.records()}, {"ways", Json::array()}};
    for (const Way& way : kWays) {
        const privacy::Guesses guesses = way.guess(known);
        out["ways"].push_back({{"name", way.name},
                               {"accuracy", accuracy_json(privacy::accuracy_of(guesses, known.truth))},
                               {"lift", accuracy_json(privacy::lift_of(guesses, baseline, known.truth))}});
    }
    return out;
}

/// Fixed beforehand: the attack that knows most.
const Json& judged(const Json& side) { return side["ways"].back(); }

/// By the lower end of the members' lift, and both ends of the others'.
const char* meaning_of(double members_low, double others_low, double others_high) {
    if (members_low <= 0) return "nothing beyond what the rest of a record tells";
    if (members_low > others_high) return "more than imputation, of those it was trained on alone: it remembers them";
    if (others_low > 0)
        return "more than imputation, of others as of those it was trained on: it knows how columns hang together";
    return "more than imputation, of those it was trained on; whether it remembers them cannot be told from so few records";
}

std::string as_text(const Json& json) {
    std::string text = fmt::format("attribute {}: {} values, {:.1f} % have the commonest\n",
                                   cli::printable(json["name"].get<std::string>()), json["values"].get<std::size_t>(),
                                   100 * json["commonest"].get<double>());
    text += fmt::format("{:<22}{:>10}{:>26}{:>10}{:>26}\n", "guessed by", "members", "beyond imputation", "others",
                        "beyond imputation");
    for (std::size_t i = 0; i < std::size(kWays); ++i) {
        text += fmt::format("{:<22}", kWays[i].name);
        for (const char* side : {"members", "nonmembers"}) {
            const Json& way = json[side]["ways"][i];
            const Json& lift = way["lift"];
            text += fmt::format("{:>8.1f} %{:>+7.1f} ({:+.1f} to {:+.1f}) %", 100 * way["accuracy"]["value"].get<double>(),
                                100 * lift["value"].get<double>(), 100 * lift["low"].get<double>(),
                                100 * lift["high"].get<double>());
        }
        text += "\n";
    }
    return text + "the model tells of it: " + json["meaning"].get<std::string>() + "\n";
}

}  // namespace
}  // namespace attribute_inference

Result<PrivacyPart> attribute_part(const cli::Invocation& invocation, const PrivacyPool& pool,
                                   const model::Classifier& classifier, RunContext& ctx) {
    using namespace attribute_inference;
    if (pool.batch.x.rank() != 2 || pool.info.kind == data::Kind::image)
        return unsupported("--attribute asks about a column of a table; the items have shape " +
                           to_string(pool.info.item_shape));
    const auto width = static_cast<std::size_t>(pool.batch.x.shape()[1]);
    const Attribute attribute = BARTIZAN_TRY(attribute_of(invocation.text("attribute"), pool, width));
    const Split split = split_of(pool);
    if (split.learnt.size() < kLeastRecords)
        return invalid_input(fmt::format("--attribute: imputation learns from half of the non-members, {} are too few",
                                         split.learnt.size()),
                             "give 100 at least");
    std::vector<std::int64_t> learnt;
    std::vector<double> prior(attribute.values.size(), 0);
    for (const std::size_t row : split.learnt) {
        learnt.push_back(attribute.of(pool.batch.x.values<float>().subspan(row * width, width)));
        prior[static_cast<std::size_t>(learnt.back())] += 1 / static_cast<double>(split.learnt.size());
    }
    const std::vector<float> rest = rest_of(pool, attribute, split.learnt, width, classifier.classes());
    const auto imputer = privacy::SoftmaxRegression::with_best_ridge(rest, rest.size() / split.learnt.size(), learnt,
                                                                      attribute.values.size());
    const auto members =
        BARTIZAN_TRY(case_of(pool, attribute, split.members, imputer, prior, classifier, ctx));
    const auto others = BARTIZAN_TRY(case_of(pool, attribute, split.others, imputer, prior, classifier, ctx));

    PrivacyPart out;
    out.json = {{"name", attribute.name},
                {"values", attribute.values.size()},
                {"cut_at", attribute.cuts},
                {"commonest", *std::ranges::max_element(prior)},
                {"members", side_json(members)},
                {"nonmembers", side_json(others)}};
    const double low = judged(out.json["members"])["lift"]["low"].get<double>();
    const Json& others_lift = judged(out.json["nonmembers"])["lift"];
    if (low > 0) out.severity = low > kHighLift ? Severity::high : low > kMediumLift ? Severity::medium : Severity::low;
    out.json["severity"] = to_string(out.severity);
    out.json["meaning"] = meaning_of(low, others_lift["low"].get<double>(), others_lift["high"].get<double>());
    out.text = as_text(out.json);
    return out;
}

}  // namespace bartizan::engine
