#include "graph/external_data.h"

#include <algorithm>
#include <system_error>

namespace bartizan::graph {
namespace {

namespace fs = std::filesystem;

/// A model has a handful of weight files; each open one costs a mapping.
constexpr std::size_t kMaxFiles = 1024;

Error escape(const std::string& location) {
    return {Errc::denied, "external data '" + location + "' leads out of the model's folder",
            "keep the weights beside the model"};
}

/// The text alone, before the file system is asked.
bool is_plain_relative(const std::string& location) {
    if (location.empty() || location.find('\0') != std::string::npos) return false;
    const fs::path path(location);
    return path.is_relative() && std::ranges::none_of(path, [](const fs::path& part) { return part == ".."; });
}

bool lies_inside(const fs::path& path, const fs::path& folder) {
    const auto [end, unused] = std::ranges::mismatch(folder, path);
    return end == folder.end();
}

}  // namespace

Result<std::span<const std::byte>> ExternalFiles::bytes(const ExternalPlace& place) {
    const std::shared_ptr<const MappedFile> file = BARTIZAN_TRY(open(place.location));
    const std::span<const std::byte> all = file->bytes();
    if (place.offset > all.size() || (place.length && *place.length > all.size() - place.offset))
        return invalid_input("external data '" + place.location + "' has " + std::to_string(all.size()) +
                             " bytes, the tensor asks for offset " + std::to_string(place.offset) +
                             (place.length ? ", length " + std::to_string(*place.length) : ""));
    return all.subspan(place.offset, place.length.value_or(all.size() - place.offset));
}

Result<std::shared_ptr<const MappedFile>> ExternalFiles::open(const std::string& location) {
    if (const auto found = files_.find(location); found != files_.end()) return found->second;
    if (folder_.empty())
        return Error(Errc::denied, "external data '" + location + "' in a model that is not a file on disk",
                     "save the model with its weights inside");
    if (files_.size() >= kMaxFiles) return exhausted("more than " + std::to_string(kMaxFiles) + " external files");
    if (!is_plain_relative(location)) return escape(location);
    std::error_code error;
    const fs::path folder = fs::canonical(folder_, error);
    if (error) return Error(Errc::not_found, "folder '" + folder_.string() + "': " + error.message());
    const fs::path path = fs::canonical(folder / location, error);
    if (error) return Error(Errc::not_found, "external data '" + location + "': " + error.message());
    if (!lies_inside(path, folder)) return escape(location);
    auto file = BARTIZAN_TRY(MappedFile::open(path));
    files_.emplace(location, file);
    return file;
}

}  // namespace bartizan::graph
