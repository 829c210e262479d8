/// `bartizan text clean FILE`: what the normaliser makes of texts, and how many it changes.
#include <algorithm>

#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "cli/output.h"
#include "core/file.h"
#include "data/text_rows.h"
#include "text/normaliser.h"
#include "text/unicode.h"
#include "textattacks/choose.h"

namespace bartizan::program {
namespace {

constexpr std::size_t kMostExamples = 10;

struct Normalised {
    text::NormaliseCounts counts;
    std::int64_t changed = 0;
    std::string lines;
    Json examples = Json::array();
};

/// A cell of a table may hold line breaks; the file that is written has a line for each text.
std::string one_line(std::string text) {
    std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return text;
}

Result<Normalised> normalise_all(const data::TextRows& rows, const text::NormalisePolicy& policy) {
    Normalised out;
    for (std::size_t i = 0; i < rows.texts.size(); ++i) {
        text::NormaliseCounts counts;
        const std::string clean =
            BARTIZAN_TRY_WITHIN(text::normalise(rows.texts[i], policy, &counts), fmt::format("text {}", rows.ids[i]));
        out.lines += one_line(clean) + "\n";
        out.counts.invisible += counts.invisible;
        out.counts.look_alikes += counts.look_alikes;
        out.counts.direction += counts.direction;
        out.counts.deletions += counts.deletions;
        if (clean == rows.texts[i]) continue;
        ++out.changed;
        if (out.examples.size() < kMostExamples)
            out.examples.push_back({{"id", rows.ids[i]}, {"before", text::made_visible(rows.texts[i])}, {"after", clean}});
    }
    return out;
}

}  // namespace

Result<int> text_clean(const cli::Invocation& invocation) {
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    const auto policy = BARTIZAN_TRY(textattacks::policy_from(invocation.text("policy", "default")));
    const std::string path = invocation.positional(0);
    const data::TextRows rows =
        BARTIZAN_TRY_WITHIN(data::read_texts(path, {.text_column = invocation.text("text")}), "data '" + path + "'");
    const Normalised result = BARTIZAN_TRY(normalise_all(rows, policy));
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), result.lines));
    Json json = cli::document(invocation);
    json["texts"] = std::ssize(rows.texts);
    json["changed"] = result.changed;
    json["counts"] = {{"invisible", result.counts.invisible},
                      {"look_alikes", result.counts.look_alikes},
                      {"direction", result.counts.direction},
                      {"deletions", result.counts.deletions}};
    json["examples"] = result.examples;
    std::string text = fmt::format("{} of {} texts changed: {} invisible characters, {} look-alikes, {} controls of direction, {} deletions\n",
                                   result.changed, rows.texts.size(), result.counts.invisible, result.counts.look_alikes,
                                   result.counts.direction, result.counts.deletions);
    for (const Json& example : result.examples)
        text += fmt::format("  {}: {}\n    -> {}\n", example["id"].get<std::int64_t>(),
                            cli::printable(example["before"].get<std::string>()), cli::printable(example["after"].get<std::string>()));
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return 0;
}

}  // namespace bartizan::program
