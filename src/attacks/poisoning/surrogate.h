#pragma once
/// A model like the one that is to be misled: what poison is crafted on.
/// Thread rule: gradient matching changes which of the weights ask for gradients: one job at a time.

#include <memory>

#include "data/input_contract.h"
#include "model/classifier.h"
#include "model/model.h"

namespace bartizan::attacks {

struct Surrogate {
    std::shared_ptr<model::Model> model;
    std::shared_ptr<const model::Classifier> classifier;  ///< over `model`, for the items of the data
    data::InputContract contract;
};

}  // namespace bartizan::attacks
