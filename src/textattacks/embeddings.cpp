#include "textattacks/embeddings.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "core/file.h"

namespace bartizan::textattacks {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{2} << 30;
constexpr std::size_t kMostWords = 2'000'000, kMostWidth = 4096;

std::vector<std::string_view> fields_of(std::string_view line) {
    std::vector<std::string_view> fields;
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        if (end > at) fields.push_back(line.substr(at, end - at));
        at = end + 1;
        if (fields.size() > kMostWidth + 1) break;
    }
    return fields;
}

}  // namespace

Result<Embeddings> Embeddings::open(const std::filesystem::path& path) {
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    if (file->bytes().size() > kMostBytes) return exhausted("the embeddings are larger than 2 GiB");
    return parse({reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()})
        .within("embeddings '" + path.string() + "'");
}

Result<Embeddings> Embeddings::parse(std::string_view text) {
    Embeddings made;
    std::int64_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string_view line = text.substr(at, end - at);
        at = end + 1;
        ++number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        const auto fields = fields_of(line);
        if (fields.empty() || (number == 1 && fields.size() == 2)) continue;  // "400000 300"
        if (made.width_ == 0) made.width_ = fields.size() - 1;
        if (fields.size() != made.width_ + 1 || made.width_ == 0 || made.width_ > kMostWidth)
            return invalid_input(fmt::format("line {} has {} numbers, others {}", number, fields.size() - 1, made.width_));
        double square = 0;
        for (std::size_t i = 1; i < fields.size(); ++i) {
            float value = 0;
            const auto [stop, error] = std::from_chars(fields[i].data(), fields[i].data() + fields[i].size(), value);
            if (error != std::errc() || stop != fields[i].data() + fields[i].size() || !std::isfinite(value))
                return invalid_input(fmt::format("line {}: a value is no number", number));
            made.values_.push_back(value);
            square += static_cast<double>(value) * value;
        }
        const double scale = square > 0 ? 1 / std::sqrt(square) : 0;  // in double: of a tiny vector it is beyond float
        for (std::size_t i = made.values_.size() - made.width_; i < made.values_.size(); ++i)
            made.values_[i] = static_cast<float>(made.values_[i] * scale);
        made.index_.try_emplace(std::string(fields[0]), made.words_.size());
        made.words_.emplace_back(fields[0]);
        if (made.words_.size() > kMostWords) return exhausted("more than two million words");
    }
    if (made.words_.empty()) return invalid_input("there are no word vectors in it");
    return made;
}

std::vector<Embeddings::Neighbour> Embeddings::nearest(std::string_view word, std::size_t count, double least) const {
    const auto found = index_.find(std::string(word));
    if (found == index_.end()) return {};
    const float* mine = values_.data() + found->second * width_;
    std::vector<Neighbour> all;
    for (std::size_t i = 0; i < words_.size(); ++i) {
        if (i == found->second) continue;
        double similarity = 0;
        for (std::size_t j = 0; j < width_; ++j) similarity += static_cast<double>(mine[j]) * values_[i * width_ + j];
        if (similarity >= least) all.push_back({words_[i], similarity});
    }
    std::ranges::sort(all, [](const Neighbour& a, const Neighbour& b) {
        return a.similarity != b.similarity ? a.similarity > b.similarity : a.word < b.word;
    });
    if (all.size() > count) all.resize(count);
    return all;
}

}  // namespace bartizan::textattacks
