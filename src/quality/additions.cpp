#include "quality/additions.h"

#include <algorithm>
#include <set>

namespace bartizan::quality {

void add_issues(CheckReport& report, std::vector<Issue> issues) {
    std::set<std::int64_t> suspects(report.suspects.begin(), report.suspects.end());
    for (Issue& issue : issues) {
        if (issue.suspect) suspects.insert(issue.indices.begin(), issue.indices.end());
        report.issues.push_back(std::move(issue));
    }
    report.suspects.assign(suspects.begin(), suspects.end());
    std::ranges::stable_sort(report.issues, [](const Issue& a, const Issue& b) {
        return a.severity != b.severity ? a.severity > b.severity : a.score > b.score;
    });
}

}  // namespace bartizan::quality
