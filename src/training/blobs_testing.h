#pragma once
/// For tests of this module: data that a line parts.

#include <cstdint>
#include <span>
#include <vector>

#include "core/random.h"
#include "data/dataset.h"

namespace bartizan::training {

/// Two classes that a line parts: the sum of the features is above or below zero, with a gap.
class Blobs final : public data::Dataset {
public:
    Blobs(std::int64_t items, std::uint64_t seed) {
        info_.kind = data::Kind::table;
        info_.item_shape = {4};
        info_.items = items;
        info_.classes = 2;
        for (std::int64_t i = 0; i < items; ++i) {
            Random random(seed, static_cast<std::uint64_t>(i));
            labels_.push_back(i % 2);
            for (int j = 0; j < 4; ++j)
                values_.push_back(0.5F + (i % 2 == 0 ? -0.15F : 0.15F) + 0.05F * random.normal());
        }
    }
    const data::Info& info() const override { return info_; }
    bool has_labels() const override { return true; }
    std::span<const std::int64_t> labels() const override { return labels_; }
    Result<data::Batch> read(std::span<const std::int64_t> positions) const override {
        data::Batch batch;
        std::vector<float> rows;
        for (const std::int64_t position : positions) {
            const auto at = static_cast<std::size_t>(position);
            rows.insert(rows.end(), values_.begin() + static_cast<std::ptrdiff_t>(4 * at),
                        values_.begin() + static_cast<std::ptrdiff_t>(4 * at + 4));
            batch.y.push_back(labels_[at]);
            batch.ids.push_back(position);
        }
        batch.x = BARTIZAN_TRY(NdArray::from<float>({static_cast<std::int64_t>(positions.size()), 4}, rows));
        return batch;
    }
    void spoil_label(std::size_t row) { labels_[row] = 9; }

private:
    data::Info info_;
    std::vector<float> values_;
    std::vector<std::int64_t> labels_;
};

}  // namespace bartizan::training
