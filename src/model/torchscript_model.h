#pragma once
/// `Model` over a TorchScript archive. TorchScript is code: loading and running it executes the archive's program in
/// LibTorch's interpreter. Scan a file from elsewhere before it is loaded. Internal to `model`.

#include <filesystem>
#include <memory>

#include "model/model.h"

namespace bartizan::model {

/// Fails with `invalid_input` if the archive cannot be read.
Result<std::unique_ptr<Model>> load_torchscript(const std::filesystem::path& path);

}  // namespace bartizan::model
