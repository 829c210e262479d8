#include "textattacks/report.h"

#include <fmt/format.h>

#include "core/progress.h"
#include "core/statistics.h"
#include "text/unicode.h"

namespace bartizan::textattacks {
namespace {

constexpr std::size_t kMostExamples = 5, kMostShown = 400;

double share(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string percent(std::int64_t part, std::int64_t whole) {
    const Interval interval = wilson_interval(part, whole);
    return fmt::format("{:5.1f} %  ({:.1f} to {:.1f}, {} of {})", 100 * share(part, whole), 100 * interval.low,
                       100 * interval.high, part, whole);
}

/// A line break in a text must not look like one of ours.
std::string one_line(std::string_view text) {
    std::string shown = text::made_visible(text);
    for (std::size_t at = 0; (at = shown.find('\n', at)) != std::string::npos;) shown.replace(at, 1, "<U+000A>");
    if (shown.size() <= kMostShown) return shown;
    std::size_t end = kMostShown;
    while ((static_cast<unsigned char>(shown[end]) & 0xc0U) == 0x80U) --end;
    return shown.substr(0, end) + "...";
}

std::vector<const Row*> examples(const TextRun& run) {
    std::vector<const Row*> out;
    for (const Row& row : run.rows)
        if (row.clean_right && row.attempt.success && out.size() < kMostExamples) out.push_back(&row);
    return out;
}

}  // namespace

void add_to(Json& json, const TextRun& run, std::int64_t budget) {
    const std::int64_t samples = std::ssize(run.rows), right = run.right(), robust = right - run.fooled();
    const Interval clean = wilson_interval(right, samples), left = wilson_interval(robust, samples);
    const Interval success = wilson_interval(run.fooled(), right);
    json["clean_accuracy"] = share(right, samples);
    json["clean_accuracy_interval"] = {clean.low, clean.high};
    json["robust_accuracy"] = share(robust, samples);
    json["robust_accuracy_interval"] = {left.low, left.high};
    json["success_rate"] = share(run.fooled(), right);
    json["success_rate_interval"] = {success.low, success.high};
    json["samples"] = samples;
    json["norm"] = "edits";
    json["eps"] = budget;
    json["max_perturbation"] = run.edits_most();
    json["mean_perturbation"] = run.edits_mean();
    json["queries_mean"] = run.queries_mean();
    json["gradients_mean"] = 0;
    json["seconds"] = run.seconds;
    json["samples_per_second"] = run.seconds > 0 ? static_cast<double>(samples) / run.seconds : 0.0;
    json["complete"] = run.complete;
    if (!run.trigger.empty()) json["trigger"] = run.trigger;
    json["examples"] = Json::array();
    for (const Row* row : examples(run))
        json["examples"].push_back({{"id", row->id},
                                    {"text", row->text},
                                    {"adversarial", row->attempt.text},
                                    {"visible", text::made_visible(row->attempt.text)},
                                    {"edits", row->attempt.edits}});
}

std::string as_text(const TextRun& run, const std::string& head) {
    const std::int64_t samples = std::ssize(run.rows), right = run.right();
    std::string text = head + "\n";
    text += "  clean accuracy   " + percent(right, samples) + "\n";
    text += "  robust accuracy  " + percent(right - run.fooled(), samples) + "\n";
    text += "  fooled           " + percent(run.fooled(), right) + " of those read right before\n";
    if (!run.trigger.empty()) text += "  trigger          '" + one_line(run.trigger) + "', judged on texts it was not sought on\n";
    text += fmt::format("  edits            mean {:.2f}, most {}\n", run.edits_mean(), run.edits_most());
    text += fmt::format("  cost             {:.1f} queries a text, {}\n", run.queries_mean(), human_duration(run.seconds));
    for (const Row* row : examples(run))
        text += fmt::format("  example {}\n    before: {}\n    after:  {}\n", row->id, one_line(row->text),
                            one_line(row->attempt.text));
    if (!run.complete) text += "  INCOMPLETE: stopped before the end; of the finished texts alone\n";
    return text;
}

std::string as_lines(const TextRun& run) {
    std::string out;
    for (const Row& row : run.rows) {
        const Json line = {{"id", row.id},
                           {"label", row.label},
                           {"right_before", row.clean_right},
                           {"text", row.text},
                           {"adversarial", row.attempt.text},
                           {"visible", text::made_visible(row.attempt.text)},
                           {"success", row.clean_right && row.attempt.success},
                           {"edits", row.attempt.edits},
                           {"queries", row.attempt.queries}};
        out += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    }
    return out;
}

}  // namespace bartizan::textattacks
