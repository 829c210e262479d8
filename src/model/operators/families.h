#pragma once
/// The operator families. Each is one file that offers a table; catalog.cpp lists them all.

#include <span>

#include "model/kernel.h"

namespace bartizan::model::operators {

}  // namespace bartizan::model::operators
