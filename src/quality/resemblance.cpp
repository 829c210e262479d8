#include "quality/resemblance.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_map>

namespace bartizan::quality {
namespace {

constexpr std::size_t kBands = 16, kRowsOfBand = 4, kBins = kBands * kRowsOfBand;
/// Items that share a band are compared with so many of those before them.
constexpr std::size_t kMostCompared = 32;
constexpr std::size_t kShingle = 3;
constexpr double kWordsOfText = 4;  ///< on average, in a column of free text
constexpr std::uint64_t kEmpty = std::numeric_limits<std::uint64_t>::max();

/// A 64-bit mix (Steele, Lea, Flood 2014, SplitMix64).
std::uint64_t mixed(std::uint64_t z) {
    z += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text)
        hash = (hash ^ static_cast<std::uint64_t>(std::tolower(static_cast<unsigned char>(c)))) * 0x100000001b3U;
    return mixed(hash);
}

/// The words of a text: letters and digits, and all bytes beyond ASCII.
std::vector<std::uint64_t> words_of(std::string_view text) {
    std::vector<std::uint64_t> words;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        const auto part = [&](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return byte >= 0x80 || std::isalnum(byte) != 0;
        };
        while (end < text.size() && part(text[end])) ++end;
        if (end > at) words.push_back(hash_of(text.substr(at, end - at)));
        at = std::max(end, at + 1);
    }
    return words;
}

bool free_text(const Column& column) {
    if (column.numeric() || column.cells.empty()) return false;
    std::size_t blanks = 0;
    for (const Cell& cell : column.cells)
        blanks += static_cast<std::size_t>(std::ranges::count(column.text(cell), ' '));
    return static_cast<double>(blanks) / static_cast<double>(column.cells.size()) >= kWordsOfText - 1;
}

void add_shingles(const Column& column, std::vector<Parts>& out) {
    for (const Cell& cell : column.cells) {
        const auto words = words_of(column.text(cell));
        for (std::size_t i = 0; i + kShingle <= words.size(); ++i)
            out[cell.row].push_back(mixed(words[i] ^ mixed(words[i + 1] ^ mixed(words[i + 2]))));
    }
}

/// The value that most rows have says nothing about two of them: zeros of sparse tables.
float commonest(const Column& column) {
    std::vector<float> sorted;
    for (const float value : column.numbers)
        if (!std::isnan(value)) sorted.push_back(value);
    if (sorted.empty()) return 0;
    std::ranges::nth_element(sorted, sorted.begin() + std::ssize(sorted) / 2);
    const float middle = sorted[sorted.size() / 2];
    return std::ranges::count(sorted, middle) * 2 > std::ssize(sorted) ? middle
                                                                       : std::numeric_limits<float>::quiet_NaN();
}

void add_cells(const Column& column, std::uint64_t seed, std::vector<Parts>& out) {
    const float common = commonest(column);
    for (std::size_t row = 0; row < column.numbers.size(); ++row) {
        const float value = column.numbers[row];
        if (std::isnan(value) || value == common) continue;
        std::uint32_t bits = 0;
        std::memcpy(&bits, &value, sizeof bits);
        out[row].push_back(mixed(seed ^ bits));
    }
    for (const Cell& cell : column.cells)
        if (std::isnan(column.numbers[cell.row])) out[cell.row].push_back(mixed(seed ^ hash_of(column.text(cell))));
}

using Sketch = std::array<std::uint64_t, kBins>;

/// The least hash of each bin; an empty bin takes that of the next one that is not (Shrivastava and Li 2014).
Sketch sketch_of(const Parts& parts) {
    Sketch sketch;
    sketch.fill(kEmpty);
    for (const std::uint64_t part : parts) {
        std::uint64_t& bin = sketch[part % kBins];
        bin = std::min(bin, part / kBins);
    }
    Sketch full = sketch;
    for (std::size_t i = 0; i < kBins; ++i)
        for (std::size_t step = 0; full[i] == kEmpty && step < kBins; ++step)
            if (const std::uint64_t other = sketch[(i + step) % kBins]; other != kEmpty) full[i] = mixed(other + step);
    return full;
}

}  // namespace

std::vector<Parts> parts_of(const Subject& subject) {
    std::vector<Parts> out(static_cast<std::size_t>(subject.items()));
    bool text = false;
    for (const Column& column : subject.columns)
        if (free_text(column)) {
            add_shingles(column, out);
            text = true;
        }
    for (std::size_t c = 0; !text && c < subject.columns.size(); ++c)
        add_cells(subject.columns[c], mixed(hash_of(subject.columns[c].name)), out);
    for (Parts& parts : out) {
        std::ranges::sort(parts);
        parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    }
    return out;
}

double similarity(const Parts& a, const Parts& b) {
    std::size_t both = 0;
    for (std::size_t i = 0, k = 0; i < a.size() && k < b.size();) {
        if (a[i] == b[k])
            ++both, ++i, ++k;
        else if (a[i] < b[k])
            ++i;
        else
            ++k;
    }
    const std::size_t either = a.size() + b.size() - both;
    return either == 0 ? 0 : static_cast<double>(both) / static_cast<double>(either);
}

std::vector<std::pair<std::int64_t, std::int64_t>> resembling(std::span<const Parts> items, double least,
                                                              std::size_t most) {
    std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
    std::vector<Sketch> sketches(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) sketches[i] = sketch_of(items[i]);
    for (std::size_t band = 0; band < kBands && pairs.size() < most; ++band) {
        std::unordered_map<std::uint64_t, std::vector<std::int64_t>> buckets;
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (items[i].size() < kLeastParts) continue;
            std::uint64_t key = band;
            for (std::size_t r = 0; r < kRowsOfBand; ++r) key = mixed(key ^ sketches[i][band * kRowsOfBand + r]);
            auto& bucket = buckets[key];
            for (const std::int64_t other : bucket)
                if (similarity(items[static_cast<std::size_t>(other)], items[i]) >= least)
                    pairs.emplace_back(other, static_cast<std::int64_t>(i));
            if (bucket.size() < kMostCompared) bucket.push_back(static_cast<std::int64_t>(i));
        }
    }
    std::ranges::sort(pairs);
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
    pairs.resize(std::min(pairs.size(), most));
    return pairs;
}

}  // namespace bartizan::quality
