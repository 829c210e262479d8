#pragma once
/// What of the money for AI goes into its security: lines by project and period, planned and spent, each with the share
/// that is security and the capabilities that it pays for. The share of a project and period,
///   sum(spent x share of the line) / sum(spent),
/// lies below, in or above 10 to 15 %; below needs a waiver that ends. No public standard states that figure: it is a
/// rule of thumb (DORA, Art. 5(2)(g), and SP 800-53 PM-3 ask that there is a budget and that it is reviewed). Thread
/// rule: all members may be called from any thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "governance/governance.h"
#include "registers/calendar.h"
#include "registers/money.h"
#include "registers/risks.h"
#include "registers/standing.h"

namespace bartizan::registers {

struct BudgetLine {
    std::string project = {};
    std::string period = {};  ///< "2026", "2026-H1", "2026-Q3", "2026-07"
    std::string name = {};
    std::string category = {};  ///< of `kCategories`
    std::string currency = {};
    std::int64_t planned = 0, spent = 0;  ///< smallest units
    std::int64_t security = 0;            ///< percent of the line, 0 to 100
    std::vector<std::string> capabilities = {};
    std::string note = {};
};
inline constexpr std::string_view kCategories[] = {"people",   "tools",   "testing", "infrastructure",
                                                   "training", "vendors", "other"};
/// Amounts are texts: "1200.50". Fails with `invalid_input`.
Result<BudgetLine> read_budget_line(const Json& json, const governance::Framework& framework);

/// Seconds since 1970: [from, to). Fails with `invalid_input`.
struct Period {
    std::int64_t from = 0, to = 0;
};
Result<Period> period_of(const std::string& text);

/// Whole numbers: no share is a fraction in binary.
struct Share {
    std::int64_t all = 0;       ///< smallest units
    std::int64_t weighted = 0;  ///< smallest units times percent
    /// Hundredths of a percent, rounded down; nothing where there is no money.
    std::optional<std::int64_t> basis_points() const;
    /// "below", "in", "above", or "none": there is no money.
    std::string_view band() const;
};
inline constexpr std::int64_t kLowShare = 10, kHighShare = 15;  // percent

struct BudgetView {
    std::string project = {}, period = {}, currency = {};
    std::vector<BudgetLine> lines = {};
    Share planned = {}, spent = {};
    std::map<std::string, Share> by_category = {};  ///< of what was spent
    Leave waiver = {};
    /// "in band", "above", "below", "below, waived", "nothing spent".
    std::string state(std::int64_t now) const;
};
Json to_json(const BudgetView& view, std::int64_t now);

/// What a capability's checks would take off the risks if they passed, against what is still to be spent on it.
struct Worth {
    std::string capability, title;
    double reduction = 0;   ///< of the sum of residual scores
    std::int64_t cost = 0;  ///< smallest units
    std::string currency;
    std::size_t risks = 0;  ///< how many it lowers
};

class Budget final {
public:
    Budget(journal::Journal& journal, governance::Governance& governance, Risks& risks, Clock clock)
        : governance_(governance),
          risks_(risks),
          lines_(journal, "budget", clock),
          waivers_(journal, "budget-waiver", clock) {}

    /// Fails with `conflict` when the project has lines in another currency for that period.
    Result<BudgetView> put(const std::string& actor, const BudgetLine& line);
    Result<void> remove(const std::string& actor, const std::string& project, const std::string& period,
                        const std::string& name);
    /// Fails as `check_leave` does, and with `not_found` when there is no such budget.
    Result<BudgetView> waive(const std::string& actor, const std::string& project, const std::string& period,
                             const std::string& owner, const std::string& reason, std::int64_t expires);
    /// By project, the newest period first. Empty: all.
    Result<std::vector<BudgetView>> list(const std::string& project = {}, const std::string& period = {});
    /// Capabilities that lines of running periods pay for without any evidence that holds, and the other way round.
    struct Mismatch {
        std::vector<std::string> money_without_evidence, evidence_without_money;
    };
    Result<Mismatch> mismatch();
    /// The most per cost first. With a capability: that one, at this cost.
    Result<std::vector<Worth>> worth(const std::string& project, const std::string& period,
                                     const std::string& capability, std::int64_t cost, const std::string& currency);
    /// "budget.share" of the organisation.
    Result<std::optional<Standing>> standing();
    Result<std::vector<DueDate>> dates();

    const governance::Framework& framework() const { return governance_.framework(); }

private:
    Result<std::vector<std::string>> shown_capabilities();
    Result<Worth> worth_of(const std::string& capability, const std::map<std::string, double>& before);

    governance::Governance& governance_;
    Risks& risks_;
    Records lines_, waivers_;
};

}  // namespace bartizan::registers
