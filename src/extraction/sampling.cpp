// Attacks whose questions do not depend on the answers: items at random (knockoff-random, copycat), noise, shuffled
// patches.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/random.h"
#include "extraction/attacks.h"

namespace bartizan::extraction {

Result<Copy> LearningAttack::copy(RunContext& ctx) {
    return train_copy(transcript_, start_.info, labels_alone_, start_.surrogate, ctx);
}

Result<void> LearningAttack::ask_rows(Victim& victim, const NdArray& x, const RunContext& ctx) {
    transcript_.add(x, BARTIZAN_TRY(victim.ask(x, ctx)));
    return {};
}

std::size_t LearningAttack::item_size() const {
    std::size_t size = 1;
    for (const std::int64_t dimension : start_.info.item_shape) size *= static_cast<std::size_t>(dimension);
    return size;
}

Result<NdArray> LearningAttack::blank(std::int64_t rows) const {
    Shape shape = start_.info.item_shape;
    shape.insert(shape.begin(), rows);
    return NdArray::zeros(DType::f32, shape);
}

Result<NdArray> LearningAttack::items_at(std::span<const std::int64_t> positions) const {
    NdArray out = BARTIZAN_TRY(blank(std::ssize(positions)));
    const std::size_t size = item_size();
    const auto from = start_.pool->x.values<float>();
    auto to = out.mutable_values<float>().begin();
    for (const std::int64_t position : positions)
        to = std::ranges::copy(from.subspan(static_cast<std::size_t>(position) * size, size), to).out;
    return out;
}

namespace sampling {
namespace {

constexpr std::uint32_t kOrderPurpose = 500, kMixPurpose = 501, kNoisePurpose = 502, kPatchPurpose = 503;

enum class Source : std::uint8_t { items, noise, patches };

class Sampling final : public LearningAttack {
public:
    Sampling(const Start& start, Source source, bool labels_alone, std::int64_t patch)
        : LearningAttack(start, labels_alone), source_(source), patch_(patch) {
        order_ = permutation(start.pool->x.shape()[0], start.seed, kOrderPurpose);
    }

    Result<void> ask(Victim& victim, std::int64_t queries, RunContext& ctx) override {
        while (transcript_.rows() < queries) {
            BARTIZAN_TRY(ctx.checkpoint());
            const std::int64_t begin = transcript_.rows(), rows = std::min(kBatch, queries - begin);
            BARTIZAN_TRY(ask_rows(victim, BARTIZAN_TRY(inputs(begin, rows)), ctx));
            ctx.progress({"asking", static_cast<std::uint64_t>(begin + rows), static_cast<std::uint64_t>(queries),
                          "queries"});
        }
        ctx.progress_finish();
        return {};
    }

    std::string note() const override {
        const std::int64_t items = std::ssize(order_);
        if (source_ == Source::noise || transcript_.rows() <= items) return {};
        return fmt::format("the pool has {} items: the other {} queries were asked with mixtures of two of them", items,
                           transcript_.rows() - items);
    }

private:
    /// Question `begin` + i is the same however the questions are grouped.
    Result<NdArray> inputs(std::int64_t begin, std::int64_t rows) const {
        NdArray out = BARTIZAN_TRY(blank(rows));
        const std::size_t size = item_size();
        for (std::int64_t i = 0; i < rows; ++i) {
            const auto item = out.mutable_values<float>().subspan(static_cast<std::size_t>(i) * size, size);
            if (source_ == Source::noise)
                noise(item, static_cast<std::uint64_t>(begin + i));
            else
                pool_item(item, begin + i);
            if (source_ == Source::patches) shuffle(item, static_cast<std::uint64_t>(begin + i));
        }
        return out;
    }

    std::span<const float> at(std::int64_t position) const {
        const std::size_t size = item_size();
        return start_.pool->x.values<float>().subspan(
            static_cast<std::size_t>(order_[static_cast<std::size_t>(position)]) * size, size);
    }

    /// Beyond the pool's end: mixtures of two items (Zhang et al. 2018, mixup), which are near the data and new.
    void pool_item(std::span<float> out, std::int64_t number) const {
        const std::int64_t items = std::ssize(order_);
        if (number < items) {
            std::ranges::copy(at(number), out.begin());
            return;
        }
        Random random(start_.seed, static_cast<std::uint64_t>(number), kMixPurpose);
        const auto count = static_cast<std::uint64_t>(items);
        const auto a = at(static_cast<std::int64_t>(random.below(count)));
        const auto b = at(static_cast<std::int64_t>(random.below(count)));
        const float share = 0.2F + 0.6F * random.uniform();
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = share * a[i] + (1 - share) * b[i];
    }

    /// Within the range of each column for tables, [0, 1] for pictures.
    void noise(std::span<float> out, std::uint64_t number) const {
        Random random(start_.seed, number, kNoisePurpose);
        if (start_.info.kind == data::Kind::image) return random.fill_uniform(out, 0, 1);
        const auto pool = start_.pool->x.values<float>();
        const auto rows = static_cast<std::uint64_t>(start_.pool->x.shape()[0]);
        // Each column by itself from an item of its own: its distribution is right, what columns have in common is gone.
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = pool[random.below(rows) * out.size() + i];
    }

    /// Squares of a picture change places; the numbers of anything else.
    void shuffle(std::span<float> item, std::uint64_t number) const {
        const Shape& shape = start_.info.item_shape;
        const bool picture = start_.info.kind == data::Kind::image && shape.size() >= 2;
        const bool last = picture && shape.size() == 3 && shape[2] <= 4;
        const std::size_t channels = !picture || shape.size() == 2 ? 1 : static_cast<std::size_t>(shape[last ? 2 : 0]);
        const std::size_t height = !picture ? 1 : static_cast<std::size_t>(shape[shape.size() == 3 && !last ? 1 : 0]);
        const std::size_t width = item.size() / channels / height;
        const std::size_t side = picture ? static_cast<std::size_t>(patch_) : 1;
        const std::size_t across = width / side, down = picture ? height / side : 1;
        if (across * down < 2) return;
        const std::vector<float> before(item.begin(), item.end());
        const auto order = permutation(static_cast<std::int64_t>(across * down), start_.seed ^ (number * 0x9E3779B97F4A7C15ULL),
                                       kPatchPurpose);
        const auto index = [&](std::size_t c, std::size_t y, std::size_t x) {
            return last ? (y * width + x) * channels + c : (c * height + y) * width + x;
        };
        for (std::size_t to = 0; to < order.size(); ++to) {
            const auto from = static_cast<std::size_t>(order[to]);
            for (std::size_t c = 0; c < channels; ++c)
                for (std::size_t y = 0; y < std::min(side, height); ++y)
                    for (std::size_t x = 0; x < side; ++x)
                        item[index(c, to / across * side + y, to % across * side + x)] =
                            before[index(c, from / across * side + y, from % across * side + x)];
        }
    }

    Source source_;
    std::int64_t patch_;
    std::vector<std::int64_t> order_;
};

}  // namespace

Result<std::unique_ptr<Attack>> make(std::string_view name, const Params& params, const Start& start) {
    const Source source = name == "noise"           ? Source::noise
                          : name == "patch-shuffle" ? Source::patches
                                                    : Source::items;
    const std::int64_t patch = source == Source::patches ? params.integer("patch") : 1;
    return std::make_unique<Sampling>(start, source, name == "copycat", patch);
}

}  // namespace sampling
}  // namespace bartizan::extraction
