#pragma once
/// The risk register: a threat to an asset, with its scores made from the inventory and from evidence whenever somebody
/// asks. People write words (title, owner, harms with a reason each, treatment); nobody writes a score. A change of
/// band is an entry of the ledger that names the evidence that caused it. Thread rule: all members may be called from
/// any thread.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "governance/governance.h"
#include "registers/records.h"
#include "registers/threats.h"

namespace bartizan::registers {

struct Harm {
    std::string axis = {};  ///< of `kAxes`
    std::int64_t level = 5;
    std::string reason = {};
};

/// One check that bears on a risk, now.
struct ControlNow {
    std::string check = {};
    governance::State state = governance::State::unknown;
    std::string evidence = {};  ///< its id; empty: there is none
    double effect = 0;          ///< 0 unless it passed and holds
    double if_fresh = 0;        ///< the same if nothing had expired
};

/// Everything that is derived about a risk.
struct Scored {
    bool applies = true;  ///< false: the asset is gone, or is of another modality
    Chance chance;
    double likelihood = 5;
    std::vector<Harm> harms;
    std::int64_t impact = 5;
    std::vector<ControlNow> controls;
    bool independent = false;
    double effect = 0, effect_if_fresh = 0;

    double inherent() const { return likelihood * static_cast<double>(impact); }
    double residual() const { return registers::residual(likelihood, effect) * static_cast<double>(impact); }
    double if_fresh() const { return registers::residual(likelihood, effect_if_fresh) * static_cast<double>(impact); }
    Band band() const { return band_of(residual()); }
};

/// What people wrote, and the band that was told last.
struct Risk {
    std::string id = {};  ///< "R-1"
    std::string asset = {}, threat = {}, title = {}, statement = {}, owner = {};
    std::string treatment = {};    ///< "avoid", "mitigate", "transfer", "share", "accept"; empty: nobody decided
    std::vector<Harm> harms = {};  ///< judged by people, in place of what the inventory says
    std::string independent = {};  ///< why the controls do not fail together; empty: they may
    Leave acceptance = {};
    std::string accepted_band = {};
    std::string band = {};
    Json basis = Json::object();   ///< check: {evidence, effect} when `band` was told
    Json changes = Json::array();  ///< of the band, the newest last
    std::int64_t changed = 0;
    std::string changed_by = {};
};

struct RiskView {
    Risk risk;
    Scored scored;
    /// "accepted", "acceptance expired", "outgrown" (the band is above the accepted one), "treated", "open".
    std::string state(std::int64_t now) const;
};
Json to_json(const RiskView& view, const Threats& threats, std::int64_t now);

/// What a caller may say. Empty members stay as they are.
struct RiskWords {
    std::optional<std::string> title = {}, statement = {}, owner = {}, treatment = {}, independent = {};
    std::vector<Harm> harms = {};
};
/// Fails with `invalid_input`; a score or a band among the members is refused.
Result<RiskWords> read_risk_words(const Json& json);

class Risks final {
public:
    Risks(journal::Journal& journal, governance::Governance& governance, Threats threats, Clock clock)
        : governance_(governance), threats_(std::move(threats)), records_(journal, "risk", std::move(clock)) {}

    /// The threats that concern an asset, as risks; those that are there stay as they are. Fails with `not_found`.
    Result<std::vector<RiskView>> derive(const std::string& actor, const std::string& asset);
    /// The worst first. Empty: of all assets.
    Result<std::vector<RiskView>> list(const std::string& asset = {});
    Result<RiskView> find(const std::string& id);
    Result<RiskView> set(const std::string& actor, const std::string& id, const RiskWords& words);
    /// Until `expires`, and for the band that it has now. Fails as `check_leave` does.
    Result<RiskView> accept(const std::string& actor, const std::string& id, const std::string& reason,
                            std::int64_t expires);
    /// Tells every band that changed since it was told last; gives their views.
    Result<std::vector<RiskView>> settle(const std::string& actor);
    /// The score of every risk if the checks in `checks` passed now at the most that they count for.
    Result<std::map<std::string, double>> supposing(const std::vector<std::string>& checks);

    const Threats& threats() const { return threats_; }

private:
    struct Known;  ///< the assets and what is said of them, at one time
    Result<Known> known();
    Result<Scored> score(const Risk& risk, const Known& known, const std::vector<std::string>* supposed = nullptr);
    Result<ControlNow> control(const CheckEffect& effect, const std::string& digest, std::int64_t now);
    Result<RiskView> view(const Record& record, const Known& known);
    Result<void> tell(const std::string& actor, RiskView& view);

    governance::Governance& governance_;
    Threats threats_;
    Records records_;
    std::mutex mutex_;
    std::unordered_map<std::int64_t, governance::Evidence> seen_;  ///< by number: evidence never changes
};

}  // namespace bartizan::registers
