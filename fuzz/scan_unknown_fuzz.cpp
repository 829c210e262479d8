// links: scan
// Bytes of any or no format: judged or refused, within the budget.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "scan/judges.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::scan;
    if (size == 0) return 0;
    const auto content = std::as_bytes(std::span(data, size));
    for (const auto judge : {judge_unknown, judge_program, judge_media, judge_content}) {
        FileResult result{.path = "model.bin"};
        Budget budget{.steps = 100'000, .unpacked = 1 << 22};
        Context context{.result = result, .budget = budget};
        judge(content, context);
        if (result.issues.size() > kMaxIssues) std::abort();
    }
    return 0;
}
