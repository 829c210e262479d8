/// A folder of class folders with PNG and JPEG pictures, decoded when they are read.
#include <algorithm>

#include "core/file.h"
#include "data/sources.h"
#include "formats/jpeg.h"
#include "formats/png.h"

namespace bartizan::data {
namespace {

constexpr std::size_t kMaxFiles = 10'000'000;

bool is_picture_name(const std::filesystem::path& path) {
    std::string ending = path.extension().string();
    std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

Result<NdArray> load_picture(const std::filesystem::path& path) {
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    const std::string place = "'" + path.string() + "'";
    if (formats::is_png(file->bytes())) return formats::decode_png(file->bytes()).within(place);
    if (formats::is_jpeg(file->bytes())) return formats::decode_jpeg(file->bytes()).within(place);
    return invalid_input(place + " is neither PNG nor JPEG");
}

std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder, bool folders) {
    std::vector<std::filesystem::path> entries;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        if (folders ? entry.is_directory() : entry.is_regular_file() && is_picture_name(entry.path()))
            entries.push_back(entry.path());
        if (entries.size() > kMaxFiles) break;
    }
    std::ranges::sort(entries);
    return entries;
}

class FolderDataset final : public Dataset {
public:
    static Result<std::unique_ptr<Dataset>> open(const std::filesystem::path& root, Info info) {
        auto dataset = std::make_unique<FolderDataset>();
        for (const std::filesystem::path& folder : sorted_entries(root, true)) {
            const auto files = sorted_entries(folder, false);
            if (files.empty()) continue;
            for (const std::filesystem::path& file : files) {
                dataset->files_.push_back(file);
                dataset->labels_.push_back(static_cast<std::int64_t>(info.class_names.size()));
            }
            info.class_names.push_back(folder.filename().string());
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

    Result<Batch> read(std::span<const std::int64_t> positions) const override {
        Shape shape = info_.item_shape;
        shape.insert(shape.begin(), static_cast<std::int64_t>(positions.size()));
        Batch batch;
        batch.x = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
        const std::span<float> out = batch.x.mutable_values<float>();
        const std::size_t length = positions.empty() ? 0 : out.size() / positions.size();
        for (std::size_t i = 0; i < positions.size(); ++i) {
            const auto at = static_cast<std::size_t>(positions[i]);
            BARTIZAN_TRY(read_one(files_[at], out.subspan(i * length, length)));
            batch.y.push_back(labels_[at]);
            batch.ids.push_back(positions[i]);
        }
        return batch;
    }

private:
    /// [H, W, C] bytes as [C, H, W] numbers in [0, 1].
    Result<void> read_one(const std::filesystem::path& path, std::span<float> out) const {
        const NdArray pixels = BARTIZAN_TRY(load_picture(path));
        const std::int64_t channels = info_.item_shape[0], height = info_.item_shape[1], width = info_.item_shape[2];
        if (pixels.shape() != Shape{height, width, channels})
            return invalid_input("'" + path.string() + "' is " + to_string(pixels.shape()) + ", the first picture is " +
                                     to_string({height, width, channels}),
                                 "bring all pictures to one size and one number of channels");
        const auto bytes = pixels.values<std::uint8_t>();
        std::size_t at = 0;
        for (std::int64_t channel = 0; channel < channels; ++channel)
            for (std::int64_t pixel = 0; pixel < height * width; ++pixel)
                out[at++] = static_cast<float>(bytes[static_cast<std::size_t>(pixel * channels + channel)]) / 255;
        return {};
    }

    std::vector<std::filesystem::path> files_;
    std::vector<std::int64_t> labels_;
    Info info_;
};

}  // namespace

Result<std::unique_ptr<Dataset>> open_image_folder(const std::filesystem::path& path, const OpenOptions& options) {
    Info info;
    info.path = path.string();
    std::filesystem::path root = path;
    if (!options.split.empty()) {
        root = path / options.split;
        if (!std::filesystem::is_directory(root))
            return invalid_input("no split '" + options.split + "': '" + root.string() + "' is not a folder");
    } else if (std::filesystem::is_directory(path / "test") && std::filesystem::is_directory(path / "train")) {
        root = path / "test";
    }
    return FolderDataset::open(root, std::move(info));
}

}  // namespace bartizan::data
