/// Data sets in the IDX files of MNIST and its successors.
#include <algorithm>

#include "core/file.h"
#include "data/sources.h"
#include "formats/idx.h"
#include "formats/inflate.h"

namespace bartizan::data {
namespace {

constexpr std::string_view kFashionFolder = "/usr/share/datasets/fashion-mnist";

Result<NdArray> load_idx(const std::filesystem::path& path, std::uint64_t byte_limit) {
    const std::string place = "'" + path.string() + "'";
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    if (!formats::is_gzip(file->bytes())) return formats::parse_idx(file->bytes(), file).within(place);
    auto plain = std::make_shared<std::vector<std::byte>>(
        BARTIZAN_TRY_WITHIN(formats::inflate(file->bytes(), formats::Wrapping::gzip, byte_limit), place));
    return formats::parse_idx(*plain, plain).within(place);
}

/// PREFIX-images-idx3-ubyte[.gz] and PREFIX-labels-idx1-ubyte[.gz].
struct Pair {
    std::filesystem::path images, labels;
};

Result<std::filesystem::path> existing(const std::filesystem::path& folder, const std::string& name) {
    for (const char* ending : {"", ".gz"})
        if (std::filesystem::exists(folder / (name + ending))) return folder / (name + ending);
    return Error(Errc::not_found, "no file " + name + "[.gz] in '" + folder.string() + "'");
}

Result<Pair> pair_in(const std::filesystem::path& folder, const std::string& split) {
    if (!split.empty() && split != "train" && split != "test")
        return invalid_input("no split '" + split + "' here", "there are train and test");
    const std::string prefix = split == "train" ? "train" : "t10k";
    return Pair{BARTIZAN_TRY(existing(folder, prefix + "-images-idx3-ubyte")),
                BARTIZAN_TRY(existing(folder, prefix + "-labels-idx1-ubyte"))};
}

/// The labels beside an images file.
Result<Pair> pair_of(const std::filesystem::path& images) {
    std::string name = images.filename().string();
    if (const std::size_t at = name.find("images-idx3"); at != std::string::npos)
        name.replace(at, std::string("images-idx3").size(), "labels-idx1");
    else
        return invalid_input("'" + images.string() + "' is not named *-images-idx3-ubyte[.gz]", "give the folder or that file");
    return Pair{images, images.parent_path() / name};
}

Result<std::unique_ptr<Dataset>> open_pair(const Pair& pair, Info info, std::uint64_t byte_limit) {
    NdArray x = BARTIZAN_TRY(load_idx(pair.images, byte_limit));
    NdArray y = BARTIZAN_TRY(load_idx(pair.labels, byte_limit));
    info.format = "idx";
    return from_arrays(std::move(x), std::move(y), std::move(info)).within("'" + pair.images.string() + "'");
}

}  // namespace

Result<std::unique_ptr<Dataset>> open_idx(const std::filesystem::path& path, const OpenOptions& options) {
    const bool folder = std::filesystem::is_directory(path);
    const Pair pair = BARTIZAN_TRY(folder ? pair_in(path, options.split) : pair_of(path));
    Info info;
    info.path = path.string();
    return open_pair(pair, std::move(info), options.byte_limit);
}

Result<std::unique_ptr<Dataset>> open_fashion_mnist(const OpenOptions& options) {
    if (!std::filesystem::exists(kFashionFolder))
        return Error(Errc::not_found, "Fashion-MNIST is not installed", "apt-get install dataset-fashion-mnist");
    Info info;
    info.path = options.split.empty() ? "fashion-mnist" : "fashion-mnist:" + options.split;
    info.class_names = {"t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"};
    const Pair pair = BARTIZAN_TRY(pair_in(kFashionFolder, options.split));
    return open_pair(pair, std::move(info), options.byte_limit);
}

}  // namespace bartizan::data
