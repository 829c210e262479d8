#include "apps/engine/epochs.h"

namespace bartizan::engine {

Json epochs_json(const training::Outcome& outcome) {
    Json epochs = Json::array();
    for (const training::Epoch& epoch : outcome.epochs) {
        Json one = {{"epoch", epoch.number},
                    {"loss", epoch.loss},
                    {"validation_accuracy", epoch.validation_accuracy},
                    {"seconds", epoch.seconds}};
        if (epoch.validation_robust_accuracy) one["validation_robust_accuracy"] = *epoch.validation_robust_accuracy;
        epochs.push_back(std::move(one));
    }
    return epochs;
}

}  // namespace bartizan::engine
