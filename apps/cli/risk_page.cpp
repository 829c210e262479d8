#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "apps/cli/answer_text.h"
#include "apps/cli/register_pages.h"
#include "bartizan/version.h"
#include "cli/output.h"
#include "core/file.h"
#include "report/escape.h"
#include "report/html_parts.h"

namespace bartizan::program {
namespace risk_page {
namespace {

std::string safe(const Json& object, const char* name) { return report::escape_markup(shown(object, name)); }

/// The style sheet's colours of severities; "moderate" is their "medium".
std::string_view colour(std::string_view band) {
    return band == "critical" ? "critical" : band == "high" ? "high" : band == "moderate" ? "medium" : "low";
}

std::string tag(const Json& score) {
    const std::string band = score.value("band", "");
    return fmt::format("<span class=\"tag {}\">{} {}</span>", colour(band), decimal(score, "score"),
                       safe(score, "band"));
}

std::int64_t row_of(const Json& risk, const char* which) {
    const double l = risk.value(which, Json::object()).value("likelihood", 5.0);
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::lround(l)), 1, 5);
}

/// The band of a cell without risks, by its middle.
std::string_view cell_colour(std::int64_t score) {
    return score >= 15 ? "critical" : score >= 10 ? "high" : score >= 5 ? "medium" : "low";
}

std::string heat_map(const Json& risks, const char* which, const char* caption) {
    std::string out = fmt::format(
        "<figure><figcaption class=\"rowtitle\">{}</figcaption><div class=\"scroll\"><table>"
        "<thead><tr><th scope=\"col\">likelihood</th>",
        caption);
    for (int i = 1; i <= 5; ++i) out += fmt::format("<th scope=\"col\" style=\"text-align:center\">{}</th>", i);
    out += "</tr></thead><tbody>";
    for (std::int64_t l = 5; l >= 1; --l) {
        out += fmt::format("<tr><th scope=\"row\">{}</th>", l);
        for (std::int64_t i = 1; i <= 5; ++i) {
            std::string ids, band;
            int count = 0;
            double worst = 0;
            for (const Json& one : risks)
                if (row_of(one, which) == l && one.value("impact", 5) == i && one.value("applies", true)) {
                    ++count;
                    ids += (ids.empty() ? "" : " ") + safe(one, "id");
                    const Json score = one.value(which, Json::object());
                    if (score.value("score", 0.0) > worst) band = score.value("band", "");
                    worst = std::max(worst, score.value("score", 0.0));
                }
            out += fmt::format(
                "<td class=\"{}\" style=\"background:var(--t);color:var(--c);text-align:center;min-width:3.2rem\" "
                "title=\"{}\">{}</td>",
                count == 0 ? cell_colour(l * i) : colour(band), ids, count == 0 ? "" : fmt::format("<b>{}</b>", count));
        }
        out += "</tr>";
    }
    return out +
           "</tbody></table></div><p class=\"note\">impact from left to right; the number of risks in each "
           "cell</p></figure>";
}

std::string row(const Json& risk) {
    std::string controls;
    for (const Json& one : risk.value("controls", Json::array()))
        controls += fmt::format("<li><b>{}</b> {}</li>", safe(one, "check"), safe(one, "state"));
    const Json harms = risk.value("harms", Json::array());
    std::string reasons;
    for (const Json& one : harms)
        reasons += fmt::format("<li><b>{}</b> {}: {}</li>", safe(one, "axis"), safe(one, "harm"), safe(one, "reason"));
    const std::string owner = safe(risk, "owner"), words = safe(risk, "statement");
    return fmt::format(
        "<section class=\"card finding {}\"><header>{}<span class=\"small\">inherent {}, with all evidence fresh "
        "{}</span></header><h3>{} {}</h3><p class=\"small\">{} on {} · {} · owner {}</p>{}"
        "<h4>What may be harmed</h4><ul class=\"maps\">{}</ul><h4>What bears on it</h4><ul "
        "class=\"maps\">{}</ul></section>",
        colour(risk.value("residual", Json::object()).value("band", "")), tag(risk.value("residual", Json::object())),
        decimal(risk.value("inherent", Json::object()), "score"),
        decimal(risk.value("if_fresh", Json::object()), "score"), safe(risk, "id"), safe(risk, "title"),
        safe(risk, "threat"), safe(risk, "asset"), safe(risk, "state"), owner.empty() ? "nobody" : owner,
        words.empty() ? "" : "<p>" + words + "</p>", reasons, controls);
}

}  // namespace
}  // namespace risk_page

using namespace risk_page;

std::string risks_page(const Json& answer) {
    const Json risks = answer.value("risks", Json::array());
    std::size_t worst = 0, apply = 0;
    for (const Json& one : risks) {
        if (!one.value("applies", true)) continue;
        ++apply;
        worst += one.value("residual", Json::object()).value("band", "") == "critical";
    }
    std::string body = fmt::format(
        "<section class=\"lead\"><h1>{} risks, {} of them critical</h1><p>Scores are made from what the inventory says "
        "of "
        "each asset and from evidence that holds now. What nobody told counts as the worst, and so does evidence that "
        "is missing, failed or expired.</p></section>",
        apply, worst);
    body += "<div class=\"pair\">" + heat_map(risks, "inherent", "Inherent") + heat_map(risks, "residual", "Residual") +
            "</div><h2>The risks, the worst first</h2>";
    for (const Json& one : risks) body += row(one);
    return report::html_page("Risk register", "risk register", kVersion, body);
}

Result<int> show_page(const cli::Invocation& invocation, const std::string& page) {
    if (const std::string out = invocation.text("out"); !out.empty())
        BARTIZAN_TRY(write_file_atomically(out, page));
    else
        BARTIZAN_TRY(cli::print(page));
    return 0;
}

}  // namespace bartizan::program
