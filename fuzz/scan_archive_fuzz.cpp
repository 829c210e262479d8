// links: scan
// seeds: tests/fixtures/formats/*.npz
// Archives and compressed streams of any kind: judged or refused, within the budget.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "scan/judges.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::scan;
    const auto content = std::as_bytes(std::span(data, size));
    for (const auto judge : {judge_zip, judge_tar, judge_gzip, judge_zlib, judge_filtered, judge_seven_zip}) {
        FileResult result;
        Budget budget{.steps = 100'000, .unpacked = 1 << 22};
        Context context{.result = result, .budget = budget};
        judge(content, context);
        if (result.issues.size() > kMaxIssues) std::abort();
    }
    return 0;
}
