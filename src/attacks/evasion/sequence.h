#pragma once
/// Several attacks as one: each works on what those before it have left. Restarts, target classes and ensembles are
/// all of this form. The runner runs the parts as stages; `craft` does the same on one thread.

#include <memory>
#include <vector>

#include "attacks/attack.h"

namespace bartizan::attacks::evasion {

std::unique_ptr<Attack> make_sequence(std::vector<std::unique_ptr<Attack>> parts);

}  // namespace bartizan::attacks::evasion
