#include "scan/judge.h"

#include <utility>

#include "scan/rules.h"

namespace bartizan::scan {

void Context::report(Issue issue) const {
    result.verdict = worse(result.verdict, issue.verdict);
    if (issue.member.empty()) issue.member = member;
    if (!issue.offset) issue.offset = base;
    if (issue.detail.size() > kMaxDetail) {
        issue.detail.resize(kMaxDetail - 3);
        issue.detail += "...";
    }
    // Beyond the limit a graver issue still pushes out a lesser one: what matters is never what is dropped.
    if (result.issues.size() < kMaxIssues) {
        result.issues.push_back(std::move(issue));
    } else if (result.issues.back().verdict < issue.verdict) {
        result.issues.back() = std::move(issue);
    }
}

void Context::incomplete(std::string reason, std::uint64_t offset) const {
    result.complete = false;
    report({.rule = std::string(rule::kNotRead),
            .severity = Severity::high,
            .verdict = Verdict::incomplete,
            .title = std::move(reason),
            .offset = offset});
}

}  // namespace bartizan::scan
