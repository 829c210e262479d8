#include "scan/hunt.h"

#include <gtest/gtest.h>

#include <random>

#include "scan/rules.h"
#include "scan/scan_testing.h"

namespace bartizan::scan {
namespace {

std::string noise(std::size_t size, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::string out(size, '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
}

TEST(ScanHunt, RandomBytesRaiseNoAlarm) {
    for (unsigned seed = 0; seed < 4; ++seed)
        EXPECT_EQ(judged("\1" + noise(1 << 20, seed), "weights.bin").verdict, Verdict::clean) << seed;
}

TEST(ScanHunt, FindsProgramsAndArchivesAnywhere) {
    const std::string windows =
        "MZ" + std::string(0x3a, '\0') + number(0x80, 4) + std::string(0x40, '\0') + "PE" + std::string(40, '\0');
    for (const std::string& hidden : {harm(), windows, stored_zip({{.name = "w.bin", .content = harm()}}) + "x"}) {
        const FileResult result = judged("\1" + noise(70'000) + hidden + noise(70'000, 2), "weights.bin");
        EXPECT_EQ(result.verdict, Verdict::malicious);
    }
}

TEST(ScanHunt, FindsWhatLiesAcrossTheBordersOfItsWindows) {
    for (const std::size_t before : {(std::size_t{4} << 20) - 4, (std::size_t{4} << 20) - 1, std::size_t{4} << 20})
        EXPECT_EQ(judged("\1" + std::string(before, '\2') + harm(), "weights.bin").verdict, Verdict::malicious)
            << before;
}

TEST(ScanHunt, ATwoByteMarkAloneIsNoProgram) {
    EXPECT_EQ(judged(std::string("\1\2MZ and so on \0 PE", 20), "weights.bin").verdict, Verdict::clean);
}

TEST(ScanExtensions, ANameThatPromisesAnotherFormatIsReported) {
    EXPECT_TRUE(has_rule(judged(R"({"a": 1})", "model.safetensors"), rule::kTypeMismatch));
    EXPECT_FALSE(has_rule(judged(R"({"a": 1})", "config.json"), rule::kTypeMismatch));
    const FileResult program = judged(harm(), "picture.png");
    EXPECT_TRUE(has_rule(program, rule::kTypeMismatch));
    EXPECT_EQ(program.verdict, Verdict::malicious);
    EXPECT_FALSE(has_rule(judged(R"({"a": 1})", "anything.pt"), rule::kTypeMismatch));
}

TEST(ScanPrograms, ScriptsAreUnprovenUnlessTheyPoseAsWeights) {
    EXPECT_EQ(judged("#!/bin/sh\nid\n", "run.sh").verdict, Verdict::unproven);
    EXPECT_EQ(judged("#!/bin/sh\nid\n", "weights.bin").verdict, Verdict::malicious);
    EXPECT_EQ(judged(harm(), "lib.so").verdict, Verdict::unproven);
}

}  // namespace
}  // namespace bartizan::scan
