/// `bartizan attack https://... --attack text-...`: attacks on a text service, as any caller of it can make them.
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "catalog/attacks.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/progress.h"
#include "data/text_rows.h"
#include "textattacks/choose.h"
#include "textattacks/http_oracle.h"
#include "textattacks/report.h"

namespace bartizan::program {
namespace {

Result<textattacks::HttpOracle> service_of(const cli::Invocation& invocation) {
    textattacks::HttpOptions options{.url = invocation.positional(0),
                                     .request = invocation.text("request-template"),
                                     .answer_path = invocation.text("answer-path"),
                                     .confidence_path = invocation.text("confidence-path"),
                                     .per_second = invocation.number("per-second", 0),
                                     .budget = invocation.integer("requests", 0)};
    for (const std::string& header : invocation.list("header")) {
        const std::size_t colon = header.find(':');
        const std::size_t value = header.find_first_not_of(' ', colon + 1);
        if (colon == 0 || colon == std::string::npos || value == std::string::npos)
            return invalid_input("--header is not NAME: VALUE", "write --header 'Authorization: Bearer KEY'");
        options.headers.emplace_back(header.substr(0, colon), header.substr(value));
    }
    return textattacks::HttpOracle::make(std::move(options));
}

/// What a service calls its classes is text: a text is read rightly when the answer is its label as the file spells it.
class Labelled final : public textattacks::Oracle {
public:
    Labelled(textattacks::Oracle& behind, std::vector<std::string> names)
        : behind_(behind), names_(std::move(names)) {}
    Result<std::vector<textattacks::Answer>> ask(std::span<const std::string> texts) override {
        std::vector<textattacks::Answer> answers = BARTIZAN_TRY(behind_.ask(texts));
        for (textattacks::Answer& answer : answers) {
            const auto found = std::ranges::find(names_, answer.output);
            answer.label = found == names_.end() ? -1 : found - names_.begin();
        }
        return answers;
    }

private:
    textattacks::Oracle& behind_;
    std::vector<std::string> names_;
};

struct Labels {
    std::vector<std::string> names;       ///< different ones, in the order of their first text
    std::vector<std::int64_t> of_rows;
};

Labels labels_of(const data::TextRows& rows) {
    Labels labels;
    for (const std::string& text : rows.label_texts) {
        auto found = std::ranges::find(labels.names, text);
        if (found == labels.names.end()) found = labels.names.insert(labels.names.end(), text);
        labels.of_rows.push_back(found - labels.names.begin());
    }
    return labels;
}

}  // namespace

bool is_text_service(const cli::Invocation& invocation) {
    const std::string target = invocation.positional(0);
    if (!target.starts_with("http://") && !target.starts_with("https://")) return false;
    const auto spec = catalog::find_attack(invocation.text("attack"));
    return !spec.ok() || (*spec)->data_kind == "text";
}

Result<int> attack_service(const cli::Invocation& invocation) {
    const textattacks::Choice choice = BARTIZAN_TRY(textattacks::choose(invocation.text("attack"), invocation));
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    textattacks::HttpOracle service = BARTIZAN_TRY(service_of(invocation));
    const data::TextRows texts = BARTIZAN_TRY_WITHIN(
        data::read_texts(invocation.text("data"), textattacks::text_options(invocation)), "data '" + invocation.text("data") + "'");
    const Labels labels = labels_of(texts);
    Labelled labelled(service, labels.names);
    textattacks::Oracle& plain = labels.names.empty() ? static_cast<textattacks::Oracle&>(service) : labelled;
    std::vector<textattacks::Row> rows;
    for (std::size_t i = 0; i < texts.texts.size(); ++i)
        rows.push_back({.id = texts.ids[i], .text = texts.texts[i], .label = labels.of_rows.empty() ? -1 : labels.of_rows[i]});
    TextProgress progress(stderr, progress_style_for_stderr(invocation.flag("quiet")));
    RunContext ctx({.seed = static_cast<std::uint64_t>(invocation.integer("seed", 0)), .progress = &progress});
    const textattacks::TextRun result = BARTIZAN_TRY(textattacks::carry_out(choice, plain, std::move(rows), nullptr, ctx));
    ctx.progress_finish();
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), textattacks::as_lines(result)));
    Json json = cli::document(invocation);
    json["attack"] = choice.spec->name;
    json["model"] = invocation.positional(0);
    json["data"] = invocation.text("data");
    json["goal"] = invocation.text("goal");
    json["defended"] = choice.policy.has_value();
    textattacks::add_to(json, result, choice.budget());
    json["requests"] = service.requests();
    json["seed"] = invocation.integer("seed", 0);
    const std::string head = fmt::format("{} on {}: {} texts of {}", choice.spec->name, cli::printable(invocation.positional(0)),
                                         result.rows.size(), cli::printable(invocation.text("data")));
    BARTIZAN_TRY(cli::print(invocation, json, textattacks::as_text(result, head)));
    return result.complete ? 0 : 3;
}

}  // namespace bartizan::program
