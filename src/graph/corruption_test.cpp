// Laws over damaged copies of someone else's models. Variants are numbered and seeded: a failure names its own.

#include <filesystem>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "core/random.h"
#include "graph/graph.h"
#include "graph/graph_testing.h"
#include "graph/wire.h"

namespace bartizan::graph {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargest = 4096;
constexpr int kVariantsPerModel = 12;
const Limits kSmall{.tensor_bytes = std::uint64_t{64} << 20};

/// Some of the small conformance models, the same ones on every run.
std::vector<std::string> models() {
    std::vector<fs::path> paths;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator("/usr/share/libonnx-testdata/data", error))
        if (entry.path().extension() == ".onnx" && entry.file_size() <= kLargest) paths.push_back(entry.path());
    std::ranges::sort(paths);
    std::vector<std::string> contents;
    for (std::size_t i = 0; i < paths.size(); i += 7) contents.push_back(testing::content_of(paths[i]));
    return contents;
}

/// A copy with a few bytes replaced, removed or doubled.
std::string damaged(std::string file, std::uint64_t variant) {
    Random random(11, variant);
    for (std::uint64_t left = 1 + random.below(3); left > 0; --left) {
        const std::size_t position = random.below(file.size());
        const std::size_t count = std::min<std::size_t>(1 + random.below(8), file.size() - position);
        switch (random.below(4)) {
            case 0:
                file.erase(position, count);
                break;
            case 1:
                file.insert(position, file.substr(position, count));
                break;
            default:
                file[position] = static_cast<char>(random.bits32());
        }
        if (file.empty()) file = "x";
    }
    return file;
}

/// Calls `check(file, variant)` with every damaged copy.
template <class Check>
void for_each_damaged(const std::vector<std::string>& files, Check check) {
    std::uint64_t variant = 0;
    for (const std::string& file : files)
        for (int i = 0; i < kVariantsPerModel; ++i, ++variant) check(damaged(file, variant), variant);
}

TEST(Corruption, NeverCrashesTheImporterAndWhatItAcceptsSurvivesTheFile) {
    const auto files = models();
    if (files.empty()) GTEST_SKIP() << "libonnx-testdata is not installed";
    int accepted = 0, refused = 0;
    for_each_damaged(files, [&](const std::string& file, std::uint64_t variant) {
        const auto graph = parse_onnx(testing::bytes_of(file), {}, kSmall);
        ++(graph.ok() ? accepted : refused);
        if (!graph.ok()) {
            EXPECT_NE(graph.error().code(), Errc::internal) << variant << ": " << graph.error().line();
            return;
        }
        const auto written = serialize_onnx(*graph);
        if (!written.ok()) return;
        const auto again = parse_onnx(testing::bytes_of(*written));
        ASSERT_TRUE(again.ok()) << variant << ": " << again.error().line();
        EXPECT_EQ(testing::difference(*graph, *again), "") << variant;
    });
    std::printf("%d accepted, %d refused\n", accepted, refused);
    EXPECT_GT(accepted, 0);
    EXPECT_GT(refused, accepted / 10);
}

TEST(Corruption, IsSeenByTheWalkOverTheWireJustWhereProtobufSeesIt) {
    const auto files = models();
    if (files.empty()) GTEST_SKIP() << "libonnx-testdata is not installed";
    int both_refuse = 0;
    for_each_damaged(files, [&](const std::string& file, std::uint64_t variant) {
        const auto walked = check_wire(testing::bytes_of(file), WireRoot::model, {});
        onnx::ModelProto message;
        const bool parsed = message.ParseFromString(file);
        if (walked.ok()) EXPECT_TRUE(parsed) << variant;
        // Groups are legal on the wire and in no ONNX file.
        if (!walked.ok() && parsed)
            EXPECT_THAT(walked.error().line(), ::testing::HasSubstr("no field has this form")) << variant;
        both_refuse += !walked.ok() && !parsed ? 1 : 0;
    });
    EXPECT_GT(both_refuse, 100);
}

TEST(Corruption, OfATensorNeverCrashes) {
    const std::string file =
        testing::tensor_from_text("dims: [2, 3] data_type: 1 name: 't' float_data: [1, 2, 3, 4, 5, 6]");
    int refused = 0;
    for (std::uint64_t variant = 0; variant < 2000; ++variant) {
        const auto array = parse_tensor(testing::bytes_of(damaged(file, variant)), kSmall);
        refused += array.ok() ? 0 : 1;
        if (array.ok())
            EXPECT_EQ(array->bytes().size(), static_cast<std::size_t>(array->size()) * size_of(array->dtype()));
    }
    EXPECT_GT(refused, 500);
    EXPECT_LT(refused, 2000);
}

}  // namespace
}  // namespace bartizan::graph
