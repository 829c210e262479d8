/// `bartizan data check DATA`: what is wrong with a data set. With --model it is the engine's.
#include <cstdio>

#include "apps/cli/light_commands.h"
#include "apps/data_check/run.h"
#include "core/progress.h"

namespace bartizan::program {

Result<int> data_check(const cli::Invocation& invocation) {
    for (const char* option : {"clean", "mean", "std", "range", "device"})
        if (invocation.has(option))
            return invalid_input("--" + std::string(option) + " belongs to --model", "name the model with --model");
    TextProgress progress(stderr, progress_style_for_stderr(invocation.flag("quiet")));
    const RunContext run({.seed = static_cast<std::uint64_t>(invocation.integer("seed", 0)),
                          .threads = static_cast<int>(invocation.integer("threads", 0)),
                          .progress = &progress});
    return data_checking::run(invocation, run, {});
}

}  // namespace bartizan::program
