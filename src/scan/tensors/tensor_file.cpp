#include "scan/tensors/tensor_file.h"

#include "scan/judge.h"

namespace bartizan::scan {

namespace {
/// The whole structure of a checkpoint is held, not only what a verdict needs.
constexpr std::uint64_t kMemory = std::uint64_t{1} << 30;
}  // namespace

Result<TensorFile> TensorFile::open(const std::filesystem::path& path) {
    auto input = BARTIZAN_TRY(Input::open(path));
    auto collector = std::make_unique<TensorCollector>(input->bytes());
    FileResult judged{.path = path.string(), .format = {}, .size = input->bytes().size()};
    Budget budget{.memory = kMemory};
    Context context{.result = judged, .budget = budget, .mapped = input->mapped(), .tensors = collector.get()};
    judge_content(input->bytes(), context);
    return TensorFile(std::move(input), std::move(collector), std::move(judged));
}

}  // namespace bartizan::scan
