/// `bartizan data check DATA --model M [--clean C]`: the checks of a data set, and those that a model trained on it makes
/// possible.
#include "apps/data_check/run.h"

#include "apps/engine/handlers.h"
#include "apps/engine/inputs.h"
#include "apps/engine/poison_issues.h"
#include "quality/additions.h"
#include "quality/examples.h"

namespace bartizan::engine {
namespace data_checking_with_model {
namespace {

struct Opened {
    std::filesystem::path path;
    std::shared_ptr<const model::Model> model;
    data::InputContract contract;
};

Result<Opened> open_named_model(const cli::Invocation& invocation) {
    Opened out{invocation.text("model"), nullptr, {}};
    out.contract = BARTIZAN_TRY(read_contract(invocation, out.path));
    out.model = BARTIZAN_TRY_WITHIN(model::load(out.path), "--model");
    return out;
}

struct Items {
    data::Info info;
    defences::Labelled labelled;
    std::vector<std::int64_t> ids;
};

Result<Items> read_items(const std::string& spec, const data::OpenOptions& options) {
    const auto dataset = BARTIZAN_TRY(data::open(spec, options));
    data::Batch batch = BARTIZAN_TRY(data::read_all(*dataset));
    return Items{dataset->info(), {std::move(batch.x), std::move(batch.y)}, std::move(batch.ids)};
}

Result<std::optional<Items>> read_trusted(const cli::Invocation& invocation, const data::OpenOptions& training) {
    if (!invocation.has("clean")) return std::optional<Items>();
    data::OpenOptions options;
    options.label_column = training.label_column;
    Items out = BARTIZAN_TRY(read_items(invocation.text("clean"), options));
    if (out.labelled.y.empty()) return invalid_input("the trusted data have no labels");
    return std::optional<Items>(std::move(out));
}

class PoisonSearch {
public:
    PoisonSearch(const cli::Invocation& invocation, const Opened& opened, const RunContext& ctx)
        : invocation_(invocation), opened_(opened), ctx_(ctx) {}

    Result<void> operator()(const quality::CheckOptions& options, quality::CheckReport& report, Json& document) const {
        const Result<Items> suspect = read_items(invocation_.positional(0), options.open);
        if (!suspect.ok()) return skip(report, "the model cannot be asked about it: " + suspect.error().line());
        if (suspect->labelled.y.empty()) return skip(report, "there are no labels");
        const auto trusted = BARTIZAN_TRY_WITHIN(read_trusted(invocation_, options.open),
                                                 "--clean '" + invocation_.text("clean") + "'");
        const std::shared_ptr<const model::Classifier> classifier = BARTIZAN_TRY_WITHIN(
            model::make_classifier(opened_.model, suspect->info.item_shape, opened_.contract),
            "--model '" + opened_.path.string() + "'");
        const defences::PoisonModel model = defences::poison_model(opened_.model, classifier, opened_.contract);
        const defences::PoisonReport found = BARTIZAN_TRY(defences::check_poison(
            model, suspect->labelled, trusted ? &trusted->labelled : nullptr, {}, ctx_));
        const auto& names =
            opened_.contract.class_names.empty() ? suspect->info.class_names : opened_.contract.class_names;
        std::vector<quality::Issue> issues = poison_issues(found, suspect->ids, names);
        BARTIZAN_TRY(add_rows(options, suspect->info, issues));
        quality::add_issues(report, std::move(issues));
        for (quality::Skipped& one : poison_not_applicable(found)) report.skipped.push_back(std::move(one));
        if (found.fused.verdict != defences::PoisonVerdict::inconclusive) report.ran.emplace_back("poison");
        document["poison"] = poison_json(found, suspect->ids, names);
        return {};
    }

private:
    /// Suspects of tables and texts as rows that a person can read; pictures come with --report.
    Result<void> add_rows(const quality::CheckOptions& options, const data::Info& info,
                          std::vector<quality::Issue>& issues) const {
        if (info.kind == data::Kind::image || issues.empty()) return {};
        const quality::Subject subject = BARTIZAN_TRY(quality::read_subject(invocation_.positional(0), options.open));
        for (quality::Issue& issue : issues) quality::add_examples(subject, issue);
        return {};
    }

    static Result<void> skip(quality::CheckReport& report, std::string reason) {
        report.skipped.push_back({"poison", std::move(reason)});
        return {};
    }

    const cli::Invocation& invocation_;
    const Opened& opened_;
    const RunContext& ctx_;
};

}  // namespace
}  // namespace data_checking_with_model

Result<int> data_check_command(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace data_checking_with_model;
    const Opened opened = BARTIZAN_TRY(open_named_model(invocation));
    return data_checking::run(invocation, ctx, PoisonSearch(invocation, opened, ctx));
}

}  // namespace bartizan::engine
