#include "training/text_cnn.h"

#include <cmath>
#include <string>
#include <vector>

#include "core/random.h"
#include "graph/builder.h"

namespace bartizan::training {
namespace text_cnn {
namespace {

constexpr std::int64_t kTextOpset = 13;
constexpr std::int64_t kKernels[] = {3, 5};
// Small, so that what the filters see of a token is learnt: large random ones are learnt by heart (0.70 for 0.80 of SST-2).
constexpr double kEmbedding = 0.05;

std::vector<float> normal(std::int64_t count, double deviation, std::uint64_t seed, std::uint64_t stream) {
    std::vector<float> values(static_cast<std::size_t>(count));
    Random random(seed, stream, 0x7e10);
    for (float& value : values) value = static_cast<float>(deviation) * random.normal();
    return values;
}

}  // namespace
}  // namespace text_cnn

Result<graph::Graph> build_text_cnn(const TextCnnOptions& options) {
    using namespace text_cnn;
    if (options.length < 5 || options.length > 4096)
        return invalid_input("a text of " + std::to_string(options.length) + " tokens", "give --length 5 to 4096");
    if (options.vocabulary < 2 || options.vocabulary > 1'000'000 || options.classes < 2)
        return invalid_input("two classes and two tokens are needed at least", "does the data have labels of two classes?");
    graph::GraphBuilder builder("text-cnn", kTextOpset);
    const std::string ids = builder.input("input_ids", DType::i64, {-1, options.length});
    const std::int64_t width = options.width, filters = options.filters;
    const std::string table = builder.initializer<float>("embedding.weight", {options.vocabulary, width},
                                                         normal(options.vocabulary * width, kEmbedding, options.seed, 0));
    const std::string embedded = builder.node("Gather", {table, ids}, {{"axis", std::int64_t{0}}}, "embedded");
    const std::string turned = builder.node("Transpose", {embedded}, {{"perm", std::vector<std::int64_t>{0, 2, 1}}});
    std::vector<std::string> pooled;
    for (const std::int64_t kernel : kKernels) {
        const std::string name = "conv" + std::to_string(kernel);
        const double deviation = std::sqrt(2.0 / static_cast<double>(width * kernel));
        const std::string weight =
            builder.initializer<float>(name + ".weight", {filters, width, kernel},
                                       normal(filters * width * kernel, deviation, options.seed,
                                              static_cast<std::uint64_t>(kernel)));
        const std::string bias = builder.initializer<float>(
            name + ".bias", {filters}, std::vector<float>(static_cast<std::size_t>(filters), 0.0F));
        const std::string answers = builder.node("Conv", {turned, weight, bias},
                                                 {{"kernel_shape", std::vector<std::int64_t>{kernel}},
                                                  {"pads", std::vector<std::int64_t>{kernel / 2, kernel / 2}}},
                                                 name);
        pooled.push_back(builder.node("GlobalMaxPool", {builder.node("Relu", {answers})}));
    }
    const std::string joined = builder.node("Concat", pooled, {{"axis", std::int64_t{1}}});
    const std::string flat = builder.node("Flatten", {joined}, {{"axis", std::int64_t{1}}});
    const std::int64_t features = filters * std::ssize(kKernels);
    const std::string weight = builder.initializer<float>(
        "out.weight", {options.classes, features},
        normal(options.classes * features, std::sqrt(1.0 / static_cast<double>(features)), options.seed, 1));
    const std::string bias = builder.initializer<float>(
        "out.bias", {options.classes}, std::vector<float>(static_cast<std::size_t>(options.classes), 0.0F));
    builder.output(builder.node("Gemm", {flat, weight, bias}, {{"transB", std::int64_t{1}}}, "logits"), DType::f32,
                   {-1, options.classes});
    return std::move(builder).build();
}

}  // namespace bartizan::training
