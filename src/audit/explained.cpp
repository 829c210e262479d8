#include "audit/explained.h"

#include <cmath>

#include <fmt/format.h>

#include "report/rules.h"

namespace bartizan::audit {

Finding explanation_finding(const std::string& model, std::string_view method, const explain::Summary& summary) {
    Finding out = report::finding_for(report::rule::kExplanation, Severity::info, {});
    out.asset = model;
    out.severity = summary.verdict == explain::Verdict::rejected ? Severity::low : Severity::info;
    out.title = fmt::format("Explanations of its answers by {} are {}", method, to_string(summary.verdict));
    out.explanation =
        "Trusted: what is said to count most changes the answer faster than numbers at random, taken away and put in; "
        "shares add up; fresh weights get another map. Rejected: neither, or the map does not follow the weights.";
    const auto lift = [&](const char* name, double value, double reach) {
        Measurement one{.name = name, .value = value, .unit = "fraction", .samples = summary.samples,
                        .note = "over random order"};
        if (std::isfinite(reach)) one.low = value - reach, one.high = value + reach;
        out.evidence.push_back(std::move(one));
    };
    lift("deletion_lift", summary.deletion_lift, summary.deletion_reach);
    lift("insertion_lift", summary.insertion_lift, summary.insertion_reach);
    const auto plain = [&](const char* name, double value, const char* note) {
        out.evidence.push_back({.name = name, .value = value, .unit = "fraction", .samples = summary.samples, .note = note});
    };
    if (summary.completeness_error) plain("completeness_error", *summary.completeness_error, "the largest");
    plain("infidelity", summary.infidelity, "0 perfect, 1 says nothing");
    plain("sensitivity", summary.sensitivity, "largest relative change nearby");
    if (summary.randomised_likeness)
        plain("likeness_to_random", *summary.randomised_likeness, "rank correlation with the maps of fresh weights");
    return out;
}

}  // namespace bartizan::audit
