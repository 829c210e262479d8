#include "registers/budget.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/json_fields.h"

namespace bartizan::registers {
namespace {

using governance::Newest;
using governance::State;

std::string budget_key(const std::string& project, const std::string& period) { return project + "/" + period; }

Json body_of(const BudgetLine& line) {
    return {{"project", line.project},   {"period", line.period},     {"name", line.name},
            {"category", line.category}, {"currency", line.currency}, {"planned", line.planned},
            {"spent", line.spent},       {"security", line.security}, {"capabilities", line.capabilities},
            {"note", line.note}};
}

Result<BudgetLine> line_of(const Json& body) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, "budget"));
    return BudgetLine{.project = BARTIZAN_TRY(fields.text("project")),
                      .period = BARTIZAN_TRY(fields.text("period")),
                      .name = BARTIZAN_TRY(fields.text("name")),
                      .category = BARTIZAN_TRY(fields.text("category")),
                      .currency = BARTIZAN_TRY(fields.text("currency")),
                      .planned = BARTIZAN_TRY(fields.integer("planned", 0, kMostMoney)),
                      .spent = BARTIZAN_TRY(fields.integer("spent", 0, kMostMoney)),
                      .security = BARTIZAN_TRY(fields.integer("security", 0, 100)),
                      .capabilities = BARTIZAN_TRY(fields.texts_or_none("capabilities")),
                      .note = BARTIZAN_TRY(fields.text_or("note", "", 2000))};
}

Result<void> count(Share& share, std::int64_t amount, std::int64_t percent) {
    share.all = BARTIZAN_TRY(checked_sum(share.all, amount));
    share.weighted = BARTIZAN_TRY(checked_sum(share.weighted, BARTIZAN_TRY(checked_product(amount, percent))));
    BARTIZAN_TRY(checked_product(share.all, 100));  // what the bands compare fits, too
    return {};
}

Result<void> count(BudgetView& view, const BudgetLine& line) {
    BARTIZAN_TRY(count(view.planned, line.planned, line.security));
    BARTIZAN_TRY(count(view.spent, line.spent, line.security));
    return count(view.by_category[line.category], line.spent, line.security);
}

bool runs(const std::string& period, std::int64_t now) {
    const auto span = period_of(period);
    return span.ok() && span->from <= now && now < span->to;
}

}  // namespace

Result<BudgetView> Budget::put(const std::string& actor, const BudgetLine& line) {
    auto there = BARTIZAN_TRY(list(line.project, line.period));
    BudgetView whole{.project = line.project, .period = line.period, .currency = line.currency};
    if (!there.empty()) {
        for (const BudgetLine& other : there[0].lines) {
            if (other.name == line.name) continue;
            if (other.currency != line.currency)
                return Error(Errc::conflict,
                             fmt::format("{} {} is kept in {}", line.project, line.period, other.currency),
                             "one currency for a project and period");
            BARTIZAN_TRY(count(whole, other));
        }
    }
    BARTIZAN_TRY(count(whole, line));  // before it is stored: what cannot be summed up is refused
    const std::string id = budget_key(line.project, line.period) + "/" + line.name;
    BARTIZAN_TRY(lines_.put(actor, id, "budget.line", [&](const Json*) -> Result<Json> { return body_of(line); }));
    there = BARTIZAN_TRY(list(line.project, line.period));
    return there.at(0);
}

Result<void> Budget::remove(const std::string& actor, const std::string& project, const std::string& period,
                            const std::string& name) {
    return lines_.remove(actor, budget_key(project, period) + "/" + name, "budget.remove");
}

Result<BudgetView> Budget::waive(const std::string& actor, const std::string& project, const std::string& period,
                                 const std::string& owner, const std::string& reason, std::int64_t expires) {
    if (BARTIZAN_TRY(list(project, period)).empty())
        return Error(Errc::not_found, fmt::format("there is no budget of '{}' for {}", project.substr(0, 80), period));
    const Leave leave{owner, actor, reason, lines_.now(), expires};
    BARTIZAN_TRY(check_leave(leave, lines_.now()));
    BARTIZAN_TRY(waivers_.put(actor, budget_key(project, period), "budget.waive",
                              [&](const Json*) -> Result<Json> { return to_json(leave, lines_.now()); }));
    return BARTIZAN_TRY(list(project, period)).at(0);
}

Result<std::vector<BudgetView>> Budget::list(const std::string& project, const std::string& period) {
    std::map<std::string, BudgetView> found;
    for (const Record& record : BARTIZAN_TRY(lines_.all())) {
        BudgetLine line = BARTIZAN_TRY_WITHIN(line_of(record.body), record.id);
        if ((!project.empty() && line.project != project) || (!period.empty() && line.period != period)) continue;
        BudgetView& view = found[budget_key(line.project, line.period)];
        view.project = line.project;
        view.period = line.period;
        view.currency = line.currency;
        BARTIZAN_TRY(count(view, line));
        view.lines.push_back(std::move(line));
    }
    for (const Record& record : BARTIZAN_TRY(waivers_.all()))
        if (const auto view = found.find(record.id); view != found.end()) view->second.waiver = leave_of(record.body);
    std::vector<BudgetView> out;
    for (auto& [key, view] : found) out.push_back(std::move(view));
    std::ranges::stable_sort(out, [](const BudgetView& a, const BudgetView& b) {
        return a.project != b.project ? a.project < b.project : a.period > b.period;
    });
    return out;
}

/// Capabilities of which a check has evidence that passed and holds, about anything that is asked.
Result<std::vector<std::string>> Budget::shown_capabilities() {
    BARTIZAN_TRY(governance_.book().refresh());
    const auto subjects = BARTIZAN_TRY(governance_.inventory().subjects());
    const auto& framework = governance_.framework();
    std::set<std::size_t> shown;
    const governance::EvidenceBook::Reader reader(governance_.book());
    for (const governance::Subject& subject : *subjects)
        for (const Newest& one : reader.of(subject.digest)) {
            const State state = governance::state_of(&one, lines_.now());
            if (one.check < framework.checks().size() && (state == State::met || state == State::attested))
                shown.insert(framework.checks()[one.check].capability);
        }
    std::vector<std::string> out;
    for (const std::size_t at : shown) out.push_back(framework.capabilities()[at].id);
    return out;
}

Result<Budget::Mismatch> Budget::mismatch() {
    std::set<std::string> paid;
    for (const BudgetView& view : BARTIZAN_TRY(list())) {
        if (!runs(view.period, lines_.now())) continue;
        for (const BudgetLine& line : view.lines)
            if (line.security > 0 && (line.planned > 0 || line.spent > 0))
                paid.insert(line.capabilities.begin(), line.capabilities.end());
    }
    const auto list = BARTIZAN_TRY(shown_capabilities());
    const std::set<std::string> shown(list.begin(), list.end());
    Mismatch out;
    std::ranges::set_difference(paid, shown, std::back_inserter(out.money_without_evidence));
    std::ranges::set_difference(shown, paid, std::back_inserter(out.evidence_without_money));
    return out;
}

Result<Worth> Budget::worth_of(const std::string& capability, const std::map<std::string, double>& before) {
    const auto& framework = governance_.framework();
    const auto found = std::ranges::find(framework.capabilities(), capability, &governance::Capability::id);
    if (found == framework.capabilities().end())
        return Error(Errc::not_found, "there is no capability '" + capability.substr(0, 40) + "'",
                     "bartizan control checks");
    Worth out{.capability = capability, .title = found->title, .currency = {}};
    std::vector<std::string> checks;
    for (const std::size_t at : found->checks) checks.push_back(framework.checks()[at].id);
    for (const auto& [risk, after] : BARTIZAN_TRY(risks_.supposing(checks))) {
        const auto was = before.find(risk);
        if (was == before.end() || was->second - after < 1e-9) continue;
        out.reduction += was->second - after;
        ++out.risks;
    }
    return out;
}

Result<std::vector<Worth>> Budget::worth(const std::string& project, const std::string& period,
                                         const std::string& capability, std::int64_t cost,
                                         const std::string& currency) {
    const auto before = BARTIZAN_TRY(risks_.supposing({}));
    std::vector<Worth> out;
    if (!capability.empty()) {
        out.push_back(BARTIZAN_TRY(worth_of(capability, before)));
        out[0].cost = cost;
        out[0].currency = currency;
        return out;
    }
    std::map<std::pair<std::string, std::string>, std::int64_t> costs;  // by capability and currency
    for (const BudgetView& view : BARTIZAN_TRY(list(project, period)))
        for (const BudgetLine& line : view.lines)
            for (const std::string& one : line.capabilities) {
                std::int64_t& sum = costs[{one, line.currency}];
                sum = BARTIZAN_TRY(checked_sum(sum, std::max<std::int64_t>(0, line.planned - line.spent)));
            }
    for (const auto& [key, sum] : costs) {
        out.push_back(BARTIZAN_TRY(worth_of(key.first, before)));
        out.back().cost = sum;
        out.back().currency = key.second;
    }
    // What costs nothing more comes first; then by reduction per cost, compared without a division.
    std::ranges::stable_sort(out, [](const Worth& a, const Worth& b) {
        return a.reduction * static_cast<double>(b.cost) > b.reduction * static_cast<double>(a.cost);
    });
    return out;
}

Result<std::optional<Standing>> Budget::standing() {
    const auto all = BARTIZAN_TRY(list());
    if (all.empty()) return std::optional<Standing>();
    const std::int64_t now = lines_.now();
    Standing out{.check = "budget.share"};
    std::size_t running = 0, below = 0, idle = 0;
    std::int64_t until = INT64_MAX;
    for (const BudgetView& view : all) {
        if (!runs(view.period, now)) continue;
        ++running;
        const std::string state = view.state(now);
        below += state == "below";
        idle += state == "nothing spent";
        until = std::min(until, BARTIZAN_TRY(period_of(view.period)).to);
        if (state == "below, waived") until = std::min(until, view.waiver.expires);
    }
    if (below > 0) {
        out.verdict = governance::Verdict::fail;
        out.summary =
            fmt::format("{} of {} running budgets lie below {} % without a waiver", below, running, kLowShare);
    } else if (running == 0 || idle > 0) {
        out.summary =
            running == 0 ? "no budget runs" : fmt::format("{} of {} running budgets show nothing spent", idle, running);
    } else {
        out.verdict = governance::Verdict::pass;
        out.expires = until;
        out.summary = fmt::format("{} running budgets at {} % or above, or waived", running, kLowShare);
    }
    return std::optional(out);
}

Result<std::vector<DueDate>> Budget::dates() {
    std::vector<DueDate> out;
    for (const BudgetView& view : BARTIZAN_TRY(list()))
        if (!view.waiver.by.empty())
            out.push_back({.uid = fmt::format("budget-{}-{}@bartizan", view.project, view.period),
                           .at = view.waiver.expires,
                           .title = fmt::format("waiver of the budget of {} {} ends", view.project, view.period),
                           .text = view.waiver.reason,
                           .category = "budget"});
    return out;
}

}  // namespace bartizan::registers
