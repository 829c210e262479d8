#include "monitor/members.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "core/random.h"
#include "monitor/dot.h"

namespace bartizan::monitor {
namespace members {
namespace {

constexpr std::uint32_t kProjected = 650'000;
constexpr std::size_t kMostBlocks = 16;  // a side
constexpr std::size_t kLeastPicture = 8;
constexpr std::size_t kLeastReference = 200;
constexpr std::size_t kBitsOfEntry = 24;  // one wrong answer in 24,000, in each of the tables
constexpr std::size_t kHashes = 8;
constexpr std::array<std::size_t, 6> kSigns = {24, 32, 48, 64, 96, 128};

std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31);
}

}  // namespace
}  // namespace members

CoarseView::CoarseView(std::vector<std::int64_t> item_shape) {
    std::size_t length = 1;
    for (const std::int64_t size : item_shape) length *= static_cast<std::size_t>(size);
    const std::size_t rank = item_shape.size();
    const bool picture = rank >= 2 && item_shape[rank - 1] >= static_cast<std::int64_t>(members::kLeastPicture) &&
                         item_shape[rank - 2] >= static_cast<std::int64_t>(members::kLeastPicture);
    height_ = picture ? static_cast<std::size_t>(item_shape[rank - 2]) : 1;
    width_ = picture ? static_cast<std::size_t>(item_shape[rank - 1]) : length;
    planes_ = length / (height_ * width_);
    rows_ = picture ? std::min(members::kMostBlocks, height_ / 2) : 1;
    columns_ = picture ? std::min(members::kMostBlocks, width_ / 2)
                       : std::min(width_, members::kMostBlocks * members::kMostBlocks);
    length_ = planes_ * rows_ * columns_;
}

std::vector<float> CoarseView::operator()(std::span<const float> row) const {
    std::vector<float> out;
    out.reserve(length_);
    for (std::size_t plane = 0; plane < planes_; ++plane)
        for (std::size_t i = 0; i < rows_; ++i)
            for (std::size_t j = 0; j < columns_; ++j) {
                const std::size_t top = i * height_ / rows_, bottom = (i + 1) * height_ / rows_;
                const std::size_t left = j * width_ / columns_, right = (j + 1) * width_ / columns_;
                float sum = 0;
                for (std::size_t y = top; y < bottom; ++y)
                    for (std::size_t x = left; x < right; ++x) sum += row[(plane * height_ + y) * width_ + x];
                out.push_back(sum / static_cast<float>((bottom - top) * (right - left)));
            }
    return out;
}

std::vector<float> CoarseView::mirrored(std::vector<float> seen) const {
    for (std::size_t line = 0; line + columns_ <= seen.size(); line += columns_)
        std::reverse(seen.begin() + static_cast<std::ptrdiff_t>(line),
                     seen.begin() + static_cast<std::ptrdiff_t>(line + columns_));
    return seen;
}

/// Of a picture, at one brightness and contrast.
std::vector<float> MemberSet::seen(std::span<const float> row) const {
    std::vector<float> out = view_(row);
    if (!view_.picture()) return out;
    double sum = 0, squares = 0;
    for (const float value : out) {
        sum += value;
        squares += static_cast<double>(value) * value;
    }
    const auto count = static_cast<double>(out.size());
    const double mean = sum / count;
    const double scale = 1 / std::sqrt(std::max(squares / count - mean * mean, 1e-12));
    for (float& value : out) value = static_cast<float>((value - mean) * scale);
    return out;
}

/// Pictures are centred alone: their blocks have one unit. Columns of a table have units of their own.
void MemberSet::learn_scale(std::span<const float> reference, std::size_t item) {
    const std::size_t rows = reference.size() / item;
    std::vector<double> sum(view_.length()), squares(view_.length());
    for (std::size_t i = 0; i < rows; ++i) {
        const std::vector<float> one = seen(reference.subspan(i * item, item));
        for (std::size_t j = 0; j < one.size(); ++j) {
            sum[j] += one[j];
            squares[j] += static_cast<double>(one[j]) * one[j];
        }
    }
    double all = 0;
    std::vector<double> variance(view_.length());
    for (std::size_t j = 0; j < sum.size(); ++j) {
        const double mean = sum[j] / static_cast<double>(rows);
        variance[j] = std::max(squares[j] / static_cast<double>(rows) - mean * mean, 0.0);
        all += variance[j] / static_cast<double>(sum.size());
        mean_.push_back(static_cast<float>(mean));
    }
    for (const double one : variance)
        scale_.push_back(static_cast<float>(1 / std::sqrt(std::max(view_.picture() ? all : one, 1e-12))));
}

MemberSet::Signs MemberSet::signs_of(std::vector<float> seen) const {
    for (std::size_t j = 0; j < seen.size(); ++j) seen[j] = (seen[j] - mean_[j]) * scale_[j];
    const std::size_t count = signs_ == 0 ? kMostSigns : signs_;  // all of them until their number is chosen
    Signs out{};
    for (std::size_t table = 0; table < kTables; ++table)
        for (std::size_t k = 0; k < count; ++k) {
            const float* wave = waves_.data() + (table * kMostSigns + k) * seen.size();
            if (dot(seen.data(), wave, seen.size()) > 0) out[table][k / 64] |= std::uint64_t{1} << (k % 64);
        }
    return out;
}

/// Of the first `signs_` signs of a table.
std::uint64_t MemberSet::hash(const Signs& signs, std::size_t table) const {
    std::uint64_t out = key_ + (table + 1) * 0x9e3779b97f4a7c15U;
    for (std::size_t word = 0; word * 64 < signs_; ++word) {
        const std::size_t kept = std::min<std::size_t>(signs_ - word * 64, 64);
        const std::uint64_t mask = kept == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << kept) - 1;
        out = members::mixed(out ^ (signs[table][word] & mask));
    }
    return out;
}

void MemberSet::put(const Signs& signs) {
    for (std::size_t table = 0; table < kTables; ++table) {
        std::uint64_t at = hash(signs, table);
        for (std::size_t i = 0; i < members::kHashes; ++i, at = members::mixed(at + i + 1))
            bits_[(at >> 6) % bits_.size()] |= std::uint64_t{1} << (at & 63);
    }
}

bool MemberSet::has(const Signs& signs) const {
    for (std::size_t table = 0; table < kTables; ++table) {
        std::uint64_t at = hash(signs, table);
        bool there = true;
        for (std::size_t i = 0; there && i < members::kHashes; ++i, at = members::mixed(at + i + 1))
            there = (bits_[(at >> 6) % bits_.size()] >> (at & 63) & 1) != 0;
        if (there) return true;
    }
    return false;
}

bool MemberSet::has(std::span<const float> row) const { return has(signs_of(seen(row))); }

Result<MemberSet> MemberSet::make(std::span<const float> members, std::span<const float> reference,
                                  std::vector<std::int64_t> item_shape, std::uint64_t key) {
    std::size_t item = 1;
    for (const std::int64_t size : item_shape) item *= static_cast<std::size_t>(size);
    if (item == 0 || members.empty() || members.size() % item != 0 || reference.size() % item != 0)
        return invalid_input("the records have another form than the model's inputs");
    const std::size_t rows = reference.size() / item;
    if (rows < members::kLeastReference)
        return invalid_input("records are told apart with a reference of " + std::to_string(members::kLeastReference) +
                             " rows, there are " + std::to_string(rows));
    MemberSet out{CoarseView(std::move(item_shape))};
    out.key_ = key;
    out.size_ = std::min(members.size() / item, kMostMembers);
    out.learn_scale(reference, item);
    out.waves_.resize(kTables * kMostSigns * out.view_.length());
    Random(key, item, members::kProjected).fill_normal(out.waves_);
    std::vector<Signs> kept, others;
    for (std::size_t i = 0; i < out.size_; ++i) {
        const std::vector<float> one = out.seen(members.subspan(i * item, item));
        kept.push_back(out.signs_of(one));
        if (out.view_.picture()) kept.push_back(out.signs_of(out.view_.mirrored(one)));
    }
    for (std::size_t i = 0; i < rows; ++i) others.push_back(out.signs_of(out.seen(reference.subspan(i * item, item))));
    std::size_t hits = rows;
    for (const std::size_t signs : members::kSigns) {
        out.signs_ = signs;
        out.bits_.assign(kept.size() * kTables * members::kBitsOfEntry / 64 + 1, 0);
        for (const Signs& one : kept) out.put(one);
        hits = static_cast<std::size_t>(std::ranges::count_if(others, [&](const Signs& one) { return out.has(one); }));
        if (static_cast<double>(hits) <= kMostHits * static_cast<double>(rows)) break;
    }
    if (static_cast<double>(hits) > kMostHits * static_cast<double>(rows))
        return invalid_input("of the reference's rows " + std::to_string(hits * 100 / rows) +
                             " % are among the records: it must be held out");
    // The share among so many rows is itself uncertain: three deviations are given to it.
    const double found = static_cast<double>(hits);
    out.chance_ = (found + 3 * std::sqrt(found + 1)) / static_cast<double>(rows);
    return out;
}

}  // namespace bartizan::monitor
