/// The bars of the scan, on a corpus of malicious, evading and honest files. It is not part of the sources: the folder
/// BARTIZAN_TRIAL_DATA/scan-corpus has it, with manifest.csv (file, sha256, bytes, format, origin, expected, ...).
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "scan/scan_testing.h"

namespace bartizan::scan {
namespace {

namespace fs = std::filesystem;

constexpr double kCaught = 0.99;     ///< of what is bad: not clean
constexpr double kMalicious = 0.85;  ///< of what is bad
constexpr double kUnproven = 0.10;   ///< of what is good, at most

struct Row {
    std::string file, format, expected;
};

std::vector<Row> manifest(const fs::path& folder) {
    std::vector<Row> rows;
    std::ifstream lines(folder / "manifest.csv");
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        std::vector<std::string> cells;
        std::istringstream parts(line);
        for (std::string cell; cells.size() < 6 && std::getline(parts, cell, ',');) cells.push_back(cell);
        if (cells.size() == 6) rows.push_back({cells[0], cells[3], cells[5]});
    }
    return rows;
}

struct Counts {
    std::map<Verdict, int> of;
    int total = 0;
    void add(Verdict verdict) {
        ++of[verdict];
        ++total;
    }
    double share(Verdict verdict) const {
        const auto found = of.find(verdict);
        return found == of.end() || total == 0 ? 0 : static_cast<double>(found->second) / total;
    }
    int count(Verdict verdict) const { return static_cast<int>(share(verdict) * total + 0.5); }
};

void print(const std::string& name, const Counts& counts) {
    std::printf("%-22s %6d %6d %9d %11d %10d\n", name.c_str(), counts.total, counts.count(Verdict::clean),
                counts.count(Verdict::unproven), counts.count(Verdict::incomplete), counts.count(Verdict::malicious));
}

TEST(ScanCorpus, HoldsTheBars) {
    const char* data = std::getenv("BARTIZAN_TRIAL_DATA");
    if (data == nullptr) GTEST_SKIP() << "BARTIZAN_TRIAL_DATA is not set";
    const fs::path folder = fs::path(data) / "scan-corpus";
    const std::vector<Row> rows = manifest(folder);
    if (rows.empty()) GTEST_SKIP() << "no corpus in " << folder;
    std::map<std::string, Counts> formats;
    Counts bad, good;
    for (const Row& row : rows) {
        const Verdict verdict = scan_file(folder / row.file, {}).verdict;
        const bool harmless = row.expected == "benign";
        (harmless ? good : bad).add(verdict);
        formats[row.format + (harmless ? " good" : " bad")].add(verdict);
        if (harmless ? verdict == Verdict::malicious : verdict == Verdict::clean)
            std::printf("%s: %s\n", row.file.c_str(), std::string(to_string(verdict)).c_str());
    }
    std::printf("%-22s %6s %6s %9s %11s %10s\n", "format", "files", "clean", "unproven", "incomplete", "malicious");
    for (const auto& [name, counts] : formats) print(name, counts);
    print("all bad", bad);
    print("all good", good);

    EXPECT_EQ(good.count(Verdict::malicious), 0);
    EXPECT_LE(good.share(Verdict::unproven), kUnproven);
    // A pickle of None: what cannot read it cannot hold the bars for the others.
    if (judged("\x80\x02N.", "none.pkl").verdict != Verdict::clean)
        GTEST_SKIP() << "pickles are not read by this build";
    EXPECT_GE(1 - bad.share(Verdict::clean), kCaught);
    EXPECT_GE(bad.share(Verdict::malicious), kMalicious);
}

}  // namespace
}  // namespace bartizan::scan
