#pragma once
/// Everything that documents say of one asset, gathered once, so that all documents of one moment agree.
/// Thread rule: plain values; `gather` may be called from any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "governance/governance.h"
#include "incident/cases.h"
#include "registry/registry.h"

namespace bartizan::documents {

/// Where facts come from. All must outlive the call; `cases` may be null: nobody answers incidents here.
struct Sources {
    governance::Governance& governance;
    registry::Registry& registry;
    incident::Cases* cases = nullptr;
    std::string log;           ///< the name of the ledger: it tells installations apart
    std::string organisation;  ///< who runs the service; empty: not told
};

struct Question {
    std::string asset;        ///< "model:fashion", "data:clothes", "organisation"
    std::int64_t number = 0;  ///< of a version; 0: the one that requirements are asked of
    std::string scheme = {};  ///< of one catalogue alone; empty: all
};

struct Facts {
    const governance::Framework* framework = nullptr;
    governance::Standing standing;
    governance::Profile profile;
    std::optional<registry::Version> version;  ///< nothing: it is about the organisation
    std::string asked_version;                 ///< which version requirements are asked of: "model:fashion@4"
    std::vector<registry::VersionId> made_from_it;
    std::vector<incident::Incident> incidents;  ///< that name the asset and are not dismissed, newest first
    std::string log, organisation;

    std::int64_t now() const { return standing.at; }
    const std::string& subject() const { return standing.subject.name; }
    /// The newest evidence of a check; null: there is none.
    const governance::Evidence* evidence_of(std::string_view check) const;
    /// Checks that are asked of it, in the order of the framework.
    std::vector<std::size_t> checks() const;
    const governance::Requirement& requirement(const governance::Standing::Asked& asked) const {
        return framework->requirements()[asked.requirement];
    }
};

/// Fails with `not_found` for an asset or version that is none, `invalid_input` for a name that cannot be one.
Result<Facts> gather(const Sources& sources, const Question& question);

/// A UUID that follows from the installation, the kind of a thing and its name.
std::string uuid_of(const Facts& facts, std::string_view kind, std::string_view name);

/// What stands behind a state, as "evidence ev-...: fail, 0.41 (0.38 to 0.44), n = 1000".
std::string evidence_line(const governance::Evidence& evidence);
/// "0.412 (0.381 to 0.443), n = 1000"; empty: there is no number.
std::string value_text(const governance::Evidence& evidence);

/// Of names in this program's own vocabulary, wherever a format asks for one.
inline constexpr std::string_view kNamespace = "https://github.com/bartizan/bartizan/ns";

}  // namespace bartizan::documents
