#include "quality/output.h"

#include <algorithm>

#include <fmt/format.h>

namespace bartizan::quality {
namespace {

constexpr std::size_t kShown = 8;      ///< items of an issue in the text
constexpr std::size_t kShownRows = 4;  ///< rows
/// More items of one issue are counted in its title, and not listed.
constexpr std::size_t kMostIndices = 100'000;

template <class T>
std::vector<T> first_of(const std::vector<T>& all) {
    return {all.begin(), all.begin() + std::ptrdiff_t(std::min(all.size(), kMostIndices))};
}

Json issue_json(const Issue& issue) {
    Json out = {{"kind", issue.kind},      {"severity", to_string(issue.severity)},
                {"title", issue.title},    {"indices", first_of(issue.indices)},
                {"score", issue.score},    {"detail", issue.detail},
                {"suspect", issue.suspect}};
    if (!issue.groups.empty()) out["groups"] = issue.groups;
    if (!issue.suggested.empty()) out["suggested"] = first_of(issue.suggested);
    if (!issue.column.empty()) out["column"] = issue.column;
    for (const Example& one : issue.examples) {
        Json example = {{"item", one.item}, {"row", one.shown}};
        if (!one.label.empty()) example["label"] = one.label;
        out["examples"].push_back(std::move(example));
    }
    if (issue.places.empty()) return out;
    out["places"] = Json::array();
    for (const Place& place : issue.places) {
        Json one = {{"item", place.item}, {"column", place.column}, {"offset", place.offset}, {"shown", place.shown}};
        if (!place.what.empty()) one["what"] = place.what;
        out["places"].push_back(std::move(one));
    }
    return out;
}

/// "3, 17, 20, ..." with the class that is likelier, or the columns and masked values.
std::string examples(const CheckReport& report, const Issue& issue) {
    std::string out;
    const auto class_name = [&](std::int64_t label) {
        const auto at = static_cast<std::size_t>(label);
        return at < report.class_names.size() ? report.class_names[at] : std::to_string(label);
    };
    for (std::size_t i = 0; i < std::min(kShown, issue.indices.size()); ++i) {
        out += fmt::format("{}{}", i == 0 ? "" : ", ", issue.indices[i]);
        if (i < issue.suggested.size()) out += fmt::format(" ('{}'?)", class_name(issue.suggested[i]));
    }
    return issue.indices.size() > kShown ? out + ", ..." : out;
}

std::string example_line(const Example& example, std::string (*printable)(std::string_view)) {
    const std::string label = example.label.empty() ? "" : fmt::format(" ['{}']", printable(example.label));
    return fmt::format("{:31}{:>6}{}  {}\n", "", example.item, label, printable(example.shown));
}

}  // namespace

std::optional<Severity> gravest(const CheckReport& report) {
    if (report.issues.empty()) return std::nullopt;
    return report.issues.front().severity;
}

void add_to(Json& document, const CheckReport& report, const std::optional<Parted>& parted) {
    Json counts = Json::object();
    for (const Severity severity :
         {Severity::critical, Severity::high, Severity::medium, Severity::low, Severity::info})
        counts[std::string(to_string(severity))] = std::ranges::count(report.issues, severity, &Issue::severity);
    document["data"] = {{"path", report.info.path}, {"format", report.info.format}};
    document["items"] = report.items;
    document["classes"] = report.classes;
    document["model_accuracy"] = report.model_accuracy < 0 ? Json(nullptr) : Json(report.model_accuracy);
    document["suspects"] = report.suspects.size();
    document["by_severity"] = std::move(counts);
    document["ran"] = report.ran;
    document["issues"] = Json::array();
    for (const Issue& issue : report.issues) document["issues"].push_back(issue_json(issue));
    document["not_applicable"] = Json::array();
    for (const Skipped& skipped : report.skipped)
        document["not_applicable"].push_back({{"check", skipped.check}, {"reason", skipped.reason}});
    if (parted)
        document["quarantine"] = {{"clean", parted->clean},
                                  {"suspect", parted->suspect},
                                  {"clean_items", parted->clean_items},
                                  {"suspect_items", parted->suspect_items}};
}

std::string to_text(const CheckReport& report, const std::optional<Parted>& parted,
                    std::string (*printable)(std::string_view)) {
    std::string out = fmt::format("{}: {} items", printable(report.info.path), report.items);
    if (report.classes > 0) out += fmt::format(", {} classes", report.classes);
    out += fmt::format("\n{} issues, {} items suspect\n", report.issues.size(), report.suspects.size());
    for (const Issue& issue : report.issues) {
        out += fmt::format("\n{:<9}{:<22}{}\n", to_string(issue.severity), issue.kind, printable(issue.title));
        if (!issue.detail.empty()) out += fmt::format("{:31}{}\n", "", printable(issue.detail));
        if (!issue.indices.empty()) out += fmt::format("{:31}items {}\n", "", printable(examples(report, issue)));
        for (std::size_t i = 0; i < std::min<std::size_t>(3, issue.places.size()); ++i)
            out += fmt::format("{:31}item {}, column '{}', byte {}: {}\n", "", issue.places[i].item,
                               printable(issue.places[i].column), issue.places[i].offset,
                               printable(issue.places[i].shown));
        for (std::size_t i = 0; i < std::min(kShownRows, issue.examples.size()); ++i)
            out += example_line(issue.examples[i], printable);
    }
    if (!report.skipped.empty()) out += "\nnot applicable\n";
    for (const Skipped& skipped : report.skipped)
        out += fmt::format("  {:<22} {}\n", skipped.check, printable(skipped.reason));
    if (parted)
        out += fmt::format("\nclean   {} items in {}\nsuspect {} items in {}\n", parted->clean_items,
                           printable(parted->clean), parted->suspect_items, printable(parted->suspect));
    return out;
}

}  // namespace bartizan::quality
