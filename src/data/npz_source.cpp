/// Data sets in NumPy's .npz and .npy.
#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "core/file.h"
#include "data/sources.h"
#include "formats/npz.h"

namespace bartizan::data {
namespace {

/// "classes" holds names as text.
Result<std::vector<std::string>> names_in(const formats::Npz& npz, const char* array) {
    if (!npz.has(array)) return std::vector<std::string>{};
    formats::NpyContent content = BARTIZAN_TRY(npz.content(array));
    if (auto* text = std::get_if<formats::TextArray>(&content)) return std::move(text->values);
    return invalid_input(fmt::format("array '{}' does not hold names", array),
                         fmt::format("store it as text: {}=np.array([\"cat\", \"dog\"])", array));
}

struct ArrayNames {
    std::string x, y;
};

/// The arrays of a split under the names that Bartizan, Keras (mnist.npz) and MedMNIST use.
std::optional<ArrayNames> arrays_of(const formats::Npz& npz, const std::string& split) {
    for (ArrayNames names : {ArrayNames{"x_" + split, "y_" + split}, ArrayNames{split + "_x", split + "_y"},
                             ArrayNames{split + "_images", split + "_labels"}})
        if (npz.has(names.x)) return names;
    return std::nullopt;
}

std::string list_of(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    return list;
}

/// Rows that the array `split` puts into the split: 0 is train, 1 test, 2 val; or their names.
Result<std::vector<std::int64_t>> rows_of_split(const formats::Npz& npz, const std::string& split, std::int64_t items) {
    constexpr std::string_view kSplits[] = {"train", "test", "val"};
    const formats::NpyContent content = BARTIZAN_TRY(npz.content("split"));
    std::vector<std::int64_t> rows;
    std::size_t length = 0;
    if (const auto* text = std::get_if<formats::TextArray>(&content)) {
        length = text->values.size();
        for (std::size_t i = 0; i < length; ++i)
            if (text->values[i] == split) rows.push_back(static_cast<std::int64_t>(i));
    } else {
        const auto codes = BARTIZAN_TRY_WITHIN(class_numbers(std::get<NdArray>(content)), "array 'split'");
        length = codes.size();
        for (std::size_t i = 0; i < length; ++i)
            if (codes[i] < std::ssize(kSplits) && kSplits[static_cast<std::size_t>(codes[i])] == split)
                rows.push_back(static_cast<std::int64_t>(i));
    }
    if (length != static_cast<std::size_t>(items))
        return invalid_input(fmt::format("x has {} rows, the array 'split' has {}", items, length));
    if (rows.empty()) return invalid_input("the array 'split' puts no row into '" + split + "'");
    return rows;
}

Result<std::unique_ptr<Dataset>> load(const formats::Npz& npz, const ArrayNames& names, const OpenOptions& options,
                                      Info info) {
    NdArray x = BARTIZAN_TRY(npz.array(names.x, options.byte_limit));
    std::optional<NdArray> y;
    if (npz.has(names.y)) y = BARTIZAN_TRY(npz.array(names.y, options.byte_limit));
    info.class_names = BARTIZAN_TRY(names_in(npz, "classes"));
    info.column_names = BARTIZAN_TRY(names_in(npz, "columns"));
    return from_arrays(std::move(x), std::move(y), std::move(info));
}

/// The labels that belong to x.npy, PREFIX_x.npy or PREFIX.npy: y.npy, PREFIX_y.npy or PREFIX_y.npy beside it.
std::filesystem::path label_file(const std::filesystem::path& path) {
    const std::string stem = path.stem().string();
    if (stem == "x" || stem == "X") return path.parent_path() / (stem == "x" ? "y.npy" : "Y.npy");
    if (stem.ends_with("_x")) return path.parent_path() / (stem.substr(0, stem.size() - 1) + "y.npy");
    return path.parent_path() / (stem + "_y.npy");
}

Result<NdArray> load_npy(const std::filesystem::path& path) {
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    return formats::parse_npy_array(file->bytes(), file).within("'" + path.filename().string() + "'");
}

}  // namespace

Result<std::unique_ptr<Dataset>> open_npz(const std::filesystem::path& path, const OpenOptions& options) {
    const formats::Npz npz = BARTIZAN_TRY(formats::Npz::open(path));
    Info info{.format = "npz", .path = path.string(), .keeps_non_finite = options.keep_non_finite};
    const std::string& split = options.split;
    const auto named = arrays_of(npz, split.empty() ? "test" : split);
    if (named && (!split.empty() || !npz.has("x"))) return load(npz, *named, options, std::move(info));
    if (!npz.has("x"))
        return invalid_input(split.empty() ? "no array called 'x'" : "no split called '" + split + "'",
                             "the file has " + list_of(npz.names()));
    auto whole = load(npz, {"x", "y"}, options, std::move(info));
    if (!whole.ok() || split.empty()) return whole;
    if (!npz.has("split"))
        return invalid_input("no split called '" + split + "'", "the file has " + list_of(npz.names()));
    std::vector<std::int64_t> rows = BARTIZAN_TRY(rows_of_split(npz, split, (*whole)->info().items));
    return subset_of(std::move(whole).value(), std::move(rows));
}

Result<std::unique_ptr<Dataset>> open_npy(const std::filesystem::path& path, const OpenOptions& options) {
    if (!options.split.empty())
        return invalid_input("a .npy file has no splits",
                             "give the file of the split, without ':" + options.split + "'");
    NdArray x = BARTIZAN_TRY(load_npy(path));
    std::error_code error;
    const std::filesystem::path labels = label_file(path);
    std::optional<NdArray> y;
    if (std::filesystem::exists(labels, error)) y = BARTIZAN_TRY(load_npy(labels));
    return from_arrays(std::move(x), std::move(y),
                       Info{.format = "npy", .path = path.string(), .keeps_non_finite = options.keep_non_finite});
}

}  // namespace bartizan::data
