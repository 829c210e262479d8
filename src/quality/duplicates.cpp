#include "quality/duplicates.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <numeric>
#include <unordered_map>

namespace bartizan::quality {
namespace {

constexpr std::size_t kGridHeight = 8, kGridWidth = 9;
/// A quarter of a hash that more items share says nothing: blank pictures, say.
constexpr std::size_t kMostShared = 2'000;

std::uint64_t hash_of(std::span<const float> row) {
    const auto bytes = std::as_bytes(row);
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i, 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
        hash ^= hash >> 29;
    }
    for (std::size_t i = bytes.size() / 8 * 8; i < bytes.size(); ++i)
        hash = (hash ^ std::to_integer<std::uint64_t>(bytes[i])) * 0x100000001b3U;
    return hash;
}

bool equal(std::span<const float> a, std::span<const float> b) {
    return std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

/// How the numbers of a picture lie.
struct Layout {
    std::size_t channels = 1, height = 0, width = 0;
    bool channels_last = false;
};
bool layout_of(std::span<const std::int64_t> shape, Layout& out) {
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(shape[i]); };
    if (shape.size() == 2) {
        out = {1, at(0), at(1), false};
    } else if (shape.size() == 3 && (shape[0] == 1 || shape[0] == 3 || shape[0] == 4)) {
        out = {at(0), at(1), at(2), false};
    } else if (shape.size() == 3 && (shape[2] == 1 || shape[2] == 3 || shape[2] == 4)) {
        out = {at(2), at(0), at(1), true};
    } else {
        return false;
    }
    return out.height >= 2 && out.width >= 2;
}

void to_grey(std::span<const float> item, const Layout& layout, std::vector<float>& grey) {
    const std::size_t pixels = layout.height * layout.width;
    grey.assign(pixels, 0);
    for (std::size_t i = 0; i < pixels; ++i)
        for (std::size_t c = 0; c < layout.channels; ++c)
            grey[i] += layout.channels_last ? item[i * layout.channels + c] : item[c * pixels + i];
}

}  // namespace

std::vector<Group> grouped(std::size_t items, std::span<const std::pair<std::int64_t, std::int64_t>> pairs) {
    std::vector<std::size_t> parent(items);
    std::iota(parent.begin(), parent.end(), std::size_t{0});
    const auto root = [&](std::size_t i) {
        while (parent[i] != i) i = parent[i] = parent[parent[i]];
        return i;
    };
    for (const auto& [a, b] : pairs) {
        const std::size_t x = root(static_cast<std::size_t>(a)), y = root(static_cast<std::size_t>(b));
        parent[std::max(x, y)] = std::min(x, y);
    }
    std::map<std::size_t, Group> groups;
    for (const auto& [a, b] : pairs)
        for (const std::int64_t item : {a, b}) groups[root(static_cast<std::size_t>(item))].push_back(item);
    std::vector<Group> out;
    for (auto& [first, group] : groups) {
        std::ranges::sort(group);
        group.erase(std::unique(group.begin(), group.end()), group.end());
        out.push_back(std::move(group));
    }
    return out;
}

std::vector<Group> exact_duplicates(const Matrix& items) {
    std::unordered_map<std::uint64_t, std::vector<std::int64_t>> seen;
    std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
    for (std::size_t i = 0; i < items.rows(); ++i) {
        auto& candidates = seen[hash_of(items.row(i))];
        const auto same = std::ranges::find_if(candidates, [&](std::int64_t other) {
            return equal(items.row(i), items.row(static_cast<std::size_t>(other)));
        });
        if (same == candidates.end())
            candidates.push_back(static_cast<std::int64_t>(i));
        else
            pairs.emplace_back(*same, static_cast<std::int64_t>(i));
    }
    return grouped(items.rows(), pairs);
}

std::vector<std::pair<std::int64_t, std::int64_t>> exact_leaks(const Matrix& a, const Matrix& b) {
    std::vector<std::pair<std::int64_t, std::int64_t>> out;
    if (a.width != b.width) return out;
    std::unordered_map<std::uint64_t, std::vector<std::int64_t>> seen;
    for (std::size_t i = 0; i < a.rows(); ++i) seen[hash_of(a.row(i))].push_back(static_cast<std::int64_t>(i));
    for (std::size_t i = 0; i < b.rows(); ++i) {
        const auto found = seen.find(hash_of(b.row(i)));
        if (found == seen.end()) continue;
        for (const std::int64_t other : found->second)
            if (equal(a.row(static_cast<std::size_t>(other)), b.row(i))) {
                out.emplace_back(other, static_cast<std::int64_t>(i));
                break;
            }
    }
    return out;
}

std::uint64_t picture_hash(std::span<const float> grey, std::size_t height, std::size_t width) {
    // Each cell of the grid is the mean of the pixels that fall into it.
    float cell[kGridHeight][kGridWidth] = {};
    int count[kGridHeight][kGridWidth] = {};
    for (std::size_t y = 0; y < height; ++y)
        for (std::size_t x = 0; x < width; ++x) {
            const std::size_t gy = y * kGridHeight / height, gx = x * kGridWidth / width;
            cell[gy][gx] += grey[y * width + x];
            ++count[gy][gx];
        }
    std::uint64_t hash = 0;
    for (std::size_t y = 0; y < kGridHeight; ++y)
        for (std::size_t x = 0; x + 1 < kGridWidth; ++x) {
            const float left = cell[y][x] / static_cast<float>(std::max(1, count[y][x]));
            const float right = cell[y][x + 1] / static_cast<float>(std::max(1, count[y][x + 1]));
            hash = hash << 1 | (left < right ? 1U : 0U);
        }
    return hash;
}

std::vector<std::uint64_t> picture_hashes(const Matrix& items, std::span<const std::int64_t> item_shape) {
    std::vector<std::uint64_t> out;
    Layout layout;
    if (!layout_of(item_shape, layout)) return out;
    std::vector<float> grey;
    for (std::size_t i = 0; i < items.rows(); ++i) {
        to_grey(items.row(i), layout, grey);
        out.push_back(picture_hash(grey, layout.height, layout.width));
    }
    return out;
}

namespace {

/// All pairs of `members` that differ in at most `bits` bits.
void add_similar(std::span<const std::uint64_t> hashes, const std::vector<std::int64_t>& members, int bits,
                 std::vector<std::pair<std::int64_t, std::int64_t>>& pairs) {
    for (std::size_t i = 0; i < members.size(); ++i)
        for (std::size_t k = i + 1; k < members.size(); ++k) {
            const std::uint64_t a = hashes[std::size_t(members[i])], b = hashes[std::size_t(members[k])];
            if (std::popcount(a ^ b) <= bits) pairs.emplace_back(members[i], members[k]);
        }
}

}  // namespace

std::vector<std::pair<std::int64_t, std::int64_t>> similar_hashes(std::span<const std::uint64_t> hashes, int bits,
                                                                  std::size_t most) {
    std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
    for (int quarter = 0; quarter < 4 && pairs.size() < 4 * most; ++quarter) {
        std::unordered_map<std::uint16_t, std::vector<std::int64_t>> buckets;
        for (std::size_t i = 0; i < hashes.size(); ++i)
            buckets[static_cast<std::uint16_t>(hashes[i] >> (16 * quarter))].push_back(static_cast<std::int64_t>(i));
        for (const auto& [key, members] : buckets)
            if (members.size() <= kMostShared && pairs.size() < 4 * most) add_similar(hashes, members, bits, pairs);
    }
    std::ranges::sort(pairs);
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
    pairs.resize(std::min(pairs.size(), most));
    return pairs;
}

}  // namespace bartizan::quality
