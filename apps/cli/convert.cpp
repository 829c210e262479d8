/// `bartizan convert IN OUT.safetensors`: the tensors of a checkpoint that is proven clean.
#include <cstdio>
#include <filesystem>

#include "apps/cli/light_commands.h"
#include "cli/output.h"
#include "core/progress.h"
#include "scan/scan.h"
#include "scan/tensors/convert.h"

namespace bartizan::program {

Result<int> convert(const cli::Invocation& invocation) {
    const std::filesystem::path from = invocation.positional(0), to = invocation.positional(1);
    if (to.extension() != ".safetensors")
        return invalid_input("the output is '" + to.string() + "'", "give it a name that ends with .safetensors");
    BARTIZAN_TRY(cli::check_writable_file(to));
    TextProgress progress(stderr, progress_style_for_stderr(invocation.flag("quiet")));
    const RunContext run({.threads = 1, .progress = &progress});
    // The sandbox reads the file first: only what it proves clean is opened here.
    const scan::ScanResult scanned = BARTIZAN_TRY(scan::scan({&from, 1}, {.jobs = 1, .sandbox = true}, run));
    for (const scan::FileResult& file : scanned.files)
        if (file.verdict != scan::Verdict::clean) BARTIZAN_TRY(scan::check_proven(file));
    const scan::TensorFile file = BARTIZAN_TRY(scan::TensorFile::open(from));
    const scan::Converted converted = BARTIZAN_TRY(scan::convert_to_safetensors(file, to, run));
    BARTIZAN_TRY(cli::print(invocation, scan::convert_json(converted), scan::convert_text(converted)));
    return 0;
}

}  // namespace bartizan::program
