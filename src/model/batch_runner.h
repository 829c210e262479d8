#pragma once
/// Runs a model on batches of any size, whatever batch its file insists on. Internal to `model`.
/// Thread rule: `run` may be called from several threads at once once `prepare` has returned.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "bartizan/result.h"
#include "model/input_adapter.h"
#include "model/model.h"

namespace bartizan::model {

class BatchRunner {
public:
    BatchRunner(std::shared_ptr<const Model> model, InputAdapter input)
        : model_(std::move(model)), input_(std::move(input)) {}

    /// Finds out how to run more rows than the file allows. Models exported with a batch of 1 often run with any,
    /// sometimes after their reshapes are widened (batch_widening.h): that is done if the rows of `trial` get the same
    /// answers together and apart. Else batches are run in pieces of the file's size, the last one padded.
    Result<void> prepare(const at::Tensor& trial);

    /// All outputs of the model for `x` [n, item shape] in data units.
    Result<std::vector<at::Tensor>> run(const at::Tensor& x, Mode mode) const;

    /// Rows in a piece; 0: batches are run whole.
    std::int64_t piece() const { return piece_; }
    const std::shared_ptr<const Model>& model() const { return model_; }
    const InputAdapter& input() const { return input_; }
    /// Runs another view of the same model from now on.
    void use(std::shared_ptr<const Model> view) { model_ = std::move(view); }

private:
    Result<std::vector<at::Tensor>> run_whole(const at::Tensor& x, Mode mode) const;
    Result<std::vector<at::Tensor>> run_in_pieces(const at::Tensor& x, Mode mode) const;

    std::shared_ptr<const Model> model_;
    InputAdapter input_;
    std::int64_t piece_ = 0;
};

}  // namespace bartizan::model
