/// What a small model and distances can work with, made from any data set.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <unordered_map>

#include "quality/subject.h"

namespace bartizan::quality {
namespace {

constexpr std::size_t kMostKinds = 32;  ///< words of more kinds are free text
constexpr std::size_t kHashed = 256;    ///< columns that free text becomes
constexpr std::size_t kMostWidth = 4'096;
constexpr std::size_t kMostNumbers = std::size_t{1} << 30;

void fill_numbers(const Column& column, Matrix& out, std::size_t at) {
    double sum = 0;
    std::int64_t count = 0;
    for (const float value : column.numbers)
        if (std::isfinite(value)) sum += value, ++count;
    const float mean = count == 0 ? 0 : static_cast<float>(sum / static_cast<double>(count));
    for (std::size_t row = 0; row < column.numbers.size(); ++row)
        out.values[row * out.width + at] = std::isfinite(column.numbers[row]) ? column.numbers[row] : mean;
}

std::map<std::string_view, std::size_t> kinds_of(const Column& column) {
    std::map<std::string_view, std::size_t> kinds;
    for (const Cell& cell : column.cells) {
        kinds.emplace(column.text(cell), kinds.size());
        if (kinds.size() > kMostKinds) break;
    }
    return kinds;
}

/// Counts of words under a hash, damped by the logarithm.
void fill_hashed(const Column& column, Matrix& out, std::size_t at) {
    for (const Cell& cell : column.cells) {
        float* row = out.values.data() + cell.row * out.width + at;
        std::uint32_t hash = 2166136261U;
        bool word = false;
        const auto end_word = [&] {
            if (word) row[hash % kHashed] += 1;
            hash = 2166136261U;
            word = false;
        };
        for (const char c : column.text(cell)) {
            if (std::isalnum(static_cast<unsigned char>(c)) == 0 && static_cast<unsigned char>(c) < 0x80) {
                end_word();
                continue;
            }
            hash = (hash ^ static_cast<std::uint32_t>(std::tolower(static_cast<unsigned char>(c)))) * 16777619U;
            word = true;
        }
        end_word();
        for (std::size_t i = 0; i < kHashed; ++i) row[i] = std::log1p(row[i]);
    }
}

/// How one column becomes some of the features.
struct Part {
    const Column* column;
    std::map<std::string_view, std::size_t> kinds;
    std::size_t width = 1;
};

Part part_of(const Column& column) {
    if (column.numeric() || column.words == 0) return {&column, {}, column.count() == 0 ? 0U : 1U};
    Part part{&column, kinds_of(column)};
    part.width = part.kinds.size() > kMostKinds ? kHashed : part.kinds.size();
    return part;
}

void fill(const Part& part, Matrix& out, std::size_t at) {
    if (part.kinds.empty()) return fill_numbers(*part.column, out, at);
    if (part.kinds.size() > kMostKinds) return fill_hashed(*part.column, out, at);
    for (const Cell& cell : part.column->cells)
        out.values[cell.row * out.width + at + part.kinds.at(part.column->text(cell))] = 1;
}

Features table_features(const Subject& subject) {
    std::vector<Part> parts;
    Features out;
    const auto items = static_cast<std::size_t>(subject.items());
    const std::size_t room = std::min(kMostWidth, kMostNumbers / std::max<std::size_t>(1, items));
    for (const Column& column : subject.columns) {
        Part part = part_of(column);
        if (part.width == 0) continue;
        if (out.matrix.width + part.width > room) {
            out.left_out.push_back(column.name);
            continue;
        }
        out.matrix.width += part.width;
        parts.push_back(std::move(part));
    }
    out.matrix.values.assign(items * out.matrix.width, 0);
    std::size_t at = 0;
    for (const Part& part : parts) {
        fill(part, out.matrix, at);
        at += part.width;
    }
    return out;
}

}  // namespace

Features features_of(const Subject& subject) {
    Features out = subject.columns.empty() ? Features{subject.values, {}} : table_features(subject);
    for (float& value : out.matrix.values)
        if (!std::isfinite(value)) value = 0;
    if (!subject.pictures()) standardise(out.matrix);
    return out;
}

}  // namespace bartizan::quality
