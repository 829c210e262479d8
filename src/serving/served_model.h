#pragma once
/// A model as the Open Inference Protocol sees it: named tensors in, named tensors out, and several requests run as one
/// batch where the model allows it.
/// Thread rule: immutable once made; `run` may be called from several threads at once.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "model/model.h"
#include "oip/message.h"
#include "oip/metadata.h"

namespace at {
class Tensor;
}

namespace bartizan::serving {

class ServedModel {
public:
    /// Fails with `unsupported` when an input or output is no tensor of numbers.
    static Result<std::unique_ptr<ServedModel>> make(std::shared_ptr<const model::Model> model, std::string name,
                                                     std::string version);

    const oip::Metadata& metadata() const { return metadata_; }

    /// Succeeds if the request has exactly the inputs that the model declares, and asks for outputs that there are.
    Result<void> check(const oip::InferRequest& request) const;
    /// Rows of a checked request that may be joined with others; 0: it is run alone.
    std::int64_t rows(const oip::InferRequest& request) const;
    /// Could the two (checked, both with rows) run as one batch?
    static bool joinable(const oip::InferRequest& a, const oip::InferRequest& b);

    /// One answer for each request; several only if all are joinable. Inputs in any order. Whoever asks for features
    /// gets them where the model has a last linear layer, and they are not larger than `kMostFeatureBytes`.
    Result<std::vector<oip::InferResponse>> run(std::span<const oip::InferRequest* const> requests) const;

private:
    ServedModel(std::shared_ptr<const model::Model> model, oip::Metadata metadata)
        : model_(std::move(model)), metadata_(std::move(metadata)) {}

    static constexpr std::size_t kMostFeatureBytes = 1 << 20;
    Result<std::vector<oip::InferResponse>> split(std::span<const oip::InferRequest* const> requests,
                                                  std::span<const at::Tensor> tensors, std::int64_t all) const;

    std::shared_ptr<const model::Model> model_;
    std::shared_ptr<const model::Model> with_features_;  ///< the same with one output more; may be null
    oip::Metadata metadata_;
    bool batches_ = false;  ///< the first dimension of every input and output is open
};

}  // namespace bartizan::serving
