#pragma once
/// The audit as one self-contained HTML page: verdict first, then the findings gravest first with number, interval,
/// plots and pictures, then how it was measured. The page loads nothing (its content security policy forbids it)
/// and needs no script; all text from outside is escaped.
/// Thread rule: pure functions. Cannot fail. The page is as large as the pictures and a third, plus about 30 KB.

#include <string>

#include "bartizan/finding.h"

namespace bartizan::report {

std::string report_html(const Report& report);

struct ComparisonTitles {
    std::string before = "Before";
    std::string after = "After";
};
/// Two audits side by side: both verdicts, every number measured in both with its intervals, the curves in one
/// plot, and the findings that went, came or stayed (matched by rule).
std::string comparison_html(const Report& before, const Report& after, const ComparisonTitles& titles = {});

}  // namespace bartizan::report
