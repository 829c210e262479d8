#pragma once
/// The epochs of a training, as `train` and `harden` tell them in JSON.

#include "core/json.h"
#include "training/trainer.h"

namespace bartizan::engine {

Json epochs_json(const training::Outcome& outcome);

}  // namespace bartizan::engine
