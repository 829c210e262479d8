#include "gateway/routing.h"

namespace bartizan::gateway {

Result<RoutingPointer> Routing::load(registry::Registry& registry, std::int64_t epoch) {
    auto out = std::make_shared<Routing>();
    out->epoch_ = epoch;
    for (const registry::AssetState& asset : BARTIZAN_TRY(registry.assets(registry::Kind::model))) {
        ServedModel& model = out->models_[asset.id.name];
        model.production = asset.alias(registry::kProduction);
        model.candidate = asset.alias(registry::kCandidate);
        model.previous = asset.previous;
        for (const registry::Version& version : BARTIZAN_TRY(registry.versions(asset.id))) {
            if (version.removed) continue;
            const registry::Check* scan = version.check("scan");
            model.versions[version.id.number] = {version.id, version.file_name, version.input_range,
                                                 version.quarantine.has_value(),
                                                 scan != nullptr && scan->verdict == "malicious"};
        }
    }
    return RoutingPointer(std::move(out));
}

const ServedModel* Routing::model(const std::string& name) const {
    const auto found = models_.find(name);
    return found == models_.end() ? nullptr : &found->second;
}

const ServedVersion* Routing::version(const registry::VersionId& id) const {
    const ServedModel* model = this->model(id.asset.name);
    if (model == nullptr) return nullptr;
    const auto found = model->versions.find(id.number);
    return found == model->versions.end() ? nullptr : &found->second;
}

std::vector<registry::VersionId> Routing::warm() const {
    std::vector<registry::VersionId> out;
    for (std::int64_t ServedModel::*which : {&ServedModel::production, &ServedModel::previous})
        for (const auto& [name, model] : models_) {
            const auto found = model.versions.find(model.*which);
            const bool runs = found != model.versions.end() && !found->second.quarantined && !found->second.malicious;
            if (runs) out.push_back(found->second.id);
        }
    return out;
}

}  // namespace bartizan::gateway
