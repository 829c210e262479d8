#include "scan/tensors/diff.h"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "crypto/hash.h"
#include "report/escape.h"
#include "scan/scan.h"
#include "scan/tensors/tensor_file.h"

namespace bartizan::scan {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxModelFiles = 20'000;

/// One side: its files by their path below it, those with tensors opened.
struct Side {
    std::map<std::string, fs::path> files;
    std::vector<TensorFile> opened;
    std::map<std::string, const StoredTensor*, std::less<>> tensors;
    std::vector<std::string> order;
    std::set<std::string> with_tensors;  ///< files
};

Result<std::map<std::string, fs::path>> files_of(const fs::path& root) {
    std::map<std::string, fs::path> out;
    std::error_code error;
    const fs::file_status status = fs::status(root, error);
    if (!fs::exists(status)) return Error(Errc::not_found, fmt::format("'{}' is not there", root.string()));
    if (!fs::is_directory(status)) {
        out[""] = root;
        return out;
    }
    for (fs::recursive_directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
        if (!it->is_regular_file(error) || it->is_symlink(error)) continue;
        out[it->path().lexically_relative(root).string()] = it->path();
        if (out.size() > kMaxModelFiles) return exhausted(fmt::format("'{}' has too many files", root.string()));
    }
    if (error) return Error(Errc::denied, fmt::format("cannot read '{}': {}", root.string(), error.message()));
    return out;
}

/// Nothing else parses a file that would do harm, or that made its reader fail.
Result<void> refuse_harm(const fs::path& root, const RunContext& run) {
    const ScanResult found = BARTIZAN_TRY(scan({&root, 1}, {.sandbox = true}, run));
    for (const FileResult& file : found.files) {
        const std::string hint = "see what it holds with `bartizan scan " + file.path + "`";
        if (file.verdict == Verdict::malicious) return invalid_input(fmt::format("'{}' is malicious", file.path), hint);
        if (!file.complete) return invalid_input(fmt::format("'{}' cannot be read to its end", file.path), hint);
    }
    return {};
}

Result<Side> open_side(const fs::path& root, std::vector<LeftOut>& left_out, const RunContext& run) {
    Side side;
    BARTIZAN_TRY(refuse_harm(root, run));
    side.files = BARTIZAN_TRY(files_of(root));
    for (const auto& [name, path] : side.files) {
        if (run.stop_requested()) return Error(Errc::cancelled, "stopped before both sides were read");
        TensorFile file = BARTIZAN_TRY(TensorFile::open(path));
        left_out.insert(left_out.end(), file.left_out().begin(), file.left_out().end());
        if (file.tensors().empty()) continue;
        side.with_tensors.insert(name);
        side.opened.push_back(std::move(file));
    }
    for (const TensorFile& file : side.opened)
        for (const StoredTensor& tensor : file.tensors())
            if (side.tensors.try_emplace(tensor.name, &tensor).second) side.order.push_back(tensor.name);
    if (side.tensors.empty())
        return invalid_input(fmt::format("'{}' holds no tensors that can be compared", root.string()),
                             "safetensors, GGUF, ONNX, npy, npz and torch checkpoints can");
    return side;
}

Result<std::string> digest_of(const fs::path& path) { return crypto::to_hex(BARTIZAN_TRY(crypto::sha256_file(path))); }

Result<std::vector<FileChange>> other_files(const Side& a, const Side& b) {
    std::vector<FileChange> out;
    for (const auto& [name, path] : a.files) {
        if (name.empty() || a.with_tensors.contains(name)) continue;
        const auto there = b.files.find(name);
        if (there == b.files.end())
            out.push_back({name, Change::removed});
        else if (BARTIZAN_TRY(digest_of(path)) != BARTIZAN_TRY(digest_of(there->second)))
            out.push_back({name, Change::other});
    }
    for (const auto& [name, path] : b.files)
        if (!name.empty() && !b.with_tensors.contains(name) && !a.files.contains(name))
            out.push_back({name, Change::added});
    return out;
}

/// What the whole is best called: the gravest of what happened to a tensor, unless nearly all were rewritten.
std::string summary_of(const std::vector<TensorChange>& tensors) {
    std::map<Change, std::size_t> count;
    std::size_t differing = 0;
    for (const TensorChange& tensor : tensors) {
        ++count[tensor.change];
        differing += tensor.change == Change::same ? 0 : 1;
    }
    if (differing == 0) return "the same";
    const std::size_t unlike =
        count[Change::rewritten] + count[Change::reshaped] + count[Change::added] + count[Change::removed];
    if (2 * unlike > tensors.size()) return "another model";
    if (count[Change::patched] > 0) return "patched: few rows, columns or numbers were replaced";
    if (count[Change::low_rank] > 0) return "changed in low rank: a merged adapter, or an edit";
    if (count[Change::quantised] * 2 > differing) return "quantised";
    return "fine-tuned";
}

bool worth_showing(const TensorChange& tensor) { return tensor.change != Change::same; }

std::string measures(const TensorChange& tensor) {
    switch (tensor.change) {
        case Change::added:
            return tensor.to;
        case Change::removed:
            return tensor.from;
        case Change::reshaped:
        case Change::other:
            return tensor.from + " -> " + tensor.to;
        default:
            break;
    }
    std::string out = fmt::format("{} of {} numbers, {:.3g} of the norm, at most {:.3g}", tensor.changed,
                                  tensor.elements, tensor.relative, tensor.largest);
    if (tensor.rank > 0) out += fmt::format(", rank {}", tensor.rank);
    if (!tensor.places.empty())
        out += fmt::format(", {} {}{}", tensor.by_columns ? "columns" : "rows",
                           fmt::join(tensor.places.begin(),
                                     tensor.places.begin() +
                                         static_cast<std::ptrdiff_t>(std::min<std::size_t>(8, tensor.places.size())),
                                     ", "),
                           tensor.places.size() > 8 ? " ..." : "");
    if (tensor.from != tensor.to) out += ", " + tensor.from + " -> " + tensor.to;
    return out;
}

}  // namespace

Result<ModelDiff> diff_models(const fs::path& a, const fs::path& b, const RunContext& run) {
    ModelDiff out{.a = a.string(), .b = b.string()};
    const Side one = BARTIZAN_TRY(open_side(a, out.left_out, run));
    const Side two = BARTIZAN_TRY(open_side(b, out.left_out, run));
    for (std::size_t i = 0; i < one.order.size(); ++i) {
        if (run.stop_requested()) return Error(Errc::cancelled, "stopped before all tensors were compared");
        const StoredTensor& tensor = *one.tensors.at(one.order[i]);
        const auto there = two.tensors.find(tensor.name);
        if (there != two.tensors.end())
            out.tensors.push_back(compare_tensors(tensor, *there->second));
        else
            out.tensors.push_back({.name = tensor.name, .change = Change::removed, .from = tensor.type});
        run.progress({.stage = "comparing", .done = i + 1, .total = one.order.size(), .unit = "tensors"});
    }
    for (const std::string& name : two.order)
        if (!one.tensors.contains(name))
            out.tensors.push_back({.name = name, .change = Change::added, .to = two.tensors.at(name)->type});
    out.files = BARTIZAN_TRY(other_files(one, two));
    out.summary = summary_of(out.tensors);
    return out;
}

Severity gravest(const ModelDiff& diff) {
    Severity out = Severity::info;
    for (const TensorChange& tensor : diff.tensors) {
        if (tensor.change == Change::patched) return Severity::medium;
        if (tensor.change == Change::low_rank || tensor.change == Change::rewritten) out = Severity::low;
    }
    return out;
}

Json diff_json(const ModelDiff& diff) {
    Json tensors = Json::array(), files = Json::array(), left_out = Json::array(), counts = Json::object();
    for (const TensorChange& tensor : diff.tensors) {
        const std::string change(to_string(tensor.change));
        counts[change] = counts.value(change, 0) + 1;
        Json row = {{"name", report::clean_line(tensor.name)}, {"change", change}};
        if (!tensor.from.empty()) row["from"] = tensor.from;
        if (!tensor.to.empty()) row["to"] = tensor.to;
        if (tensor.changed > 0) {
            row["elements"] = tensor.elements;
            row["changed"] = tensor.changed;
            row["rows"] = tensor.rows;
            row["changed_rows"] = tensor.changed_rows;
            row["columns"] = tensor.columns;
            row["changed_columns"] = tensor.changed_columns;
            row["relative"] = tensor.relative;
            row["largest"] = tensor.largest;
        }
        if (tensor.rank > 0) row["rank"] = tensor.rank;
        if (!tensor.places.empty()) row[tensor.by_columns ? "patched_columns" : "patched_rows"] = tensor.places;
        tensors.push_back(std::move(row));
    }
    for (const FileChange& file : diff.files)
        files.push_back({{"path", report::clean_line(file.path)},
                         {"change", file.change == Change::other ? "changed" : to_string(file.change)}});
    for (const LeftOut& part : diff.left_out)
        left_out.push_back({{"name", report::clean_line(part.name)}, {"why", report::clean_line(part.why)}});
    return {{"schema", "bartizan.scan-diff/1"},     {"a", report::clean_line(diff.a)},
            {"b", report::clean_line(diff.b)},      {"summary", diff.summary},
            {"severity", to_string(gravest(diff))}, {"counts", std::move(counts)},
            {"tensors", std::move(tensors)},        {"files", std::move(files)},
            {"left_out", std::move(left_out)}};
}

std::string diff_text(const ModelDiff& diff) {
    constexpr std::size_t kShown = 60;
    std::vector<const TensorChange*> shown;
    for (const TensorChange& tensor : diff.tensors)
        if (worth_showing(tensor)) shown.push_back(&tensor);
    std::stable_partition(shown.begin(), shown.end(),
                          [](const TensorChange* tensor) { return tensor->change == Change::patched; });
    std::string out;
    for (std::size_t i = 0; i < std::min(shown.size(), kShown); ++i)
        out += fmt::format("  {:<10} {}: {}\n", to_string(shown[i]->change), report::clean_line(shown[i]->name),
                           measures(*shown[i]));
    if (shown.size() > kShown) out += fmt::format("  and {} more tensors\n", shown.size() - kShown);
    for (const FileChange& file : diff.files)
        out += fmt::format("  {:<10} {}\n", file.change == Change::other ? "changed" : to_string(file.change),
                           report::clean_line(file.path));
    if (!diff.left_out.empty()) out += fmt::format("  {} parts were not compared\n", diff.left_out.size());
    return out + fmt::format("{} -> {}: {} ({} of {} tensors differ)\n", report::clean_line(diff.a),
                             report::clean_line(diff.b), diff.summary, shown.size(), diff.tensors.size());
}

}  // namespace bartizan::scan
