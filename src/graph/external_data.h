#pragma once
/// External data: the bytes of a tensor in another file. The file says where, so the place is hostile input:
/// it must be a regular file inside the model's own folder, reached by no absolute path, no "..", and no
/// symbolic link that leads out; offset and length must lie inside it.
/// Failures: `invalid_input`, `denied` for a way out of the folder, `not_found`.
/// Thread rule: one object per load, one thread.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "bartizan/result.h"
#include "core/file.h"

namespace bartizan::graph {

/// Where a tensor says that its bytes are.
struct ExternalPlace {
    std::string location;
    std::uint64_t offset = 0;
    std::optional<std::uint64_t> length;  ///< absent: to the end of the file
};

class ExternalFiles {
public:
    /// `folder` empty: every external tensor is refused.
    explicit ExternalFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// The bytes at `place`, which live as long as this object. Each file is mapped once.
    Result<std::span<const std::byte>> bytes(const ExternalPlace& place);

private:
    Result<std::shared_ptr<const MappedFile>> open(const std::string& location);

    std::filesystem::path folder_;
    std::map<std::string, std::shared_ptr<const MappedFile>> files_;
};

}  // namespace bartizan::graph
