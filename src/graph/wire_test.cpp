// Files that are cut short, damaged, or made to cost more than they weigh.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "graph/builder.h"
#include "graph/graph.h"
#include "graph/graph_testing.h"

namespace bartizan::graph {
namespace {

using testing::error_of;
using ::testing::HasSubstr;

/// A small convolutional classifier as a file.
std::string valid_file() {
    GraphBuilder builder("classifier");
    const std::string x = builder.input("x", DType::f32, {-1, 1, 4, 4});
    const std::string w = builder.initializer("w", {2, 1, 3, 3}, std::vector<float>(18, 0.5F));
    const std::string c = builder.node("Conv", {x, w}, {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}});
    const std::string f = builder.node("Flatten", {builder.node("Relu", {c})}, {{"axis", std::int64_t{1}}});
    builder.output(f, DType::f32, {-1, 32});
    const auto graph = std::move(builder).build();
    EXPECT_TRUE(graph.ok()) << error_of(graph);
    return *serialize_onnx(*graph);
}

TEST(DamagedFile, IsRefusedAtEveryLengthButTheWhole) {
    const std::string file = valid_file();
    ASSERT_TRUE(parse_onnx(testing::bytes_of(file)).ok());
    for (std::size_t length = 0; length < file.size(); ++length) {
        const auto graph = parse_onnx(testing::bytes_of(file.substr(0, length)));
        ASSERT_FALSE(graph.ok()) << length;
        EXPECT_EQ(graph.error().code(), Errc::invalid_input) << length << ": " << error_of(graph);
    }
}

TEST(DamagedFile, NamesTheByteWhereItBreaksOff) {
    const std::string file = valid_file();
    const std::string line = error_of(parse_onnx(testing::bytes_of(file.substr(0, file.size() / 2))));
    EXPECT_THAT(line, ::testing::ContainsRegex("byte [0-9]+: in model: graph of [0-9]+ bytes, [0-9]+ are left"));
}

TEST(DamagedFile, NeverCrashesWithFlippedBytes) {
    const std::string file = valid_file();
    int accepted = 0;
    for (std::uint64_t variant = 0; variant < 3000; ++variant) {
        Random random(7, variant);
        std::string damaged = file;
        const std::uint64_t flips = 1 + random.below(4);
        for (std::uint64_t i = 0; i < flips; ++i)
            damaged[random.below(damaged.size())] = static_cast<char>(random.bits32());
        const auto graph = parse_onnx(testing::bytes_of(damaged), {}, {.tensor_bytes = 1 << 26});
        if (!graph.ok()) continue;
        ++accepted;
        // What was let in can be written and read again.
        const auto written = serialize_onnx(*graph);
        if (written.ok()) EXPECT_TRUE(parse_onnx(testing::bytes_of(*written)).ok()) << variant;
    }
    // Flips inside weights change nothing that can be checked.
    EXPECT_GT(accepted, 10);
    EXPECT_LT(accepted, 2500);
}

TEST(DamagedFile, IsRefusedWhenItIsSomethingElse) {
    for (const std::string& content :
         {std::string(), std::string("PK\x03\x04 a zip archive"), std::string("{\"json\": true}"),
          std::string(1000, '\0'), std::string(1000, '\xff'), std::string("\x80\x04\x95 a pickle")}) {
        const auto graph = parse_onnx(testing::bytes_of(content));
        ASSERT_FALSE(graph.ok());
        EXPECT_EQ(graph.error().code(), Errc::invalid_input);
        EXPECT_FALSE(parse_tensor(testing::bytes_of(content)).ok());
    }
}

TEST(DamagedFile, IsNamedWithItsPath) {
    const auto gone = load_onnx("no_such_model.onnx");
    ASSERT_FALSE(gone.ok());
    EXPECT_EQ(gone.error().code(), Errc::not_found);
    EXPECT_THAT(error_of(gone), HasSubstr("no_such_model.onnx"));
}

std::string nested(const std::string& tag, const std::string& inner) {
    std::string size;
    for (std::size_t left = inner.size(); size.empty() || left > 0; left >>= 7)
        size += static_cast<char>((left & 127) | (left > 127 ? 128 : 0));
    return tag + size + inner;
}

TEST(CostlyFile, MayNotHoldMoreMessagesThanItsNodesNeed) {
    // Each empty node is two bytes in the file and hundreds in memory.
    std::string nodes;
    for (int i = 0; i < 100'000; ++i) nodes += std::string("\x0a\x00", 2);
    const auto graph = parse_onnx(testing::bytes_of(nested("\x3a", nodes)), {}, {.nodes = 1000});
    ASSERT_FALSE(graph.ok());
    EXPECT_EQ(graph.error().code(), Errc::exhausted);
    EXPECT_THAT(error_of(graph), HasSubstr("more nodes, tensors and types"));
}

TEST(CostlyFile, MayNotTakeMoreMemoryThanTheLimit) {
    // Packed one-byte numbers become eight bytes each; short texts become objects.
    const std::string packed = nested("\x3a", nested("\x2a", nested("\x3a", std::string(100'000, '\1'))));
    std::string texts;
    for (int i = 0; i < 20'000; ++i) texts += std::string("\x0a\x00", 2);
    const std::string inputs = nested("\x3a", nested("\x0a", texts));
    for (const std::string& file : {packed, inputs}) {
        const auto graph = parse_onnx(testing::bytes_of(file), {}, {.tensor_bytes = 1'000'000});
        ASSERT_FALSE(graph.ok());
        EXPECT_EQ(graph.error().code(), Errc::exhausted);
        EXPECT_THAT(error_of(graph), HasSubstr("bytes of memory"));
    }
}

TEST(CostlyFile, MayNotNestTypesWithoutEnd) {
    // A sequence of sequences of ... : TypeProto.sequence_type (4), Sequence.elem_type (1).
    std::string type;
    for (int i = 0; i < 5000; ++i) type = nested("\x22", nested("\x0a", type));
    const std::string file = nested("\x3a", nested("\x5a", nested("\x12", type)));
    const auto graph = parse_onnx(testing::bytes_of(file));
    ASSERT_FALSE(graph.ok());
    EXPECT_EQ(graph.error().code(), Errc::exhausted);
    EXPECT_THAT(error_of(graph), HasSubstr("nest too deep"));
}

TEST(CostlyFile, MayNotHideInGroups) {
    // Start-group tags (wire type 3) nest one level a byte; no field of the format uses them.
    EXPECT_THAT(error_of(parse_onnx(testing::bytes_of(std::string(5000, '\x0b')))),
                HasSubstr("no field has this form"));
}

}  // namespace
}  // namespace bartizan::graph
