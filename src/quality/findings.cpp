#include "quality/findings.h"

#include <algorithm>

#include <fmt/format.h>

#include "report/rules.h"

namespace bartizan::quality {
namespace findings {

constexpr std::size_t kMostIssues = 20;  ///< of one kind, in a table
constexpr std::size_t kMostRows = 10;

struct RuleOfKind {
    std::string_view kind, rule;
};
constexpr RuleOfKind kRules[] = {
    {"poison", report::rule::kPoison},
    {"poison_doubt", report::rule::kPoison},
    {"poison_cluster", report::rule::kPoison},
    {"label_error", report::rule::kDataLabels},
    {"conflicting_labels", report::rule::kDataLabels},
    {"missing_label", report::rule::kDataLabels},
    {"single_class", report::rule::kDataLabels},
    {"ambiguous", report::rule::kDataLabels},
    {"leak", report::rule::kDataLeak},
    {"near_leak", report::rule::kDataLeak},
    {"label_leak", report::rule::kDataLeak},
    {"spurious_correlation", report::rule::kDataLeak},
    {"email", report::rule::kPersonalData},
    {"phone", report::rule::kPersonalData},
    {"payment_card", report::rule::kPersonalData},
    {"iban", report::rule::kPersonalData},
    {"national_id", report::rule::kPersonalData},
    {"secret", report::rule::kPersonalData},
    {"class_imbalance", report::rule::kDataBalance},
    {"underrepresented_group", report::rule::kDataBalance},
    {"group_shares", report::rule::kDataBalance},
    {"label_gap", report::rule::kDataBalance},
};

std::string where(const Issue& issue) { return issue.detail.empty() ? issue.column : issue.detail; }

/// Places of personal data, masked; rows of tables and lines of texts; else the positions.
Table worst(const std::vector<const Issue*>& issues) {
    Table table{"Worst offenders", {"item", "label", "content"}, {}};
    for (const Issue* issue : issues) {
        for (const Example& one : issue->examples)
            if (table.rows.size() < kMostRows) table.rows.push_back({std::to_string(one.item), one.label, one.shown});
        if (issue->examples.empty())
            for (const std::int64_t item : issue->indices)
                if (table.rows.size() < kMostRows) table.rows.push_back({std::to_string(item), "", ""});
    }
    return table;
}

Finding finding_of(const std::vector<const Issue*>& issues, const std::string& asset) {
    const Issue& gravest = *issues.front();
    Finding finding = report::finding_for(rule_of(gravest.kind), gravest.severity, gravest.title);
    finding.asset = asset;
    if (issues.size() > 1) finding.title += fmt::format("; {} more of this kind", issues.size() - 1);
    finding.explanation = where(gravest);
    std::size_t items = 0;
    for (const Issue* issue : issues) items += issue->indices.size();
    finding.evidence = {{.name = "items", .value = double(items), .unit = "items", .note = std::string(gravest.kind)},
                        {.name = "score", .value = gravest.score, .unit = "fraction", .note = "of the gravest"}};
    if (issues.size() > 1) {
        Table table{"All of this kind", {"what", "detail"}, {}};
        for (std::size_t i = 0; i < std::min(kMostIssues, issues.size()); ++i)
            table.rows.push_back({issues[i]->title, where(*issues[i])});
        finding.tables.push_back(std::move(table));
    }
    if (Table table = worst(issues); !table.rows.empty()) finding.tables.push_back(std::move(table));
    return finding;
}

}  // namespace findings

std::string_view rule_of(std::string_view kind) {
    const auto found = std::ranges::find(findings::kRules, kind, &findings::RuleOfKind::kind);
    return found == std::end(findings::kRules) ? report::rule::kDataDefects : found->rule;
}

std::vector<Finding> findings_of(const CheckReport& report, const std::string& asset) {
    std::vector<std::vector<const Issue*>> kinds;  // the issues come gravest first, and so do the kinds
    for (const Issue& issue : report.issues) {
        const auto same = [&](const std::vector<const Issue*>& one) { return one.front()->kind == issue.kind; };
        auto found = std::ranges::find_if(kinds, same);
        if (found == kinds.end()) found = kinds.emplace(kinds.end());
        found->push_back(&issue);
    }
    std::vector<Finding> out;
    for (const auto& issues : kinds) out.push_back(findings::finding_of(issues, asset));
    return out;
}

}  // namespace bartizan::quality
