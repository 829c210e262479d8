#include "governance/drill_evidence.h"

#include <algorithm>
#include <iterator>

namespace bartizan::governance {
namespace drill_evidence {
namespace {

constexpr std::size_t kMostLimitations = 10;

struct Row {
    std::string_view check;
    bool of_organisation;
};
constexpr Row kRows[] = {{"monitor.detection", false},
                         {"drill.rollback", false},
                         {"drill.quarantine", true},
                         {"drill.stop", true},
                         {"exercise.playbook", true}};

std::string text_in(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>().substr(0, 1000) : std::string();
}

Verdict verdict_in(const Json& one, bool complete) {
    const auto said = verdict_from(text_in(one, "verdict"));
    if (!said.ok() || (*said == Verdict::pass && !complete)) return Verdict::inconclusive;
    return *said;
}

Evidence of_check(const Json& one, const Row& row, bool complete) {
    Evidence out{.check = std::string(row.check), .verdict = verdict_in(one, complete)};
    out.summary = text_in(one, "summary");
    out.unit = text_in(one, "unit");
    if (const auto value = one.find("value"); value != one.end() && value->is_number())
        out.value = value->get<double>();
    if (const auto count = one.find("samples"); count != one.end() && count->is_number_unsigned())
        out.samples = std::min<std::int64_t>(count->get<std::int64_t>(), 1'000'000);
    if (const auto limits = one.find("limitations"); limits != one.end() && limits->is_array())
        for (const Json& limit : *limits)
            if (limit.is_string() && out.limitations.size() < kMostLimitations)
                out.limitations.push_back(limit.get<std::string>().substr(0, 500));
    if (row.of_organisation) {
        out.subject = kOrganisation;
        out.digest = kOrganisation;
    }
    return out;
}

}  // namespace
}  // namespace drill_evidence

std::vector<Evidence> evidence_of_drill(const Json& report) {
    using namespace drill_evidence;
    std::vector<Evidence> out;
    const auto checks = report.find("checks"), complete = report.find("complete");
    if (checks == report.end() || !checks->is_array()) return out;
    const bool whole = complete != report.end() && complete->is_boolean() && complete->get<bool>();
    const auto asset = report.find("asset");
    for (const Json& one : *checks) {
        if (!one.is_object() || out.size() >= std::size(kRows)) continue;
        const auto row = std::ranges::find(kRows, std::string_view(text_in(one, "check")), &Row::check);
        if (row == std::end(kRows)) continue;
        Evidence made = of_check(one, *row, whole);
        if (!row->of_organisation && asset != report.end() && asset->is_object())
            made.subject = text_in(*asset, "path");
        made.tool = "bartizan drill";
        out.push_back(std::move(made));
    }
    return out;
}

}  // namespace bartizan::governance
