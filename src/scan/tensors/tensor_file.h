#pragma once
/// A file opened for its tensors: safetensors, GGUF, ONNX, npy, npz, torch checkpoints (zip and legacy). It is judged
/// in the same pass, so that nobody takes tensors out of a file without hearing what else is in it. Thread rule:
/// immutable once opened.

#include <filesystem>
#include <memory>
#include <vector>

#include "bartizan/result.h"
#include "scan/input.h"
#include "scan/tensors/tensor.h"
#include "scan/verdict.h"

namespace bartizan::scan {

class TensorFile {
public:
    /// Fails as `Input::open` does. A file of another kind has no tensors.
    static Result<TensorFile> open(const std::filesystem::path& path);

    const std::vector<StoredTensor>& tensors() const { return collector_->tensors; }  ///< in the file's own order
    const std::vector<LeftOut>& left_out() const { return collector_->left_out; }
    const FileResult& judged() const { return judged_; }

private:
    TensorFile(std::unique_ptr<Input> input, std::unique_ptr<TensorCollector> collector, FileResult judged)
        : input_(std::move(input)), collector_(std::move(collector)), judged_(std::move(judged)) {}

    std::unique_ptr<Input> input_;
    std::unique_ptr<TensorCollector> collector_;
    FileResult judged_;
};

}  // namespace bartizan::scan
