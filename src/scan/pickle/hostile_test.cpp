/// Streams cut and changed at every byte, and a corpus of hostile files where there is one.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "scan/pickle/assembler_testing.h"
#include "scan/pickle/lexer.h"

namespace bartizan::scan::pickle {
namespace {

/// Every kind of opcode once.
std::string rich() {
    Assembler out = p4();
    out.raw("I12\nL7L\nF1.5\nG")
        .number(0, 8)
        .raw("K\1")
        .raw("M\1\1")
        .integer(-5)
        .raw("\x8a\2\1\1\x8b\1")
        .number(0, 3)
        .byte(5);
    out.raw("S'a\\x41'\nVb\\u0041\nU\1aT\1")
        .number(0, 3)
        .raw("zC\1b")
        .bytes("cc")
        .text("name")
        .memoize()
        .raw("00h")
        .byte(0);
    out.raw("\x8d").number(2, 8).raw("ab\x8e").number(2, 8).raw("cd\x96").number(1, 8).raw("e\x97\x98\x88\x89N2");
    out.raw("(lp5\n")
        .raw("g5\n")
        .integer(1)
        .append()
        .mark()
        .integer(2)
        .raw("e(dr")
        .number(9, 4)
        .raw("}(")
        .text("k")
        .integer(1)
        .raw("u\x8f(");
    out.integer(1).raw("\x90(\x91)\x85\x86\x87");
    out.global("collections", "OrderedDict").empty_tuple().reduce().dict().build();
    out.old_global("builtins", "getattr").global("os", "path").text("join").tuple2().reduce();
    out.global("datetime", "date").text("x").tuple1().newobj().raw("Pid\n").integer(3).raw("Q\x82\1");
    out.raw("(ios\nsystem\n(").global("a", "b").raw("o");
    return out.stop();
}

TEST(PickleHostile, EscapesOfNoCharacterAreReadWithoutOverflow) {
    for (const char* escape : {"Uaaaaaaaa", "Uffffffff", "U80000000", "U0010ffff", "uffff"}) {
        const std::string stream = std::string("V\\") + escape + "\n.";
        EXPECT_NE(judge(stream).verdict, Verdict::malicious) << escape;
        EXPECT_TRUE(judge(stream).complete) << escape;
    }
}

TEST(PickleHostile, EveryPrefixHasAVerdict) {
    const std::string whole = rich();
    EXPECT_EQ(verdict(whole), Verdict::malicious) << details(judge(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const FileResult result = judge(whole.substr(0, size));
        EXPECT_NE(result.verdict, Verdict::clean) << size;
        EXPECT_FALSE(result.complete) << size;
    }
}

TEST(PickleHostile, EveryChangedByteHasAVerdict) {
    const std::string whole = rich();
    for (std::size_t at = 0; at < whole.size(); ++at)
        for (const int change : {0x01, 0x80, 0xff}) {
            std::string changed = whole;
            changed[at] = static_cast<char>(changed[at] ^ change);
            const FileResult result = judge(changed, {}, {.steps = 20'000});
            EXPECT_LE(result.issues.size(), kMaxIssues);
        }
}

TEST(PickleHostile, TheTableHasEveryOpcode) {
    int opcodes = 0;
    for (int byte = 0; byte < 256; ++byte)
        if (opcode(static_cast<std::uint8_t>(byte)).argument != Argument::invalid) ++opcodes;
    EXPECT_EQ(opcodes, kOpcodes);
}

std::string read(const std::filesystem::path& path) {
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return std::move(out).str();
}

/// The bare pickles of the corpus; the formats around them are judged elsewhere. The bars are those of the product.
TEST(PickleHostile, TheCorpusIsToldApart) {
    const char* data = std::getenv("BARTIZAN_TRIAL_DATA");
    const std::filesystem::path root = std::filesystem::path(data == nullptr ? "" : data) / "scan-corpus";
    std::ifstream manifest(root / "manifest.csv");
    if (data == nullptr || !manifest) GTEST_SKIP() << "BARTIZAN_TRIAL_DATA names no folder with a scan-corpus";
    std::map<bool, std::map<Verdict, int>> counts;
    std::string line, missed;
    while (std::getline(manifest, line)) {
        std::vector<std::string> cells;
        std::istringstream row(line);
        for (std::string cell; cells.size() < 6 && std::getline(row, cell, ',');) cells.push_back(cell);
        if (cells.size() < 6 || (cells[3] != "pickle" && cells[3] != "pkl")) continue;
        const std::string content = read(root / cells[0]);
        const auto bytes = std::as_bytes(std::span(content.data(), content.size()));
        if (!looks_like_pickle(bytes)) continue;
        const Verdict verdict = judge(content, {.torch = content.find("torch._utils") != std::string::npos}).verdict;
        const bool benign = cells[5] == "benign";
        if (cells[5] == "suspicious") {
            EXPECT_NE(verdict, Verdict::clean) << cells[0];
            continue;
        }
        ++counts[benign][verdict];
        if (benign != (verdict == Verdict::clean)) missed += cells[0] + '\n';
    }
    const auto total = [&](bool benign) {
        int sum = 0;
        for (const auto& [verdict, count] : counts[benign]) sum += count;
        return sum;
    };
    ASSERT_GT(total(true), 30);
    ASSERT_GT(total(false), 150);
    EXPECT_EQ(counts[true][Verdict::malicious], 0) << missed;
    EXPECT_LE(counts[true][Verdict::unproven] * 10, total(true)) << missed;
    EXPECT_LE(counts[false][Verdict::clean] * 100, total(false)) << missed;
    EXPECT_GE(counts[false][Verdict::malicious] * 100, total(false) * 95) << missed;
}

}  // namespace
}  // namespace bartizan::scan::pickle
