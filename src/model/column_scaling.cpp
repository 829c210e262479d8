#include "model/column_scaling.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include "model/tensors.h"

namespace bartizan::model {
namespace {

class UnitColumns final : public Classifier {
public:
    UnitColumns(std::shared_ptr<const Classifier> inner, at::Tensor low, at::Tensor width)
        : inner_(std::move(inner)), low_(std::move(low)), width_(std::move(width)) {}

    Result<at::Tensor> logits(const at::Tensor& x, Mode mode) const override {
        return inner_->logits(x * width_.to(x.scalar_type()) + low_.to(x.scalar_type()), mode);
    }
    std::int64_t classes() const override { return inner_->classes(); }
    const Shape& item_shape() const override { return inner_->item_shape(); }
    Result<void> differentiable() const override { return inner_->differentiable(); }
    const std::vector<Remark>& remarks() const override { return inner_->remarks(); }
    const Model& model() const override { return inner_->model(); }

private:
    std::shared_ptr<const Classifier> inner_;
    at::Tensor low_;
    at::Tensor width_;
};

at::Tensor row_of(const std::vector<float>& values) {
    const auto array = NdArray::from<float>({static_cast<std::int64_t>(values.size())}, values);
    return to_tensor(array.value()).value();
}

}  // namespace

Result<ColumnRanges> column_ranges(const NdArray& x) {
    if (x.rank() != 2 || x.shape()[0] == 0) return invalid_input("a table with rows is needed");
    const auto columns = static_cast<std::size_t>(x.shape()[1]);
    const std::span<const float> values = x.values<float>();
    ColumnRanges ranges{{values.begin(), values.begin() + static_cast<std::ptrdiff_t>(columns)},
                        std::vector<float>(columns, 0)};
    std::vector<float> high = ranges.low;
    for (std::size_t i = 0; i < values.size(); ++i) {
        ranges.low[i % columns] = std::min(ranges.low[i % columns], values[i]);
        high[i % columns] = std::max(high[i % columns], values[i]);
    }
    for (std::size_t i = 0; i < columns; ++i) ranges.width[i] = high[i] - ranges.low[i];
    return ranges;
}

Result<NdArray> to_unit_columns(const NdArray& x, const ColumnRanges& ranges) {
    NdArray unit = BARTIZAN_TRY(NdArray::from<float>(x.shape(), x.values<float>()));
    const std::span<float> values = unit.mutable_values<float>();
    const std::size_t columns = ranges.low.size();
    for (std::size_t i = 0; i < values.size(); ++i) {
        const float width = ranges.width[i % columns];
        values[i] = width > 0 ? std::clamp((values[i] - ranges.low[i % columns]) / width, 0.0F, 1.0F) : 0.0F;
    }
    return unit;
}

std::unique_ptr<Classifier> with_unit_columns(std::shared_ptr<const Classifier> inner, const ColumnRanges& ranges) {
    return std::make_unique<UnitColumns>(std::move(inner), row_of(ranges.low), row_of(ranges.width));
}

}  // namespace bartizan::model
