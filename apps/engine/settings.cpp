#include "apps/engine/settings.h"

#include <algorithm>
#include <string_view>

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include "model/memory.h"

namespace bartizan::engine {
namespace settings {
namespace {

bool is_cuda(std::string_view device) {
    if (device == "cuda") return true;
    if (!device.starts_with("cuda:")) return false;
    const std::string_view index = device.substr(5);
    return !index.empty() && index.size() <= 3 &&
           std::ranges::all_of(index, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace
}  // namespace settings

Result<void> apply_settings(const RunContext& ctx) {
    BARTIZAN_TRY(model::install_memory_limit(model::default_memory_limit()));
    at::set_num_threads(ctx.threads());
    if (ctx.device() == "cpu") return {};
    if (!settings::is_cuda(ctx.device()))
        return invalid_input("--device: '" + ctx.device() + "' is no device", "write cpu, cuda or cuda:1");
    if (!at::hasCUDA()) return unsupported("--device: LibTorch finds no CUDA device here", "use --device cpu");
    return {};
}

}  // namespace bartizan::engine
