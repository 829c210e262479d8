/// Files, JSON, parameters, statistics, progress, arrays, contexts: the small parts of `core`.
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bartizan/ndarray.h"
#include "bartizan/params.h"
#include "bartizan/run_context.h"
#include "core/file.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/statistics.h"

namespace bartizan {
namespace {

class Folder : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path folder_;
};

using File = Folder;

TEST_F(File, WritesWhatItReads) {
    ASSERT_TRUE(write_file_atomically(folder_ / "a", std::string_view("hello")).ok());
    EXPECT_EQ(read_file(folder_ / "a", 100).value(), "hello");
    const auto mapped = MappedFile::open(folder_ / "a");
    ASSERT_TRUE(mapped.ok());
    EXPECT_EQ((*mapped)->bytes().size(), 5U);
}

TEST_F(File, RefusesWhatItCannotRead) {
    EXPECT_EQ(read_file(folder_ / "none", 100).error().code(), Errc::not_found);
    EXPECT_EQ(read_file(folder_, 100).error().code(), Errc::invalid_input);
    EXPECT_EQ(read_file("/dev/zero", 100).error().code(), Errc::invalid_input);
    ASSERT_TRUE(write_file_atomically(folder_ / "a", std::string_view("hello")).ok());
    EXPECT_EQ(read_file(folder_ / "a", 4).error().code(), Errc::exhausted);
}

TEST_F(File, LeavesNothingBehindWhenTheDiskIsFull) {
    ASSERT_TRUE(write_file_atomically(folder_ / "a", std::string_view("old")).ok());
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit tight{1024, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
    const auto written = write_file_atomically(folder_ / "a", std::string(1 << 16, 'x'));
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_EQ(written.error().code(), Errc::exhausted);
    EXPECT_EQ(read_file(folder_ / "a", 100).value(), "old");
    int files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_)) ++files;
    EXPECT_EQ(files, 1);
}

TEST(Json, RefusesDeepNestingBeforeParsing) {
    EXPECT_EQ(parse_json(std::string(100'000, '[')).error().code(), Errc::invalid_input);
    EXPECT_TRUE(parse_json("{\"a\": [1, 2, \"[[[\"]}").ok());
    EXPECT_EQ(parse_json("{\"a\": }").error().code(), Errc::invalid_input);
    EXPECT_EQ(parse_json("[1]", {.bytes = 2}).error().code(), Errc::exhausted);
}

TEST(Params, TakesFractionsAndChecksRanges) {
    static constexpr ParamSpec kSpecs[] = {{"eps", ParamKind::number, 0.1, 0, 1, "radius"},
                                           {"steps", ParamKind::integer, 10, 1, 100, "steps"},
                                           {"random-start", ParamKind::flag, 1, 0, 1, "start anywhere"}};
    const auto params = Params::make(kSpecs, {{"eps", "8/255"}, {"random-start", "false"}});
    ASSERT_TRUE(params.ok());
    EXPECT_DOUBLE_EQ(params->number("eps"), 8.0 / 255);
    EXPECT_EQ(params->integer("steps"), 10);
    EXPECT_FALSE(params->flag("random-start"));
    EXPECT_FALSE(Params::make(kSpecs, {{"eps", "2"}}).ok());
    EXPECT_FALSE(Params::make(kSpecs, {{"steps", "1.5"}}).ok());
    EXPECT_FALSE(Params::make(kSpecs, {{"nope", "1"}}).ok());
    EXPECT_FALSE(parse_number("1/0").ok());
    EXPECT_FALSE(parse_number("nan").ok());
    EXPECT_FALSE(parse_number("1e999").ok());
}

// Published example: Newcombe 1998, table I, method 3 (Wilson score without continuity correction).
TEST(Statistics, WilsonAgreesWithNewcombe) {
    const Interval a = wilson_interval(81, 263);
    EXPECT_NEAR(a.low, 0.2553, 5e-5);
    EXPECT_NEAR(a.high, 0.3662, 5e-5);
    const Interval b = wilson_interval(15, 148);
    EXPECT_NEAR(b.low, 0.0624, 5e-5);
    EXPECT_NEAR(b.high, 0.1605, 5e-5);
    const Interval c = wilson_interval(0, 20);
    EXPECT_DOUBLE_EQ(c.low, 0);
    EXPECT_NEAR(c.high, 0.1611, 5e-5);
}

TEST(Statistics, QuantileInterpolatesAsNumPyDoes) {
    const std::vector<double> values = {1, 2, 4, 8};
    EXPECT_DOUBLE_EQ(quantile(values, 0.5), 3);
    EXPECT_DOUBLE_EQ(quantile(values, 0.9), 6.8);
    EXPECT_DOUBLE_EQ(quantile(values, 1), 8);
    EXPECT_TRUE(std::isnan(quantile({}, 0.5)));
}

TEST(Progress, WritesPlainLinesEveryFewSecondsElsewhereThanOnATerminal) {
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* out = open_memstream(&text, &size);
    auto now = std::chrono::steady_clock::time_point{};
    {
        TextProgress progress(out, ProgressStyle::lines, [&] { return now; });
        for (std::uint64_t done = 0; done <= 20; ++done) {
            progress.update({.stage = "pgd", .done = done, .total = 20});
            now += std::chrono::seconds(1);
        }
    }
    std::fclose(out);
    const std::string lines(text, size);
    std::free(text);
    EXPECT_NE(lines.find("pgd   25%  5/20 samples  1/s  15.0 s left\n"), std::string::npos) << lines;
    EXPECT_NE(lines.find("pgd  100%  20/20 samples  1/s  in 20.0 s\n"), std::string::npos) << lines;
    EXPECT_LE(std::count(lines.begin(), lines.end(), '\n'), 5);
}

TEST(Progress, QuietWritesNothing) {
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* out = open_memstream(&text, &size);
    {
        TextProgress progress(out, ProgressStyle::quiet);
        progress.update({.stage = "pgd", .done = 20, .total = 20});
    }
    std::fclose(out);
    EXPECT_EQ(size, 0U);
    std::free(text);
}

TEST(Progress, DurationsReadWell) {
    EXPECT_EQ(human_duration(0.85), "850 ms");
    EXPECT_EQ(human_duration(12.34), "12.3 s");
    EXPECT_EQ(human_duration(245), "4 min 05 s");
    EXPECT_EQ(human_duration(7800), "2 h 10 min");
}

class CountingSink final : public ProgressSink {
public:
    void update(const Progress&) override { ++updates; }
    int updates = 0;
};

TEST(RunContext, TellsThePartsOfItsWorkElsewhereAndStopsThemStill) {
    CountingSink whole, part;
    CancelToken cancel;
    const RunContext context({.seed = 7, .cancel = &cancel, .progress = &whole});
    const RunContext inner = context.with_progress(&part);
    inner.progress({"inner", 1, 2});
    EXPECT_EQ(whole.updates, 0);
    EXPECT_EQ(part.updates, 1);
    EXPECT_EQ(inner.seed(), 7U);
    cancel.cancel();
    EXPECT_TRUE(inner.stop_requested());
}

TEST(RunContext, StopsWhenAskedOrOutOfTime) {
    CancelToken cancel;
    auto now = std::chrono::steady_clock::time_point{};
    const RunContext context(
        {.threads = 3, .deadline = now + std::chrono::seconds(10), .cancel = &cancel, .clock = [&] { return now; }});
    EXPECT_EQ(context.threads(), 3);
    EXPECT_TRUE(context.checkpoint().ok());
    now += std::chrono::seconds(10);
    EXPECT_EQ(context.checkpoint().error().message(), "out of time");
    cancel.cancel();
    EXPECT_EQ(context.checkpoint().error().message(), "stopped on request");
}

TEST(NdArray, ChecksSizesBeforeItAllocates) {
    EXPECT_EQ(NdArray::zeros(DType::f32, {1 << 20, 1 << 20, 1 << 20}).error().code(), Errc::exhausted);
    EXPECT_EQ(NdArray::zeros(DType::f32, {2, -1}).error().code(), Errc::invalid_input);
    EXPECT_EQ(NdArray::zeros(DType::f32, {0, std::int64_t{1} << 62}).value().size(), 0);
}

TEST(NdArray, SharesBytesBetweenRowsAndViews) {
    const std::vector<float> values = {1, 2, 3, 4, 5, 6};
    const NdArray array = NdArray::from<float>({3, 2}, values).value();
    const NdArray rows = array.rows(1, 2).value();
    EXPECT_EQ(rows.shape(), (Shape{2, 2}));
    EXPECT_EQ(rows.values<float>()[0], 3);
    EXPECT_EQ(array.reshaped({6}).value().values<float>()[5], 6);
    EXPECT_FALSE(array.rows(2, 2).ok());
    EXPECT_FALSE(array.reshaped({7}).ok());
    EXPECT_FALSE(NdArray::view(DType::f32, {2}, array.bytes(), array.owner()).ok());
}

TEST(Json, ObjectsOfVeryManyKeysAreRefusedAtOnce) {
    std::string text = "{\"a\": [{\"k\": \"::::\"}]";
    for (int i = 0; i < 30'000; ++i) text += ",\"key" + std::to_string(i) + "\":0";
    const auto refused = parse_json(text + "}");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Errc::exhausted) << refused.error().line();
    EXPECT_TRUE(parse_json(text + "}", {.keys = 40'000}).ok());
    std::string list = "[";
    for (int i = 0; i < 30'000; ++i) list += "{\"k\":1},";
    EXPECT_TRUE(parse_json(list + "0]").ok()) << "each object has its own";
}

}  // namespace
}  // namespace bartizan
