#include "defences/spectral.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mv.h>

#include "defences/features.h"

namespace bartizan::defences {
namespace spectral {
namespace {

/// The square makes the sign of the direction, which no eigenvector has, irrelevant.
at::Tensor class_scores(const at::Tensor& members) {
    const at::Tensor centred = members - members.mean(0, true);
    const auto [values, vectors] = at::linalg_eigh(at::matmul(centred.t(), centred));
    return at::mv(centred, vectors.select(1, vectors.size(1) - 1)).square().contiguous();
}

}  // namespace
}  // namespace spectral

Result<std::vector<double>> spectral_scores(const at::Tensor& features, std::span<const std::int64_t> labels) {
    BARTIZAN_TRY(check_features(features, labels, "suspect"));
    std::vector<double> out(labels.size());
    try {
        const at::Tensor x = features.to(at::kDouble);
        for (const auto& [label, rows] : rows_by_label(labels)) {
            const at::Tensor scores = spectral::class_scores(pick_rows(x, rows));
            for (std::size_t i = 0; i < rows.size(); ++i)
                out[static_cast<std::size_t>(rows[i])] = scores.data_ptr<double>()[i];
        }
    } catch (const std::exception& caught) {
        return internal_error(std::string("spectral signatures: ") + caught.what());
    }
    return out;
}

}  // namespace bartizan::defences
