#include "apps/engine/unit_columns.h"

#include <utility>

namespace bartizan::engine {
namespace unit_columns {
namespace {

class UnitColumns final : public data::Dataset {
public:
    UnitColumns(std::unique_ptr<const data::Dataset> inner, model::ColumnRanges ranges)
        : inner_(std::move(inner)), ranges_(std::move(ranges)) {}
    const data::Info& info() const override { return inner_->info(); }
    bool has_labels() const override { return inner_->has_labels(); }
    std::span<const std::int64_t> labels() const override { return inner_->labels(); }
    Result<data::Batch> read(std::span<const std::int64_t> positions) const override {
        data::Batch batch = BARTIZAN_TRY(inner_->read(positions));
        batch.x = BARTIZAN_TRY(model::to_unit_columns(batch.x, ranges_));
        return batch;
    }

private:
    std::unique_ptr<const data::Dataset> inner_;
    model::ColumnRanges ranges_;
};

}  // namespace
}  // namespace unit_columns

std::unique_ptr<const data::Dataset> with_unit_columns(std::unique_ptr<const data::Dataset> inner,
                                                       model::ColumnRanges ranges) {
    return std::make_unique<unit_columns::UnitColumns>(std::move(inner), std::move(ranges));
}

}  // namespace bartizan::engine
