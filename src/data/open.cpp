/// Which of the sources a name means, and which of its rows are wanted.
#include <algorithm>
#include <map>

#include "core/random.h"
#include "data/dataset.h"
#include "data/sources.h"

namespace bartizan::data {
namespace {

constexpr std::uint32_t kSamplePurpose = 1;

/// Some rows of another data set. Ids stay those of the whole.
class Subset final : public Dataset {
public:
    Subset(std::unique_ptr<Dataset> inner, std::vector<std::int64_t> rows)
        : inner_(std::move(inner)), rows_(std::move(rows)), info_(inner_->info()) {
        info_.items = static_cast<std::int64_t>(rows_.size());
        if (inner_->has_labels())
            for (const std::int64_t row : rows_) labels_.push_back(inner_->labels()[static_cast<std::size_t>(row)]);
    }
    const Info& info() const override { return info_; }
    bool has_labels() const override { return inner_->has_labels(); }
    std::span<const std::int64_t> labels() const override { return labels_; }
    Result<Batch> read(std::span<const std::int64_t> positions) const override {
        std::vector<std::int64_t> inner;
        for (const std::int64_t position : positions) inner.push_back(rows_[static_cast<std::size_t>(position)]);
        return inner_->read(inner);
    }

private:
    std::unique_ptr<Dataset> inner_;
    std::vector<std::int64_t> rows_;
    std::vector<std::int64_t> labels_;
    Info info_;
};

std::vector<std::int64_t> first(std::int64_t count) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) rows[static_cast<std::size_t>(i)] = i;
    return rows;
}

/// `count` rows, each class with its share (largest remainders), in a seeded order.
std::vector<std::int64_t> stratified(const Dataset& dataset, std::int64_t count, std::uint64_t seed) {
    const std::int64_t items = dataset.info().items;
    const std::vector<std::int64_t> order = permutation(items, seed, kSamplePurpose);
    if (!dataset.has_labels()) return {order.begin(), order.begin() + count};
    std::map<std::int64_t, std::vector<std::int64_t>> by_class;
    for (const std::int64_t row : order) by_class[dataset.labels()[static_cast<std::size_t>(row)]].push_back(row);
    std::vector<std::pair<double, std::int64_t>> remainders;
    std::map<std::int64_t, std::int64_t> quota;
    std::int64_t given = 0;
    for (const auto& [label, rows] : by_class) {
        const double share = static_cast<double>(count) * static_cast<double>(rows.size()) / static_cast<double>(items);
        quota[label] = static_cast<std::int64_t>(share);
        given += quota[label];
        remainders.emplace_back(share - static_cast<double>(quota[label]), label);
    }
    std::ranges::stable_sort(remainders, std::ranges::greater{}, &std::pair<double, std::int64_t>::first);
    for (std::size_t i = 0; given < count; ++i, ++given) ++quota[remainders[i % remainders.size()].second];
    std::vector<bool> taken(static_cast<std::size_t>(items), false);
    for (const auto& [label, rows] : by_class)
        for (std::int64_t i = 0; i < quota[label]; ++i) taken[static_cast<std::size_t>(rows[static_cast<std::size_t>(i)])] = true;
    std::vector<std::int64_t> chosen;
    for (const std::int64_t row : order)
        if (taken[static_cast<std::size_t>(row)]) chosen.push_back(row);
    return chosen;
}

bool has_idx_files(const std::filesystem::path& folder) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error))
        if (entry.path().filename().string().find("-idx3-ubyte") != std::string::npos) return true;
    return false;
}

Result<std::unique_ptr<Dataset>> open_path(const std::filesystem::path& path, const OpenOptions& options) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status))
        return Error(Errc::not_found, "no data at '" + path.string() + "'", "check the path");
    if (std::filesystem::is_directory(status))
        return has_idx_files(path) ? open_idx(path, options) : open_image_folder(path, options);
    const std::string name = path.filename().string();
    if (name.ends_with(".npz")) return open_npz(path, options);
    if (name.ends_with(".npy")) return open_npy(path, options);
    if (name.ends_with(".csv") || name.ends_with(".tsv")) return open_csv(path, options);
    if (name.find("-ubyte") != std::string::npos) return open_idx(path, options);
    return unsupported("'" + path.string() + "' is in no format that is read",
                       "give .npz, .npy, .csv, IDX (*-ubyte[.gz]), a folder of class folders, or fashion-mnist");
}

}  // namespace

Result<std::unique_ptr<Dataset>> open(std::string_view spec, const OpenOptions& given) {
    OpenOptions options = given;
    std::string path(spec);
    // PATH:split, unless the whole is a path.
    const std::size_t colon = path.rfind(':');
    if (colon != std::string::npos && colon > 0 && !std::filesystem::exists(path)) {
        options.split = path.substr(colon + 1);
        path.erase(colon);
    }
    auto dataset = path == "fashion-mnist" ? open_fashion_mnist(options) : open_path(path, options);
    if (!dataset.ok()) return dataset;
    std::unique_ptr<Dataset> whole = std::move(dataset).value();
    if (options.limit && *options.limit < whole->info().items) {
        const std::int64_t rows = *options.limit;
        whole = std::make_unique<Subset>(std::move(whole), first(rows));
    }
    if (options.sample && *options.sample < whole->info().items) {
        std::vector<std::int64_t> rows = stratified(*whole, *options.sample, options.seed);
        whole = std::make_unique<Subset>(std::move(whole), std::move(rows));
    }
    return whole;
}

Result<Batch> read_all(const Dataset& dataset) { return dataset.read(first(dataset.info().items)); }

}  // namespace bartizan::data
