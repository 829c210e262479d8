#pragma once
/// Checkpoints as safetensors: the tensors alone, in a format that nothing runs of. Only what is proven clean is
/// converted, and what was written is read back and compared with what was read, byte for byte.
/// Thread rule: pure but for the file system.

#include <filesystem>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "core/json.h"
#include "scan/tensors/tensor_file.h"

namespace bartizan::scan {

struct Converted {
    struct Row {
        std::string name, type;
        std::vector<std::uint64_t> shape;
        std::string sha256;  ///< of the elements in row-major order, the same in both files
    };
    std::string from, to, format;
    std::vector<Row> tensors;
    std::vector<LeftOut> left_out;
    std::uint64_t bytes = 0;  ///< of all tensors
};

/// Views that overlap are written one by one; so much larger than the input may the output become, and no more.
inline constexpr std::uint64_t kMaxGrowth = 16;
inline constexpr std::uint64_t kMaxGrowthFree = std::uint64_t{64} << 20;

/// Fails with `denied`, saying what was found, unless the verdict is clean.
Result<void> check_proven(const FileResult& judged);

/// Fails with `denied` on a file that is not proven clean (saying what was found), `invalid_input` on one without
/// tensors or with two of one name, `exhausted` when views unfold to far more than the file holds or the disk is full,
/// `internal` when what was written does not read back equal.
Result<Converted> convert_to_safetensors(const TensorFile& file, const std::filesystem::path& to,
                                         const RunContext& run);

/// JSON "bartizan.convert/1".
Json convert_json(const Converted& converted);
std::string convert_text(const Converted& converted);

}  // namespace bartizan::scan
