/// Data sets in NumPy's .npz and .npy.
#include <algorithm>

#include "core/file.h"
#include "data/sources.h"
#include "formats/npz.h"

namespace bartizan::data {
namespace {

/// "classes" holds names as text; numbers are taken as names too.
Result<std::vector<std::string>> class_names(const formats::Npz& npz) {
    if (!npz.has("classes")) return std::vector<std::string>{};
    const formats::NpyContent content = BARTIZAN_TRY(npz.content("classes"));
    if (const auto* text = std::get_if<formats::TextArray>(&content)) return text->values;
    return invalid_input("array 'classes' does not hold names", "store it as text, np.array(['cat', 'dog'])");
}

/// The labels that belong to PATH/x.npy or PATH_x.npy: y.npy or PATH_y.npy beside it.
Result<std::filesystem::path> label_file(const std::filesystem::path& path) {
    const std::string stem = path.stem().string();
    if (stem == "x" || stem == "X") return path.parent_path() / (stem == "x" ? "y.npy" : "Y.npy");
    if (stem.ends_with("_x")) return path.parent_path() / (stem.substr(0, stem.size() - 1) + "y.npy");
    return path.parent_path() / (stem + "_y.npy");
}

Result<NdArray> load_npy(const std::filesystem::path& path) {
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    return formats::parse_npy_array(file->bytes(), file).within("'" + path.string() + "'");
}

}  // namespace

Result<std::unique_ptr<Dataset>> open_npz(const std::filesystem::path& path, const OpenOptions& options) {
    const formats::Npz npz = BARTIZAN_TRY(formats::Npz::open(path));
    const std::string place = "'" + path.string() + "'";
    // A file may hold several splits as x_train, y_train ...
    const std::string suffix =
        !options.split.empty() && npz.has("x_" + options.split) ? "_" + options.split : std::string();
    if (!options.split.empty() && suffix.empty() && !npz.has("x"))
        return invalid_input(place + " has no split '" + options.split + "'");
    NdArray x = BARTIZAN_TRY_WITHIN(npz.array("x" + suffix, options.byte_limit), place);
    std::optional<NdArray> y;
    if (npz.has("y" + suffix)) y = BARTIZAN_TRY_WITHIN(npz.array("y" + suffix, options.byte_limit), place);
    Info info;
    info.format = "npz";
    info.path = path.string();
    info.class_names = BARTIZAN_TRY_WITHIN(class_names(npz), place);
    return from_arrays(std::move(x), std::move(y), std::move(info)).within(place);
}

Result<std::unique_ptr<Dataset>> open_npy(const std::filesystem::path& path, const OpenOptions&) {
    NdArray x = BARTIZAN_TRY(load_npy(path));
    const std::filesystem::path labels = BARTIZAN_TRY(label_file(path));
    std::optional<NdArray> y;
    if (std::filesystem::exists(labels)) y = BARTIZAN_TRY(load_npy(labels));
    Info info;
    info.format = "npy";
    info.path = path.string();
    return from_arrays(std::move(x), std::move(y), std::move(info)).within("'" + path.string() + "'");
}

}  // namespace bartizan::data
