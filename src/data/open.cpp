/// Which of the sources a name means, and which of its rows are wanted.
#include <algorithm>
#include <map>
#include <numeric>
#include <system_error>

#include "core/random.h"
#include "data/dataset.h"
#include "data/sources.h"

namespace bartizan::data {
namespace {

constexpr std::uint32_t kSamplePurpose = 1;
constexpr std::string_view kFashionMnist = "fashion-mnist";

std::vector<std::int64_t> first(std::int64_t count) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
}

using RowsByClass = std::map<std::int64_t, std::vector<std::int64_t>>;

/// How many rows of each class make up `count` of `items`: its share rounded down, and one more for those with the
/// largest remainders (Hamilton's method).
std::map<std::int64_t, std::int64_t> quotas(const RowsByClass& by_class, std::int64_t count, std::int64_t items) {
    std::map<std::int64_t, std::int64_t> quota;
    std::vector<std::pair<double, std::int64_t>> remainders;
    std::int64_t given = 0;
    for (const auto& [label, rows] : by_class) {
        const double share = static_cast<double>(count) * static_cast<double>(rows.size()) / static_cast<double>(items);
        quota[label] = static_cast<std::int64_t>(share);
        given += quota[label];
        remainders.emplace_back(share - static_cast<double>(quota[label]), label);
    }
    std::ranges::stable_sort(remainders, std::ranges::greater{}, &std::pair<double, std::int64_t>::first);
    for (std::size_t i = 0; given < count; ++i, ++given) ++quota[remainders[i % remainders.size()].second];
    return quota;
}

/// The end of the name, in lower case, without ".gz".
std::string ending_of(const std::filesystem::path& path) {
    std::string name = path.filename().string();
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (name.find("-ubyte") != std::string::npos) return "-ubyte";
    const std::size_t dot = name.rfind('.');
    return dot == std::string::npos ? "" : name.substr(dot);
}

Error unknown_format() {
    return unsupported("in no format that is read",
                       "give .npz, .npy, .csv, IDX (*-ubyte[.gz]), a folder of class folders, or fashion-mnist");
}

Result<std::unique_ptr<Dataset>> open_path(const std::filesystem::path& path, const OpenOptions& options) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status))
        return Error(Errc::not_found, "no data at '" + path.string() + "'", "check the path");
    const bool folder = std::filesystem::is_directory(status);
    const std::string ending = ending_of(path);
    if (!options.label_column.empty() && ending != ".csv" && ending != ".tsv")
        return invalid_input("--label names a column of a CSV table, this is none", "leave --label out");
    if (folder) return has_idx_files(path) ? open_idx(path, options) : open_image_folder(path, options);
    if (ending == ".npz") return open_npz(path, options);
    if (ending == ".npy") return open_npy(path, options);
    if (ending == ".csv" || ending == ".tsv") return open_csv(path, options);
    if (ending == "-ubyte") return open_idx(path, options);
    return unknown_format();
}

/// PATH:split, unless the whole is a path.
Result<std::string> take_split(std::string_view spec, OpenOptions& options) {
    std::error_code error;
    const std::size_t colon = spec.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || std::filesystem::exists(spec, error)) return std::string(spec);
    options.split = spec.substr(colon + 1);
    if (options.split.empty() || options.split.find('/') != std::string::npos)
        return invalid_input("no split is named behind the colon", "write PATH:train or PATH:test");
    return std::string(spec.substr(0, colon));
}

Result<void> check_count(const std::optional<std::int64_t>& count, const char* option) {
    if (count && *count < 1)
        return invalid_input(std::string(option) + " " + std::to_string(*count) + " leaves nothing", "give 1 or more");
    return {};
}

}  // namespace

std::vector<std::int64_t> stratified_rows(std::span<const std::int64_t> labels, std::int64_t items, std::int64_t count,
                                          std::uint64_t seed) {
    const std::vector<std::int64_t> order = permutation(items, seed, kSamplePurpose);
    if (labels.empty()) return {order.begin(), order.begin() + count};
    const auto label_of = [&](std::int64_t row) { return labels[static_cast<std::size_t>(row)]; };
    RowsByClass by_class;
    for (const std::int64_t row : order) by_class[label_of(row)].push_back(row);
    std::map<std::int64_t, std::int64_t> left = quotas(by_class, count, items);
    std::vector<std::int64_t> chosen;
    for (const std::int64_t row : order)
        if (left[label_of(row)]-- > 0) chosen.push_back(row);
    return chosen;
}

Result<std::unique_ptr<Dataset>> open(std::string_view spec, const OpenOptions& given) {
    OpenOptions options = given;
    BARTIZAN_TRY(check_count(options.limit, "--limit"));
    BARTIZAN_TRY(check_count(options.sample, "--sample"));
    const std::string path = BARTIZAN_TRY(take_split(spec, options));
    std::unique_ptr<Dataset> rows =
        BARTIZAN_TRY(path == kFashionMnist ? open_fashion_mnist(options) : open_path(path, options));
    if (options.limit && *options.limit < rows->info().items) rows = subset_of(std::move(rows), first(*options.limit));
    if (options.sample && *options.sample < rows->info().items) {
        std::vector<std::int64_t> chosen = stratified_rows(
            rows->has_labels() ? rows->labels() : std::span<const std::int64_t>(), rows->info().items, *options.sample,
            options.seed);
        rows = subset_of(std::move(rows), std::move(chosen));
    }
    return rows;
}

Result<Batch> read_all(const Dataset& dataset) {
    auto batch = dataset.read(first(dataset.info().items));
    if (!batch.ok() && batch.error().code() == Errc::exhausted)
        return exhausted(batch.error().message(), "take fewer rows with --limit N or --sample N");
    return batch;
}

}  // namespace bartizan::data
