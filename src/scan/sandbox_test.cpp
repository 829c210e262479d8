/// Children that do what a parser taken over by an attacker would do.
#include "scan/sandbox.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scan/confine.h"
#include "scan/result_wire.h"
#include "scan/scan_testing.h"

namespace bartizan::scan {
namespace {

class Sandbox : public ::testing::Test {
protected:
    void SetUp() override {
        if (const std::string why = obstacle_to_confinement(); !why.empty()) GTEST_SKIP() << why;
    }
    /// Judges "good0", "bad", "good1", ... with `harm` done over "bad".
    std::vector<FileResult> around(const std::function<void()>& harm, std::size_t jobs = 2, double seconds = 60) const {
        std::vector<Target> targets;
        for (int i = 0; i < 12; ++i) targets.push_back({.path = i == 5 ? "bad" : "good" + std::to_string(i)});
        const auto results = judge_in_sandbox(
            targets, jobs,
            [&](const Target& target) {
                if (target.path == "bad") harm();
                return FileResult{.path = target.path.string(), .format = "made"};
            },
            RunContext(), seconds);
        EXPECT_TRUE(results.has_value());
        return results.value_or(std::vector<FileResult>());
    }
    /// All but "bad" are judged; it is incomplete, for a reason that names `part`.
    void expect_contained(const std::function<void()>& harm, const std::string& part, double seconds = 60) const {
        for (const std::size_t jobs : {1, 3}) {
            const auto results = around(harm, jobs, seconds);
            ASSERT_EQ(results.size(), 12U);
            for (const FileResult& result : results) {
                const bool bad = result.path == "bad";
                EXPECT_EQ(result.verdict, bad ? Verdict::incomplete : Verdict::clean) << result.path;
                EXPECT_EQ(result.complete, !bad);
                if (bad) EXPECT_NE(result.issues.at(0).title.find(part), std::string::npos) << result.issues[0].title;
            }
        }
    }
    /// errno of what `call` does in a confined child; 0: it succeeded.
    int errno_inside(const std::function<bool()>& call) const {
        int seen = 0;
        std::vector<Target> one = {{.path = "one"}};
        const auto results = judge_in_sandbox(
            one, 1,
            [&](const Target&) {
                errno = 0;
                const bool worked = call();
                return FileResult{.path = "one", .format = std::to_string(worked ? 0 : errno)};
            },
            RunContext());
        if (results) seen = std::stoi(results->at(0).format);
        return seen;
    }
};

TEST_F(Sandbox, GivesWhatTheJudgeGives) {
    const auto results = around([] {});
    ASSERT_EQ(results.size(), 12U);
    for (const FileResult& result : results) EXPECT_EQ(result.format, "made");
    EXPECT_EQ(results[5].path, "bad");
}

TEST_F(Sandbox, OutlivesACrash) {
    expect_contained([] { std::raise(SIGSEGV); }, "signal 11");
    expect_contained([] { std::abort(); }, "signal 6");
    expect_contained([] { ::_exit(7); }, "status 7");
}

TEST_F(Sandbox, OutlivesAChildThatHangs) {
    expect_contained(
        [] {
            for (std::atomic<int> i = 0;; ++i) {
            }
        },
        "too long", 0.3);
}

TEST_F(Sandbox, OutlivesAChildThatEatsAllMemory) {
    expect_contained(
        [] {
            for (;;) {
                void* const place = std::malloc(64 << 20);
                if (place == nullptr) std::abort();
                std::memset(place, 1, 64 << 20);
            }
        },
        "signal");
}

TEST_F(Sandbox, UnpacksWhatDoesNotFitIntoMemory) {
    // Zips in a zip, each with more than is held in memory, and harm at the bottom of the last.
    const auto zip = [](const std::string& content, bool harmful) {
        return formats::make_zip(
                   {{"weights.bin", std::string(3U << 20, 'w') + content}, {"inner", harmful ? harm() : content}})
            .value();
    };
    const auto folder = std::filesystem::temp_directory_path() / ("bartizan-sandbox-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    for (int i = 0; i < 4; ++i)
        std::ofstream(folder / (std::to_string(i) + ".zip"), std::ios::binary) << zip(zip("", i == 3), false);
    const auto scanned = [&](bool sandbox) {
        return scan(std::span(&folder, 1), {.jobs = 2, .sandbox = sandbox}, RunContext()).value();
    };
    const ScanResult inside = scanned(true), outside = scanned(false);
    std::filesystem::remove_all(folder);
    ASSERT_EQ(inside.files.size(), 4U);
    EXPECT_EQ(inside.unconfined, "");
    EXPECT_TRUE(inside.complete);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(result_to_bytes(inside.files[i]), result_to_bytes(outside.files[i]));
    EXPECT_EQ(inside.verdict, Verdict::malicious);
}

TEST_F(Sandbox, RefusesWhatReadingDoesNotNeed) {
    EXPECT_EQ(errno_inside([] { return ::open("/dev/null", O_RDONLY) >= 0; }), 0);
    EXPECT_EQ(errno_inside([] { return ::open("/dev/null", O_WRONLY) >= 0; }), EPERM);
    EXPECT_EQ(errno_inside([] { return ::open("made-by-a-child", O_CREAT | O_RDONLY, 0600) >= 0; }), EPERM);
    EXPECT_EQ(errno_inside([] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0; }), EPERM);
    EXPECT_EQ(errno_inside([] { return ::fork() >= 0; }), EPERM);
    EXPECT_EQ(errno_inside([] { return ::execl("/bin/true", "true", nullptr) == 0; }), EPERM);
    EXPECT_EQ(errno_inside([] { return ::unlink("no-such-file") == 0; }), EPERM);
    EXPECT_EQ(errno_inside([] { return ::kill(::getppid(), 0) == 0; }), EPERM);
    EXPECT_EQ(errno_inside([] {
                  return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
              }),
              EPERM);
    EXPECT_FALSE(std::filesystem::exists("made-by-a-child"));
}

TEST(ResultWire, BringsEveryFieldBack) {
    FileResult result{.path = "a/b.pt", .format = "torch zip", .verdict = Verdict::malicious, .complete = false};
    result.size = 1234567890123;
    result.sha256 = std::string(64, 'a');
    result.issues.push_back({.rule = "BTZ-SCN-001",
                             .severity = Severity::critical,
                             .verdict = Verdict::malicious,
                             .title = "runs",
                             .member = "x!/y",
                             .offset = 77,
                             .detail = std::string("os\0system", 9)});
    result.issues.push_back({.rule = "BTZ-SCN-021", .severity = Severity::low, .title = "none", .offset = {}});
    result.program = {"import os", "os.system('id')"};
    const auto back = result_from_bytes(result_to_bytes(result));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(result_to_bytes(*back), result_to_bytes(result));
    EXPECT_EQ(back->issues[0].detail, result.issues[0].detail);
    EXPECT_EQ(back->issues[0].offset, 77U);
    EXPECT_FALSE(back->issues[1].offset.has_value());
    EXPECT_EQ(back->size, result.size);
}

TEST(ResultWire, RefusesEveryCutAndBoundsWhatItReads) {
    FileResult result{.path = "p", .format = "f"};
    result.issues.push_back({.rule = "r", .title = "t", .offset = 1});
    result.program = {"line"};
    const std::string whole = result_to_bytes(result);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(result_from_bytes(std::string_view(whole).substr(0, size)).has_value()) << size;
    EXPECT_FALSE(result_from_bytes(whole + "x").has_value());
    for (std::size_t i = 0; i < whole.size(); ++i)
        for (const int bit : {0, 7}) {  // any answer, but no crash and no flood
            std::string other = whole;
            other[i] = static_cast<char>(other[i] ^ (1 << bit));
            const auto read = result_from_bytes(other);
            if (read) EXPECT_LE(read->issues.size(), kMaxIssues);
        }
}

}  // namespace
}  // namespace bartizan::scan
