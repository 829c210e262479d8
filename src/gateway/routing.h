#pragma once
/// Which versions there are to ask, as one immutable snapshot of the registry: what every inference is routed by.
/// Thread rule: immutable once loaded; shared between threads.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "registry/registry.h"

namespace bartizan::gateway {

struct ServedVersion {
    registry::VersionId id;
    std::string file_name;
    std::optional<registry::InputRange> input_range;
    bool quarantined = false;
    bool malicious = false;  ///< its scan says so: nobody runs it
};

struct ServedModel {
    std::map<std::int64_t, ServedVersion> versions;
    std::int64_t production = 0;
    std::int64_t candidate = 0;
    std::int64_t previous = 0;  ///< where a rollback leads: kept warm
};

class Routing {
public:
    static Result<std::shared_ptr<const Routing>> load(registry::Registry& registry, std::int64_t epoch);

    std::int64_t epoch() const { return epoch_; }
    const ServedModel* model(const std::string& name) const;
    const ServedVersion* version(const registry::VersionId& id) const;
    const std::map<std::string, ServedModel>& models() const { return models_; }
    /// Versions whose workers run before anybody asks: in production first, then where rollbacks lead.
    std::vector<registry::VersionId> warm() const;

private:
    std::int64_t epoch_ = 0;
    std::map<std::string, ServedModel> models_;
};
using RoutingPointer = std::shared_ptr<const Routing>;

}  // namespace bartizan::gateway
