/// Data sets in the IDX files of MNIST and its successors.
#include <system_error>

#include "core/file.h"
#include "data/sources.h"
#include "formats/idx.h"
#include "formats/inflate.h"

namespace bartizan::data {
namespace {

constexpr std::string_view kFashionFolder = "/usr/share/datasets/fashion-mnist";
/// MNIST's own names, and those of copies that were unpacked with a dot.
constexpr std::string_view kImages[] = {"images-idx3-ubyte", "images.idx3-ubyte"};
constexpr std::string_view kLabels[] = {"labels-idx1-ubyte", "labels.idx1-ubyte"};

bool is_there(const std::filesystem::path& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

Result<NdArray> load_idx(const std::filesystem::path& path, std::uint64_t byte_limit) {
    const std::string place = "'" + path.filename().string() + "'";
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    if (!formats::is_gzip(file->bytes())) return formats::parse_idx(file->bytes(), file).within(place);
    auto plain = std::make_shared<std::vector<std::byte>>(
        BARTIZAN_TRY_WITHIN(formats::inflate(file->bytes(), formats::Wrapping::gzip, byte_limit), place));
    return formats::parse_idx(*plain, plain).within(place);
}

struct Pair {
    std::filesystem::path images, labels;
};

/// FOLDER/PREFIX followed by one of `endings`, as it is or compressed.
std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder, const std::string& prefix,
                                               std::span<const std::string_view> endings) {
    for (const std::string_view ending : endings)
        for (const char* compression : {"", ".gz"}) {
            std::filesystem::path path = folder / (prefix + std::string(ending) + compression);
            if (is_there(path)) return path;
        }
    return std::nullopt;
}

Result<Pair> pair_in(const std::filesystem::path& folder, const std::string& prefix) {
    const auto images = find_file(folder, prefix, kImages), labels = find_file(folder, prefix, kLabels);
    if (images && labels) return Pair{*images, *labels};
    return Error(Errc::not_found, "no file " + prefix + std::string(images ? kLabels[0] : kImages[0]) + "[.gz] in '" +
                                      folder.string() + "'");
}

Result<Pair> pair_of_split(const std::filesystem::path& folder, const std::string& split) {
    if (!split.empty() && split != "train" && split != "test")
        return invalid_input("no split called '" + split + "'", "there are train and test");
    return pair_in(folder, split == "train" ? "train-" : "t10k-");
}

/// The labels beside an images file.
Result<Pair> pair_of(const std::filesystem::path& images) {
    const std::string name = images.filename().string();
    for (const std::string_view ending : kImages) {
        const std::size_t at = name.find(ending);
        if (at == std::string::npos) continue;
        Pair pair = BARTIZAN_TRY(pair_in(images.parent_path(), name.substr(0, at)));
        pair.images = images;
        return pair;
    }
    return invalid_input("'" + name + "' is not named *-images-idx3-ubyte[.gz]", "give the folder or that file");
}

Result<std::unique_ptr<Dataset>> open_pair(const Pair& pair, Info info, std::uint64_t byte_limit) {
    NdArray x = BARTIZAN_TRY(load_idx(pair.images, byte_limit));
    NdArray y = BARTIZAN_TRY(load_idx(pair.labels, byte_limit));
    info.format = "idx";
    return from_arrays(std::move(x), std::move(y), std::move(info)).within("'" + pair.images.filename().string() + "'");
}

}  // namespace

bool has_idx_files(const std::filesystem::path& folder) {
    for (const char* prefix : {"t10k-", "train-"})
        if (find_file(folder, prefix, kImages)) return true;
    return false;
}

Result<std::unique_ptr<Dataset>> open_idx(const std::filesystem::path& path, const OpenOptions& options) {
    std::error_code error;
    const bool folder = std::filesystem::is_directory(path, error);
    if (!folder && !options.split.empty())
        return invalid_input("one pair of IDX files has no splits",
                             "give the folder, or leave ':" + options.split + "' out");
    const Pair pair = BARTIZAN_TRY(folder ? pair_of_split(path, options.split) : pair_of(path));
    return open_pair(pair, Info{.path = path.string()}, options.byte_limit);
}

Result<std::unique_ptr<Dataset>> open_fashion_mnist(const OpenOptions& options) {
    if (!is_there(kFashionFolder))
        return Error(Errc::not_found, "Fashion-MNIST is not installed", "apt-get install dataset-fashion-mnist");
    Info info;
    info.path = options.split.empty() ? "fashion-mnist" : "fashion-mnist:" + options.split;
    info.class_names = {"t-shirt", "trouser", "pullover", "dress", "coat",
                        "sandal",  "shirt",   "sneaker",  "bag",   "ankle boot"};
    const Pair pair = BARTIZAN_TRY(pair_of_split(kFashionFolder, options.split));
    return open_pair(pair, std::move(info), options.byte_limit);
}

}  // namespace bartizan::data
