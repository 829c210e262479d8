// links: scan
// seeds: tests/fixtures/formats/*.npz
// Tensors of any file: named, gathered and compared, or left out.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "scan/tensors/compare.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::scan;
    constexpr std::uint64_t kMost = std::uint64_t{1} << 20;  // a view may unfold to far more than the file holds
    const auto content = std::as_bytes(std::span(data, size));
    FileResult result{.path = "model.pt"};
    Budget budget{.steps = 100'000, .unpacked = 1 << 20, .memory = 1 << 22};
    TensorCollector tensors(content);
    Context context{.result = result, .budget = budget, .tensors = &tensors};
    judge_content(content, context);
    for (const StoredTensor& tensor : tensors.tensors) {
        if (element_count(tensor.shape).value_or(kMost) >= kMost) continue;
        if (compare_tensors(tensor, tensor).change != Change::same) std::abort();
        if (compare_tensors(tensors.tensors[0], tensor).changed > kMost) std::abort();
    }
    return 0;
}
