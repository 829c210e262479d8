/// A folder of class folders with PNG and JPEG pictures, decoded when they are read.
#include <algorithm>
#include <set>
#include <system_error>

#include "core/file.h"
#include "data/sources.h"
#include "formats/jpeg.h"
#include "formats/png.h"

namespace bartizan::data {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 10'000'000;
constexpr std::size_t kMaxClassFolders = 100'000;
constexpr std::uint64_t kMaxPictureBytes = std::uint64_t{1} << 28;
constexpr const char* kSplits[] = {"train", "test", "val"};

bool is_picture_name(const fs::path& path) {
    std::string ending = path.extension().string();
    std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

/// What `wanted` accepts in a folder, sorted by name; hidden files and folders are left out.
template <class Wanted>
Result<std::vector<std::string>> names_in(const fs::path& folder, std::size_t limit, Wanted wanted) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (name.starts_with('.') || !wanted(*at)) continue;
        if (names.size() == limit)
            return exhausted("more than " + std::to_string(limit) + " entries in '" + folder.string() + "'");
        names.push_back(name);
    }
    if (error) return Error(Errc::denied, "cannot list '" + folder.string() + "': " + error.message());
    std::ranges::sort(names);
    return names;
}

Result<std::vector<std::string>> class_folders(const fs::path& folder) {
    return names_in(folder, kMaxClassFolders, [](const fs::directory_entry& entry) {
        std::error_code error;
        return entry.is_directory(error);
    });
}

Result<std::vector<std::string>> pictures_in(const fs::path& folder) {
    return names_in(folder, kMaxFiles, [](const fs::directory_entry& entry) {
        std::error_code error;
        return is_picture_name(entry.path()) && entry.is_regular_file(error);
    });
}

Result<NdArray> load_picture(const fs::path& path) {
    const std::string content = BARTIZAN_TRY(read_file(path, kMaxPictureBytes));
    const formats::Bytes bytes = std::as_bytes(std::span(content));
    const std::string place = "'" + path.string() + "'";
    if (formats::is_png(bytes)) return formats::decode_png(bytes).within(place);
    if (formats::is_jpeg(bytes)) return formats::decode_jpeg(bytes).within(place);
    return invalid_input(place + " is neither PNG nor JPEG");
}

/// [H, W, C] bytes as [C, H, W] numbers in [0, 1].
void to_planes(const NdArray& pixels, std::span<float> out) {
    const auto bytes = pixels.values<std::uint8_t>();
    const auto channels = static_cast<std::size_t>(pixels.shape()[2]);
    const std::size_t plane = bytes.size() / channels;
    for (std::size_t channel = 0; channel < channels; ++channel)
        for (std::size_t pixel = 0; pixel < plane; ++pixel)
            out[channel * plane + pixel] = static_cast<float>(bytes[pixel * channels + channel]) / 255;
}

class FolderDataset final : public Dataset {
public:
    static Result<std::unique_ptr<Dataset>> open(const fs::path& root, Info info) {
        auto dataset = std::make_unique<FolderDataset>();
        for (std::size_t label = 0; label < info.class_names.size(); ++label) {
            const fs::path folder = root / info.class_names[label];
            std::error_code error;
            if (!fs::is_directory(folder, error)) continue;  // a class that this split lacks
            for (const std::string& name : BARTIZAN_TRY(pictures_in(folder))) {
                dataset->files_.push_back(folder / name);
                dataset->labels_.push_back(static_cast<std::int64_t>(label));
            }
        }
        if (dataset->files_.empty())
            return invalid_input("no class folders with PNG or JPEG files in '" + root.string() + "'",
                                 "put the pictures of each class into a folder of its own");
        const NdArray first = BARTIZAN_TRY(load_picture(dataset->files_[0]));
        info.kind = Kind::image;
        info.format = "image folder";
        info.stored = DType::u8;
        info.items = static_cast<std::int64_t>(dataset->files_.size());
        info.classes = static_cast<std::int64_t>(info.class_names.size());
        info.item_shape = {first.shape()[2], first.shape()[0], first.shape()[1]};
        dataset->info_ = std::move(info);
        return std::unique_ptr<Dataset>(std::move(dataset));
    }

    const Info& info() const override { return info_; }
    bool has_labels() const override { return true; }
    std::span<const std::int64_t> labels() const override { return labels_; }
    fs::path file_of(std::int64_t position) const override { return files_[static_cast<std::size_t>(position)]; }

    Result<Batch> read(std::span<const std::int64_t> positions) const override {
        BARTIZAN_TRY(check_positions(positions, info_.items));
        Shape shape = info_.item_shape;
        shape.insert(shape.begin(), static_cast<std::int64_t>(positions.size()));
        Batch batch;
        batch.x = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
        const std::span<float> out = batch.x.mutable_values<float>();
        const std::size_t length = positions.empty() ? 0 : out.size() / positions.size();
        for (std::size_t i = 0; i < positions.size(); ++i) {
            const auto at = static_cast<std::size_t>(positions[i]);
            to_planes(BARTIZAN_TRY(load_sized(files_[at])), out.subspan(i * length, length));
            batch.y.push_back(labels_[at]);
            batch.ids.push_back(positions[i]);
        }
        return batch;
    }

private:
    Result<NdArray> load_sized(const fs::path& path) const {
        NdArray pixels = BARTIZAN_TRY(load_picture(path));
        const Shape wanted{info_.item_shape[1], info_.item_shape[2], info_.item_shape[0]};
        if (pixels.shape() == wanted) return pixels;
        return invalid_input("'" + path.string() + "' is " + to_string(pixels.shape()) +
                                 " (height, width, channels), " + "the first picture, '" + files_[0].string() +
                                 "', is " + to_string(wanted),
                             "bring all pictures to one size and one number of channels");
    }

    std::vector<fs::path> files_;
    std::vector<std::int64_t> labels_;
    Info info_;
};

/// The top folders that are splits: those called train, test or val, when the folder holds at least two of them or
/// the split asked for is one of them.
std::vector<std::string> splits_in(const fs::path& path, const std::string& asked) {
    std::vector<std::string> splits;
    for (const char* split : kSplits) {
        std::error_code error;
        if (fs::is_directory(path / split, error)) splits.emplace_back(split);
    }
    const bool enough = splits.size() > 1 || (!asked.empty() && splits == std::vector<std::string>{asked});
    return enough ? splits : std::vector<std::string>{};
}

}  // namespace

Result<std::unique_ptr<Dataset>> open_image_folder(const fs::path& path, const OpenOptions& options) {
    const std::vector<std::string> splits = splits_in(path, options.split);
    const std::string split = options.split.empty() && !splits.empty() ? "test" : options.split;
    if (!split.empty() && std::ranges::find(splits, split) == splits.end())
        return invalid_input("no split called '" + split + "': '" + (path / split).string() + "' is not a folder",
                             "the splits of an image folder are top folders called train, test or val");
    // The classes of all splits together, so that a class which one of them lacks does not renumber the others.
    std::set<std::string> classes;
    std::vector<fs::path> roots;
    for (const std::string& name : splits) roots.push_back(path / name);
    if (splits.empty()) roots.push_back(path);
    for (const fs::path& root : roots) {
        const auto names = BARTIZAN_TRY(class_folders(root));
        classes.insert(names.begin(), names.end());
    }
    Info info{.path = path.string()};
    info.class_names.assign(classes.begin(), classes.end());
    return FolderDataset::open(split.empty() ? path : path / split, std::move(info));
}

}  // namespace bartizan::data
