#pragma once
/// NumPy's .npz: a zip archive of .npy files. Arrays are read one by one, when asked for.
/// Thread rule: immutable once opened; `array` may be called from several threads.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "core/file.h"
#include "formats/npy.h"
#include "formats/zip.h"

namespace bartizan::formats {

class Npz {
public:
    /// Maps the file and reads its directory. Fails as `MappedFile::open` and `ZipReader::open` do.
    static Result<Npz> open(const std::filesystem::path& path);
    /// The same of an archive in memory.
    static Result<Npz> parse(std::shared_ptr<const std::string> archive);

    std::vector<std::string> names() const;
    bool has(std::string_view name) const { return find(name) != nullptr; }
    /// The array (numbers or text) called `name`; stored arrays are views of the mapped file.
    /// Fails with `not_found`, `invalid_input`, `exhausted` beyond `limit` bytes.
    Result<NpyContent> content(std::string_view name, std::uint64_t limit = kDefaultLimit) const;
    Result<NdArray> array(std::string_view name, std::uint64_t limit = kDefaultLimit) const;

    static constexpr std::uint64_t kDefaultLimit = std::uint64_t{8} << 30;

private:
    Npz(std::shared_ptr<const void> owner, ZipReader zip) : owner_(std::move(owner)), zip_(std::move(zip)) {}
    const ZipEntry* find(std::string_view name) const;

    std::shared_ptr<const void> owner_;  ///< keeps the archive's bytes alive
    ZipReader zip_;
};

/// Writes arrays in their order, atomically.
Result<void> write_npz(const std::filesystem::path& path, const std::vector<std::pair<std::string, NdArray>>& arrays);

}  // namespace bartizan::formats
