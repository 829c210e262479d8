#pragma once
/// What Keras itself has: modules whose classes a configuration may name, and functions of it that reach files.
/// Thread rule: pure functions.

#include <string_view>

namespace bartizan::scan {

bool is_keras_module(std::string_view module);
/// "Sequential", "Functional", "Model": the top of an architecture.
bool is_keras_model(std::string_view class_name);
/// A layer, initializer, regularizer, constraint, optimizer, loss or metric of Keras.
bool is_keras_class(std::string_view class_name);
/// Functions and classes of Keras that read, fetch or unpack files, or turn protections off.
bool is_keras_gadget(std::string_view name);

}  // namespace bartizan::scan
