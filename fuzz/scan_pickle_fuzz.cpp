// links: scan
// Pickle streams: judged or refused, within the budget.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "scan/pickle/pickle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::scan;
    if (size == 0) return 0;
    const auto content = std::as_bytes(std::span(data + 1, size - 1));
    FileResult result{.path = "model.pkl"};
    Budget budget{.steps = 50'000, .unpacked = 1 << 20, .memory = 1 << 22};
    Context context{.result = result, .budget = budget, .explain = (data[0] & 1) != 0};
    judge_pickle(content, context, {.torch = (data[0] & 2) != 0});
    if (result.issues.size() > kMaxIssues) std::abort();
    looks_like_pickle(content);
    return 0;
}
