#pragma once
/// The inventory: assets of the registry with what people say about them, and the versions that requirements are asked
/// of: the one in production, or else the newest. Thread rule: all members may be called from any thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "core/json.h"
#include "governance/states.h"
#include "journal/journal.h"

namespace bartizan::governance {

/// Empty, and criticality 0, mean that nobody answered.
struct Profile {
    std::string asset = {};  ///< "model:fashion", "data:clothes"; also "service:shop", "vendor:acme", of no registry
    std::string owner = {};
    std::string purpose = {};      ///< what it is for, and what it decides
    std::int64_t criticality = 0;  ///< 1 (little) to 5
    std::string exposure = {};     ///< "public", "partner", "internal", "offline"
    std::string modality = {};     ///< "image", "text", "tabular", "audio", "other"
    std::string sector = {};       ///< "health", "finance", "automotive", "general"
    std::string vendor = {};       ///< who supplied it, by the name of the vendor's record; empty: made here
    std::vector<std::string> data_classes = {};  ///< "personal", "health", "payment" ...
    std::string risk_class = {};                 ///< of the EU AI Act: "prohibited", "high", "limited", "minimal"
    std::int64_t changed = 0;
    std::string changed_by = {};
};
Json to_json(const Profile& profile);
/// Fails with `invalid_input`.
Result<Profile> read_profile(const Json& json, std::string asset);

class Inventory final {
public:
    using Clock = std::function<std::int64_t()>;
    Inventory(journal::Journal& journal, Clock clock) : journal_(journal), clock_(std::move(clock)) {}

    /// Fails with `not_found` when the registry has no such model or data set.
    Result<Profile> put(const std::string& actor, Profile profile);
    /// Of an asset that nobody described: empty.
    Result<Profile> profile(const std::string& asset);
    Result<std::vector<Profile>> profiles();
    /// By name, the organisation last.
    Result<std::shared_ptr<const std::vector<Subject>>> subjects();
    /// Edges of the lineage graph as JSON: {"from": "data:x@1", "relation": "trained_on", "to": "model:m@2"}.
    Result<Json> lineage();

private:
    journal::Journal& journal_;
    Clock clock_;
    std::mutex mutex_;
    std::string stamp_;  ///< of what `subjects_` was read from
    std::shared_ptr<const std::vector<Subject>> subjects_;
};

}  // namespace bartizan::governance
