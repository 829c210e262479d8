// Someone else's models: those of libonnx-testdata, and the trial data where it is present.

#include <cstdlib>
#include <filesystem>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "graph/graph.h"
#include "graph/graph_testing.h"

namespace bartizan::graph {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_named(const fs::path& folder, std::string_view extension) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(folder, error))
        if (entry.path().extension() == extension) files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

/// "same", "refused" when the file or its writing is unsupported; a failure otherwise.
std::string round_trip(const fs::path& path) {
    const auto loaded = load_onnx(path);
    if (!loaded.ok()) {
        EXPECT_EQ(loaded.error().code(), Errc::unsupported) << loaded.error().line();
        return "refused";
    }
    const auto written = serialize_onnx(*loaded);
    if (!written.ok()) {
        EXPECT_EQ(written.error().code(), Errc::unsupported) << path << ": " << written.error().line();
        return "not written";
    }
    const auto again = parse_onnx(testing::bytes_of(*written));
    EXPECT_TRUE(again.ok()) << path << ": " << again.error().line();
    if (!again.ok()) return "broken";
    EXPECT_EQ(testing::difference(*loaded, *again), "") << path;
    return "same";
}

void expect_round_trips(const std::vector<fs::path>& files) {
    std::map<std::string, int> counts;
    for (const fs::path& path : files) ++counts[round_trip(path)];
    for (const auto& [outcome, count] : counts) std::printf("%-12s %d of %zu\n", outcome.c_str(), count, files.size());
    EXPECT_GE(counts["same"], static_cast<int>(files.size() * 9 / 10));
}

TEST(RoundTrip, KeepsEveryConformanceModel) {
    const auto files = files_named("/usr/share/libonnx-testdata/data", ".onnx");
    if (files.empty()) GTEST_SKIP() << "libonnx-testdata is not installed";
    expect_round_trips(files);
}

TEST(RoundTrip, KeepsEveryTrialModel) {
    const char* folder = std::getenv("BARTIZAN_TRIAL_DATA");
    if (folder == nullptr) GTEST_SKIP() << "BARTIZAN_TRIAL_DATA is not set";
    expect_round_trips(files_named(fs::path(folder) / "models", ".onnx"));
}

TEST(RoundTrip, ReadsEveryConformanceTensor) {
    const auto files = files_named("/usr/share/libonnx-testdata/data", ".pb");
    if (files.empty()) GTEST_SKIP() << "libonnx-testdata is not installed";
    int read = 0;
    for (const fs::path& path : files) {
        const auto tensor = parse_tensor(testing::bytes_of(testing::content_of(path)));
        read += tensor.ok() ? 1 : 0;
    }
    std::printf("read %d of %zu\n", read, files.size());
    EXPECT_GE(read, static_cast<int>(files.size() * 9 / 10));
}

}  // namespace
}  // namespace bartizan::graph
