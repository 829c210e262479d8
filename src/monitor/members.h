#pragma once
/// Is a query a record that the model was trained on, or nearly one? Whoever probes who was in the training data asks
/// for such records far more often than honest clients do (Shokri et al. 2017; Choquette-Choo et al. 2021 with changed
/// copies of them). Records are kept as signs of secret random projections of their block means, which small changes
/// hardly move (random hyperplanes, Charikar 2002), several tables of them in one Bloom filter (Bloom 1970): about
/// 24 bytes a record, from which none can be made again; 48 a picture, whose mirror image is kept too. Brightness and
/// contrast of a picture are left out. How many signs a table has is chosen so that hardly any
/// reference row, which is no record, is taken for one. Thread rule: immutable once made.

#include <cstdint>
#include <array>
#include <span>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::monitor {

inline constexpr std::size_t kMostMembers = 200'000;

/// What a row looks like from afar: means of its blocks, at most 16 x 16 of a picture's plane.
class CoarseView {
public:
    explicit CoarseView(std::vector<std::int64_t> item_shape);
    std::vector<float> operator()(std::span<const float> row) const;
    std::size_t length() const { return length_; }
    bool picture() const { return rows_ > 1; }
    /// Of a picture's blocks, left and right changed about.
    std::vector<float> mirrored(std::vector<float> seen) const;

private:
    std::size_t planes_ = 1, height_ = 1, width_ = 1;
    std::size_t rows_ = 1, columns_ = 1;  ///< of blocks
    std::size_t length_ = 1;
};

class MemberSet {
public:
    static constexpr std::size_t kTables = 8;
    static constexpr double kMostHits = 0.02;  ///< of reference rows that may be taken for records

    /// `members` and `reference`: rows of the shape, one after another; beyond `kMostMembers` records none is kept.
    /// Whoever knows `key` can make records that are not found. Fails with `invalid_input` when the reference has fewer
    /// than 200 rows, or looks like the records themselves. Cost: about 30 us a record of 28 x 28.
    static Result<MemberSet> make(std::span<const float> members, std::span<const float> reference,
                                  std::vector<std::int64_t> item_shape, std::uint64_t key);

    bool has(std::span<const float> row) const;
    /// That an honest row is taken for a record, at most: what the reference could tell.
    double chance() const { return chance_; }
    std::size_t size() const { return size_; }
    std::size_t signs() const { return signs_; }
    std::size_t bytes() const { return bits_.size() * sizeof(std::uint64_t); }

private:
    explicit MemberSet(CoarseView view) : view_(std::move(view)) {}
    static constexpr std::size_t kMostSigns = 128;
    using Signs = std::array<std::array<std::uint64_t, kMostSigns / 64>, kTables>;
    void learn_scale(std::span<const float> reference, std::size_t item);
    std::vector<float> seen(std::span<const float> row) const;
    Signs signs_of(std::vector<float> seen) const;
    std::uint64_t hash(const Signs& signs, std::size_t table) const;
    void put(const Signs& signs);
    bool has(const Signs& signs) const;

    CoarseView view_;
    std::uint64_t key_ = 0;
    std::size_t signs_ = 0, size_ = 0;
    double chance_ = 1;
    std::vector<float> mean_, scale_;
    std::vector<float> waves_;  ///< [kTables * kMostSigns, length of the view]
    std::vector<std::uint64_t> bits_;
};

}  // namespace bartizan::monitor
