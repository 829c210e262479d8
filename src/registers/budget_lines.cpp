/// Lines of a budget and their shares: plain values.
#include <algorithm>
#include <charconv>
#include <ctime>

#include <fmt/format.h>

#include "core/json_fields.h"
#include "registers/budget.h"

namespace bartizan::registers {
namespace {

/// Midnight, UTC, of the first day of a month counted from January.
std::int64_t month_begin(int year, int month) {
    std::tm day{};
    day.tm_year = year - 1900;
    day.tm_mon = month;  // timegm carries
    day.tm_mday = 1;
    return static_cast<std::int64_t>(::timegm(&day));
}

/// -1 when it is no number of so many digits.
int number(std::string_view text, std::size_t digits) {
    int out = -1;
    const auto done = std::from_chars(text.data(), text.data() + text.size(), out);
    return text.size() == digits && done.ptr == text.data() + text.size() && out >= 0 ? out : -1;
}

Json share_json(const Share& share, const std::string& currency) {
    const auto points = share.basis_points();
    return {{"minor", share.all},
            {"text", money_text(share.all, currency)},
            {"security_minor", share.weighted / 100},
            {"security_text", money_text(share.weighted / 100, currency)},
            {"share_basis_points", points ? Json(*points) : Json()},
            {"band", share.band()}};
}

}  // namespace

Result<Period> period_of(const std::string& text) {
    const int year = number(std::string_view(text).substr(0, 4), 4);
    const std::string_view rest = text.size() > 4 ? std::string_view(text).substr(4) : std::string_view();
    const Error wrong =
        invalid_input("period: '" + text.substr(0, 20) + "' is none", "2026, 2026-H1, 2026-Q3 or 2026-07");
    if (year < 1970 || year > 2999) return wrong;
    if (rest.empty()) return Period{month_begin(year, 0), month_begin(year, 12)};
    if (rest.size() == 3 && rest[0] == '-' && (rest[1] == 'Q' || rest[1] == 'H')) {
        const int months = rest[1] == 'Q' ? 3 : 6, which = rest[2] - '0';
        if (which < 1 || which > 12 / months) return wrong;
        return Period{month_begin(year, (which - 1) * months), month_begin(year, which * months)};
    }
    const int month = rest.size() == 3 && rest[0] == '-' ? number(rest.substr(1), 2) : -1;
    if (month < 1 || month > 12) return wrong;
    return Period{month_begin(year, month - 1), month_begin(year, month)};
}

Result<BudgetLine> read_budget_line(const Json& json, const governance::Framework& framework) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, ""));
    BARTIZAN_TRY(fields.only(
        {"project", "period", "name", "category", "currency", "planned", "spent", "security", "capabilities", "note"}));
    BudgetLine out{.project = BARTIZAN_TRY(fields.text("project", 80)),
                   .period = BARTIZAN_TRY(fields.text("period", 20)),
                   .name = BARTIZAN_TRY(fields.text("name", 80)),
                   .category = BARTIZAN_TRY(fields.text_or("category", "other")),
                   .currency = BARTIZAN_TRY(fields.text("currency", 3)),
                   .capabilities = BARTIZAN_TRY(fields.texts_or_none("capabilities", governance::kMostCapabilities)),
                   .note = BARTIZAN_TRY(fields.text_or("note", "", 2000))};
    BARTIZAN_TRY(check_name("project", out.project));
    BARTIZAN_TRY(check_name("name", out.name));
    BARTIZAN_TRY(period_of(out.period));
    if (std::ranges::find(kCategories, out.category) == std::end(kCategories))
        return fields.fault("category", "expected people, tools, testing, infrastructure, training, vendors or other");
    out.planned =
        BARTIZAN_TRY_WITHIN(parse_money(BARTIZAN_TRY(fields.text_or("planned", "0")), out.currency), "planned");
    out.spent = BARTIZAN_TRY_WITHIN(parse_money(BARTIZAN_TRY(fields.text_or("spent", "0")), out.currency), "spent");
    out.security = BARTIZAN_TRY(fields.integer("security", 0, 100));
    for (const std::string& one : out.capabilities)
        if (std::ranges::find(framework.capabilities(), one, &governance::Capability::id) ==
            framework.capabilities().end())
            return Error(Errc::invalid_input, "capabilities: there is no capability '" + one.substr(0, 40) + "'",
                         "bartizan control checks");
    return out;
}

std::optional<std::int64_t> Share::basis_points() const {
    if (all == 0) return {};
    return weighted / all * 100 + weighted % all * 100 / all;
}

std::string_view Share::band() const {
    if (all == 0) return "none";
    if (weighted < kLowShare * all) return "below";
    return weighted > kHighShare * all ? "above" : "in";
}

std::string BudgetView::state(std::int64_t now) const {
    const std::string_view band = spent.band();
    if (band == "none") return "nothing spent";
    if (band != "below") return band == "in" ? "in band" : "above";
    return waiver.holds(now) ? "below, waived" : "below";
}

Json to_json(const BudgetView& view, std::int64_t now) {
    Json lines = Json::array(), categories = Json::object();
    for (const BudgetLine& one : view.lines)
        lines.push_back({{"name", one.name},
                         {"category", one.category},
                         {"planned", {{"minor", one.planned}, {"text", money_text(one.planned, one.currency)}}},
                         {"spent", {{"minor", one.spent}, {"text", money_text(one.spent, one.currency)}}},
                         {"security", one.security},
                         {"capabilities", one.capabilities},
                         {"note", one.note}});
    for (const auto& [name, share] : view.by_category) categories[name] = share_json(share, view.currency);
    return {{"project", view.project},
            {"period", view.period},
            {"currency", view.currency},
            {"state", view.state(now)},
            {"planned", share_json(view.planned, view.currency)},
            {"spent", share_json(view.spent, view.currency)},
            {"by_category", categories},
            {"waiver", view.waiver.by.empty() ? Json() : to_json(view.waiver, now)},
            {"lines", lines}};
}

}  // namespace bartizan::registers
