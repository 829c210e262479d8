#include <fmt/format.h>

#include "apps/cli/answer_text.h"
#include "apps/cli/register_pages.h"
#include "bartizan/version.h"
#include "report/escape.h"
#include "report/html_parts.h"

namespace bartizan::program {
namespace vendor_page {
namespace {

std::string safe(const Json& object, const char* name) { return report::escape_markup(shown(object, name)); }

std::string_view colour(std::string_view verdict) {
    return verdict == "approve" ? "low" : verdict == "conditions" ? "medium" : "critical";
}

std::string cell(const Json& row) {
    if (row.value("answer", Json()).is_null()) return "<td><span class=\"tag critical\">blank</span></td>";
    const bool bad = !row.value("contradiction", Json()).is_null();
    const double points = row.value("points", 0.0);
    std::string out = fmt::format("<td><span class=\"tag {}\">{} · {}</span>",
                                  bad           ? "critical"
                                  : points == 1 ? "low"
                                  : points > 0  ? "medium"
                                                : "high",
                                  safe(row, "answer"), bad ? "contradicted" : safe(row, "level"));
    const std::string why = bad ? safe(row, "contradiction") : safe(row, "why");
    if (!why.empty()) out += "<br><small>" + why + "</small>";
    if (const std::string says = safe(row, "says"); !says.empty()) out += "<br><small>“" + says + "”</small>";
    return out + "</td>";
}

std::string heads(const Json& vendors) {
    std::string out = "<div class=\"pair\">";
    for (const Json& one : vendors)
        out += fmt::format(
            "<section class=\"card change\" style=\"margin:0\"><h3>{} <span class=\"tag {}\">{}</span></h3><p>score {} "
            "of 1, {} "
            "knock-outs "
            "failed, {} contradictions</p><p class=\"small\">answered by {} on {}, expires {}</p></section>",
            safe(one, "vendor"), colour(one.value("verdict", "")), safe(one, "verdict"), safe(one, "score"),
            one.value("knock_outs_failed", Json::array()).size(), one.value("contradictions", Json::array()).size(),
            safe(one, "answered_by"), day_shown(one, "answered"), day_shown(one, "expires"));
    return out + "</div>";
}

}  // namespace
}  // namespace vendor_page

using namespace vendor_page;

std::string vendors_page(const Json& answer) {
    const Json vendors = answer.value("vendors", Json::array());
    std::string body =
        "<section class=\"lead\"><h1>Vendors side by side</h1><p>A claim without proof counts nothing, a document "
        "half, "
        "a test whole. What is blank counts as the worst, and what evidence contradicts counts nothing.</p></section>" +
        heads(vendors) +
        "<h2>Question by question</h2><div class=\"card scroll\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"Questions\"><table><thead><tr><th scope=\"col\">Question</th>";
    for (const Json& one : vendors) body += fmt::format("<th scope=\"col\">{}</th>", safe(one, "vendor"));
    body += "</tr></thead><tbody>";
    const std::size_t rows = vendors.empty() ? 0 : vendors[0].value("questions", Json::array()).size();
    for (std::size_t i = 0; i < rows; ++i) {
        const Json first = vendors[0]["questions"].at(i);
        body += fmt::format("<tr><td><b>{}</b> {}{}</td>", safe(first, "question"), safe(first, "text"),
                            first.value("knock_out", false) ? " <span class=\"tag info\">knock-out</span>" : "");
        for (const Json& one : vendors) body += cell(one["questions"].at(i));
        body += "</tr>";
    }
    body += "</tbody></table></div>";
    return report::html_page("Vendors side by side", "vendors", kVersion, body);
}

}  // namespace bartizan::program
