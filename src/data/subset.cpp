/// Some rows of another data set: --limit, --sample, one split of several.
#include "data/sources.h"

namespace bartizan::data {
namespace {

class Subset final : public Dataset {
public:
    Subset(std::unique_ptr<Dataset> whole, std::vector<std::int64_t> rows)
        : whole_(std::move(whole)), rows_(std::move(rows)), info_(whole_->info()) {
        info_.items = static_cast<std::int64_t>(rows_.size());
        if (!whole_->has_labels()) return;
        labels_.reserve(rows_.size());
        for (const std::int64_t row : rows_) labels_.push_back(whole_->labels()[static_cast<std::size_t>(row)]);
    }

    const Info& info() const override { return info_; }
    bool has_labels() const override { return whole_->has_labels(); }
    std::span<const std::int64_t> labels() const override { return labels_; }

    std::filesystem::path file_of(std::int64_t position) const override {
        return whole_->file_of(rows_[static_cast<std::size_t>(position)]);
    }

    Result<Batch> read(std::span<const std::int64_t> positions) const override {
        BARTIZAN_TRY(check_positions(positions, info_.items));
        std::vector<std::int64_t> inner;
        inner.reserve(positions.size());
        for (const std::int64_t position : positions) inner.push_back(rows_[static_cast<std::size_t>(position)]);
        return whole_->read(inner);
    }

private:
    std::unique_ptr<Dataset> whole_;
    std::vector<std::int64_t> rows_;
    std::vector<std::int64_t> labels_;
    Info info_;
};

}  // namespace

std::unique_ptr<Dataset> subset_of(std::unique_ptr<Dataset> whole, std::vector<std::int64_t> rows) {
    return std::make_unique<Subset>(std::move(whole), std::move(rows));
}

}  // namespace bartizan::data
