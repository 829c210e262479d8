/// Writes the sample reports in every format into the folder that BARTIZAN_SAMPLE_OUT names, for
/// tests/report/check_outputs.py (schemas, well-formedness) and for looking at them.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "core/file.h"
#include "report/html.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/sample_testing.h"
#include "report/sarif.h"
#include "report/text.h"

namespace bartizan::report {
namespace {

TEST(SampleFiles, AreWrittenWhereAsked) {
    const char* out = std::getenv("BARTIZAN_SAMPLE_OUT");
    if (out == nullptr) GTEST_SKIP() << "BARTIZAN_SAMPLE_OUT is not set";
    const std::pair<std::string, Report> samples[] = {{"sample", testing::sample_report()},
                                                      {"hardened", testing::hardened_report()},
                                                      {"hostile", testing::hostile_report()},
                                                      {"empty", testing::empty_report()}};
    for (const auto& [name, report] : samples) {
        const auto base = std::filesystem::path(out) / name;
        ASSERT_TRUE(write_file_atomically(base.string() + ".json", to_text(report_json(report))).ok());
        ASSERT_TRUE(write_file_atomically(base.string() + ".sarif", to_text(report_sarif(report))).ok());
        ASSERT_TRUE(write_file_atomically(base.string() + ".xml", report_junit(report)).ok());
        ASSERT_TRUE(write_file_atomically(base.string() + ".txt", report_text(report)).ok());
        ASSERT_TRUE(write_file_atomically(base.string() + ".html", report_html(report)).ok());
    }
    const std::string compared =
        comparison_html(samples[0].second, samples[1].second, {"Standard", "Adversarially trained"});
    ASSERT_TRUE(write_file_atomically(std::filesystem::path(out) / "comparison.html", compared).ok());
    const std::string hostile = comparison_html(samples[2].second, samples[2].second, {"<b>\"'&", "</title><script>"});
    ASSERT_TRUE(write_file_atomically(std::filesystem::path(out) / "hostile-comparison.html", hostile).ok());
}

}  // namespace
}  // namespace bartizan::report
