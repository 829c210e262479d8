#pragma once
/// Two models side by side: which tensors differ and how, which other files do. Folders are compared file by file for
/// what is no tensor, and as one set of tensors for what is, so that differently sharded checkpoints compare.
/// Thread rule: pure but for the file system.

#include <filesystem>
#include <string>
#include <vector>

#include "bartizan/finding.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "core/json.h"
#include "scan/tensors/compare.h"

namespace bartizan::scan {

struct FileChange {
    std::string path;  ///< below both folders
    Change change = Change::same;
};

struct ModelDiff {
    std::string a, b;
    std::vector<TensorChange> tensors;  ///< every tensor of either, those of A in their order first
    std::vector<FileChange> files;      ///< what holds no tensors, where A and B differ
    std::vector<LeftOut> left_out;      ///< not compared
    std::string summary;                ///< "fine-tuned", "patched" ...: what the whole is best called
};

/// Fails with `invalid_input` when a side is malicious or has no tensors, `not_found`, `denied`.
Result<ModelDiff> diff_models(const std::filesystem::path& a, const std::filesystem::path& b, const RunContext& run);

/// JSON "bartizan.scan-diff/1".
Json diff_json(const ModelDiff& diff);
std::string diff_text(const ModelDiff& diff);
/// Medium where tensors were patched, low where there is a low-rank change or a rewritten one, info otherwise.
Severity gravest(const ModelDiff& diff);

}  // namespace bartizan::scan
