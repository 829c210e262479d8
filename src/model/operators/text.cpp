// TfIdfVectorizer over integers: how often each n-gram of a pool occurs in a sequence, with gaps allowed.
#include <algorithm>
#include <map>

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace text {
namespace {

/// Bounds n-gram lengths and skips, so that work is at most this much a token.
constexpr std::int64_t kMaxGram = 64;

enum class Weighting { count, weight_if_present, weighted_count };

struct Vectorizer {
    std::map<std::vector<std::int64_t>, std::size_t> pool;  ///< n-gram to its number
    std::vector<std::int64_t> columns;                      ///< of each n-gram, in the output
    std::vector<float> weights;                             ///< of each n-gram; empty: all one
    std::int64_t min_length = 1;
    std::int64_t max_length = 1;
    std::int64_t max_skip = 0;
    std::int64_t width = 0;
    Weighting weighting = Weighting::count;

    void vectorize(std::span<const std::int64_t> row, float* out) const;
    void count(std::span<const std::int64_t> row, std::int64_t length, std::int64_t stride, float* out) const;
};

void Vectorizer::count(std::span<const std::int64_t> row, std::int64_t length, std::int64_t stride, float* out) const {
    const std::int64_t reach = (length - 1) * stride;
    std::vector<std::int64_t> gram(static_cast<std::size_t>(length));
    for (std::int64_t start = 0; start + reach < static_cast<std::int64_t>(row.size()); ++start) {
        for (std::int64_t i = 0; i < length; ++i)
            gram[static_cast<std::size_t>(i)] = row[static_cast<std::size_t>(start + i * stride)];
        if (const auto found = pool.find(gram); found != pool.end()) out[columns[found->second]] += 1;
    }
}

void Vectorizer::vectorize(std::span<const std::int64_t> row, float* out) const {
    for (std::int64_t length = min_length; length <= max_length; ++length)
        for (std::int64_t skip = 0; skip <= (length == 1 ? 0 : max_skip); ++skip) count(row, length, skip + 1, out);
    if (weighting == Weighting::count || weights.empty()) {
        if (weighting == Weighting::weight_if_present)
            for (std::int64_t c = 0; c < width; ++c) out[c] = out[c] > 0 ? 1.0F : 0.0F;
        return;
    }
    for (std::size_t g = 0; g < columns.size(); ++g) {
        float& value = out[columns[g]];
        if (weighting == Weighting::weight_if_present)
            value = value > 0 ? weights[g] : 0;
        else
            value *= weights[g];
    }
}

Result<void> read_scheme(const graph::Node& node, Vectorizer& vectorizer) {
    vectorizer.weighting = BARTIZAN_TRY(choice<Weighting>(
        node, "mode", "",
        {{"TF", Weighting::count}, {"IDF", Weighting::weight_if_present}, {"TFIDF", Weighting::weighted_count}}));
    vectorizer.min_length = BARTIZAN_TRY(node.integer("min_gram_length", 1));
    vectorizer.max_length = BARTIZAN_TRY(node.integer("max_gram_length", 1));
    vectorizer.max_skip = BARTIZAN_TRY(node.integer("max_skip_count", 0));
    const bool ordered = 1 <= vectorizer.min_length && vectorizer.min_length <= vectorizer.max_length;
    if (!ordered || vectorizer.max_length > kMaxGram || vectorizer.max_skip < 0 || vectorizer.max_skip > kMaxGram)
        return invalid_input("TfIdfVectorizer with lengths or skips outside [1, " + std::to_string(kMaxGram) + "]");
    return {};
}

/// `ngram_counts[k]` is where the n-grams of k + 1 items begin in the pool.
Result<void> read_pool(const graph::Node& node, Vectorizer& vectorizer) {
    const std::vector<std::int64_t> items = BARTIZAN_TRY(node.integers("pool_int64s", {}));
    std::vector<std::int64_t> starts = BARTIZAN_TRY(node.integers("ngram_counts", {}));
    starts.push_back(static_cast<std::int64_t>(items.size()));
    for (std::size_t k = 0; k + 1 < starts.size(); ++k) {
        const auto length = static_cast<std::int64_t>(k + 1);
        if (starts[k] < 0 || starts[k] > starts[k + 1] || starts[k + 1] > starts.back() ||
            (starts[k + 1] - starts[k]) % length != 0)
            return invalid_input("TfIdfVectorizer attribute 'ngram_counts' does not fit the pool");
        for (std::int64_t at = starts[k]; at < starts[k + 1]; at += length)
            vectorizer.pool.try_emplace({items.begin() + at, items.begin() + at + length}, vectorizer.pool.size());
    }
    return {};
}

Result<void> read_columns(const graph::Node& node, Vectorizer& vectorizer) {
    vectorizer.columns = BARTIZAN_TRY(node.integers("ngram_indexes", {}));
    vectorizer.weights = BARTIZAN_TRY(node.reals("weights", {}));
    if (vectorizer.columns.size() != vectorizer.pool.size())
        return invalid_input("TfIdfVectorizer with " + std::to_string(vectorizer.pool.size()) + " n-grams and " +
                             std::to_string(vectorizer.columns.size()) + " indexes");
    if (!vectorizer.weights.empty() && vectorizer.weights.size() != vectorizer.columns.size())
        return invalid_input("TfIdfVectorizer with as many weights as n-grams wanted");
    for (const std::int64_t column : vectorizer.columns) {
        BARTIZAN_TRY(check_output({column}));
        vectorizer.width = std::max(vectorizer.width, column + 1);
    }
    return {};
}

Result<at::Tensor> run(const Vectorizer& vectorizer, const at::Tensor& given) {
    if (given.dim() > 2) return invalid_input("TfIdfVectorizer of rank " + std::to_string(given.dim()));
    const at::Tensor x = given.to(at::kLong).contiguous();
    const std::int64_t rows = x.dim() == 2 ? x.size(0) : 1;
    const std::int64_t length = x.dim() == 0 ? 1 : x.size(-1);
    BARTIZAN_TRY(check_output({rows, vectorizer.width}));
    const at::Tensor out = at::zeros({rows, vectorizer.width}, at::kFloat);
    for (std::int64_t row = 0; row < rows; ++row)
        vectorizer.vectorize({x.data_ptr<std::int64_t>() + row * length, static_cast<std::size_t>(length)},
                             out.data_ptr<float>() + row * vectorizer.width);
    return x.dim() == 2 ? out : out.squeeze(0);
}

Result<Kernel> tf_idf(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    if (node.has("pool_strings")) return unsupported("TfIdfVectorizer over strings");
    Vectorizer vectorizer;
    BARTIZAN_TRY(read_scheme(node, vectorizer));
    BARTIZAN_TRY(read_pool(node, vectorizer));
    BARTIZAN_TRY(read_columns(node, vectorizer));
    return single([vectorizer](const Call& call) { return run(vectorizer, call.inputs[0]); });
}

constexpr OperatorSpec kOperators[] = {{"", "TfIdfVectorizer", 9, Gradient::none, tf_idf}};

}  // namespace
}  // namespace text

std::span<const OperatorSpec> text_operators() { return text::kOperators; }

}  // namespace bartizan::model::operators
