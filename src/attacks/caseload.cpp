#include "attacks/caseload.h"

#include <algorithm>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

namespace bartizan::attacks {
namespace {

std::vector<std::int64_t> integers(const at::Tensor& tensor) {
    const at::Tensor flat = tensor.to(at::kCPU, at::kLong).contiguous();
    return {flat.data_ptr<std::int64_t>(), flat.data_ptr<std::int64_t>() + flat.numel()};
}

at::Tensor as_tensor(const std::vector<std::int64_t>& values) {
    at::Tensor tensor = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
    std::ranges::copy(values, tensor.data_ptr<std::int64_t>());
    return tensor;
}

}  // namespace

Caseload::Caseload(const Job& job, bool targeted)
    : targeted_(targeted),
      clean_(job.x),
      found_(Rows::copy_of(clean_)),
      labels_(integers(job.y)),
      ids_(integers(job.ids)),
      queries_(labels_.size()),
      gradients_(labels_.size()),
      success_(labels_.size()),
      slots_(labels_.size()),
      marked_(labels_.size()) {
    std::iota(slots_.begin(), slots_.end(), std::size_t{0});
}

void Caseload::spend_all(std::int64_t queries, std::int64_t gradients) {
    for (std::int64_t slot = 0; slot < open(); ++slot) spend(slot, queries, gradients);
}

void Caseload::keep(std::int64_t slot, ConstRow found) {
    std::ranges::copy(found, found_[static_cast<std::int64_t>(row(slot))].begin());
    success_[row(slot)] = 1;
}

Outcome Caseload::outcome() const {
    at::Tensor success = at::empty({static_cast<std::int64_t>(success_.size())}, at::kBool);
    std::ranges::copy(success_, success.data_ptr<bool>());
    return {found_.tensor(), success, as_tensor(queries_), as_tensor(gradients_)};
}

}  // namespace bartizan::attacks
