#include "quality/quarantine.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <system_error>

#include <fmt/format.h>

#include "core/file.h"
#include "core/json.h"
#include "formats/bytes.h"
#include "formats/csv.h"
#include "formats/npz.h"
#include "formats/zip.h"

namespace bartizan::quality {
namespace {

namespace fs = std::filesystem;

enum class Part { clean, suspect };
constexpr Part kParts[] = {Part::clean, Part::suspect};
const char* name_of(Part part) { return part == Part::clean ? "clean" : "suspect"; }

bool is_suspect(const CheckReport& report, std::int64_t item) {
    return std::ranges::binary_search(report.suspects, item);
}
bool belongs(const CheckReport& report, std::int64_t item, Part part) {
    return is_suspect(report, item) == (part == Part::suspect);
}

Error changed() { return {Errc::conflict, "the data changed while it was checked", "run the check again"}; }

/// Where the items of a text file begin; what stands before the first belongs to both parts.
Result<std::vector<std::size_t>> item_offsets(std::string_view text, const std::string& format) {
    if (format == "csv") {
        auto offsets = BARTIZAN_TRY(formats::csv_record_offsets(text));
        if (!offsets.empty()) offsets.erase(offsets.begin());  // the header
        return offsets;
    }
    std::vector<std::size_t> offsets;
    for (std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = text.substr(at, end - at);
        if (!line.empty() && line != "\r") offsets.push_back(at);
        at = end + 1;
    }
    return offsets;
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

Result<void> write_lines(std::string_view text, const std::vector<std::size_t>& offsets, const CheckReport& report,
                         Part part, const fs::path& path) {
    return write_pieces_atomically(path, [&](const AppendBytes& append) -> Result<void> {
        BARTIZAN_TRY(append(bytes_of(text.substr(0, offsets.front()))));
        for (std::size_t i = 0; i < offsets.size();) {
            const std::size_t first = i;
            while (i < offsets.size() && belongs(report, static_cast<std::int64_t>(i), part)) ++i;
            const std::size_t end = i < offsets.size() ? offsets[i] : text.size();
            if (i > first) BARTIZAN_TRY(append(bytes_of(text.substr(offsets[first], end - offsets[first]))));
            while (i < offsets.size() && !belongs(report, static_cast<std::int64_t>(i), part)) ++i;
        }
        return {};
    });
}

Result<Parted> part_lines(const CheckReport& report, const fs::path& folder) {
    const auto file = BARTIZAN_TRY(MappedFile::open(report.info.path));
    const std::string_view text = formats::as_text(file->bytes());
    const auto offsets = BARTIZAN_TRY(item_offsets(text, report.info.format));
    if (std::ssize(offsets) != report.items) return changed();
    const std::string ending = fs::path(report.info.path).extension().string();
    Parted parted{.clean = (folder / ("clean" + ending)).string(), .suspect = (folder / ("suspect" + ending)).string()};
    BARTIZAN_TRY(write_lines(text, offsets, report, Part::clean, parted.clean));
    BARTIZAN_TRY(write_lines(text, offsets, report, Part::suspect, parted.suspect));
    return parted;
}

Result<Parted> part_files(const data::Dataset& dataset, const CheckReport& report, const fs::path& folder) {
    for (std::int64_t i = 0; i < report.items; ++i) {
        const fs::path from = dataset.file_of(i);
        const fs::path to = folder / name_of(is_suspect(report, i) ? Part::suspect : Part::clean) /
                            from.parent_path().filename() / from.filename();
        BARTIZAN_TRY(make_folder(to.parent_path()));
        std::error_code error;
        fs::copy_file(from, to, error);
        if (error) return system_failure(error.value(), "cannot copy", to);
    }
    return Parted{.clean = (folder / "clean").string(), .suspect = (folder / "suspect").string()};
}

/// Rows of an array of numbers, bytes as they are.
Result<NdArray> rows_of(const NdArray& array, const CheckReport& report, Part part) {
    Shape shape = array.shape();
    const std::size_t length = array.bytes().size() / static_cast<std::size_t>(shape[0]);
    std::vector<std::int64_t> rows;
    for (std::int64_t i = 0; i < array.shape()[0]; ++i)
        if (belongs(report, i, part)) rows.push_back(i);
    shape[0] = std::ssize(rows);
    NdArray out = BARTIZAN_TRY(NdArray::zeros(array.dtype(), shape));
    const std::span<std::byte> to = out.mutable_bytes();
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::memcpy(to.data() + i * length, array.bytes().data() + static_cast<std::size_t>(rows[i]) * length, length);
    return out;
}

using Entries = std::vector<std::pair<std::string, std::string>>;

bool one_row_an_item(const std::string& name, const Shape& shape, std::int64_t items) {
    return name != "classes" && name != "columns" && !shape.empty() && shape[0] == items;
}

Result<std::string> array_part(const std::string& name, const formats::NpyContent& content, std::int64_t items,
                               const CheckReport& report, Part part) {
    if (const auto* text = std::get_if<formats::TextArray>(&content)) {
        if (!one_row_an_item(name, text->shape, items)) return formats::make_npy_text(text->values);
        std::vector<std::string> values;
        for (std::size_t i = 0; i < text->values.size(); ++i)
            if (belongs(report, static_cast<std::int64_t>(i), part)) values.push_back(text->values[i]);
        return formats::make_npy_text(values);
    }
    const NdArray& array = std::get<NdArray>(content);
    if (!one_row_an_item(name, array.shape(), items)) return formats::make_npy(array);
    return formats::make_npy(BARTIZAN_TRY(rows_of(array, report, part)));
}

using Contents = std::map<std::string, formats::NpyContent>;

Result<Parted> write_parts(const Contents& contents, std::int64_t items, const CheckReport& report,
                           const fs::path& folder) {
    Parted parted{.clean = (folder / "clean.npz").string(), .suspect = (folder / "suspect.npz").string()};
    for (const Part part : kParts) {
        Entries entries;
        for (const auto& [name, content] : contents)
            entries.emplace_back(name + ".npy", BARTIZAN_TRY_WITHIN(array_part(name, content, items, report, part),
                                                                    "array '" + name + "'"));
        const std::string zip = BARTIZAN_TRY(formats::make_zip(entries));
        BARTIZAN_TRY(write_file_atomically(part == Part::clean ? parted.clean : parted.suspect, zip));
    }
    return parted;
}

Result<NdArray> positions(std::int64_t items) {
    std::vector<std::int64_t> ids;
    for (std::int64_t i = 0; i < items; ++i) ids.push_back(i);
    return NdArray::from<std::int64_t>({items}, ids);
}

Result<Parted> part_npz(const CheckReport& report, const fs::path& folder) {
    const formats::Npz npz = BARTIZAN_TRY(formats::Npz::open(report.info.path));
    std::int64_t items = report.items;
    if (npz.has("x")) items = BARTIZAN_TRY(npz.array("x")).shape()[0];
    Contents contents;
    for (const std::string& name : npz.names()) contents.emplace(name, BARTIZAN_TRY(npz.content(name)));
    if (!contents.contains("ids")) contents.emplace("ids", BARTIZAN_TRY(positions(items)));
    return write_parts(contents, items, report, folder);
}

/// Everything else as arrays: pixels become bytes again.
Result<Parted> part_arrays(const data::Dataset& dataset, const CheckReport& report, const fs::path& folder) {
    const data::Batch batch = BARTIZAN_TRY(data::read_all(dataset));
    Contents contents;
    const bool bytes = report.info.stored == DType::u8;
    if (bytes) {
        const float scale = report.info.item_shape.size() >= 2 ? 255 : 1;
        NdArray pixels = BARTIZAN_TRY(NdArray::zeros(DType::u8, batch.x.shape()));
        const auto from = batch.x.values<float>();
        const auto to = pixels.mutable_values<std::uint8_t>();
        for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<std::uint8_t>(std::lround(from[i] * scale));
        contents.emplace("x", std::move(pixels));
    } else if (report.info.stored == DType::f32) {
        contents.emplace("x", batch.x);
    } else {
        return unsupported("data of " + std::string(to_string(report.info.stored)) + " cannot be parted without loss",
                           "store it as .npz");
    }
    contents.emplace("ids", BARTIZAN_TRY(positions(report.items)));
    if (!batch.y.empty())
        contents.emplace("y", BARTIZAN_TRY(NdArray::from<std::int64_t>({report.items}, std::span(batch.y))));
    if (!report.class_names.empty())
        contents.emplace("classes", formats::TextArray{{std::ssize(report.class_names)}, report.class_names});
    return write_parts(contents, report.items, report, folder);
}

Result<void> check_free(const fs::path& folder) {
    std::error_code error;
    if (!fs::exists(folder, error)) return {};
    for (const auto& entry : fs::directory_iterator(folder, error))
        if (const std::string name = entry.path().stem().string(); name == "clean" || name == "suspect")
            return Error(Errc::conflict, "'" + entry.path().string() + "' is there already", "name an empty folder");
    return {};
}

std::string reasons(const CheckReport& report) {
    std::map<std::int64_t, Json> kinds;
    for (const Issue& issue : report.issues)
        if (issue.suspect)
            for (const std::int64_t item : issue.indices) {
                Json& list = kinds.try_emplace(item, Json::array()).first->second;
                if (std::ranges::find(list, Json(issue.kind)) == list.end()) list.push_back(issue.kind);
            }
    Json items = Json::array();
    for (const auto& [item, list] : kinds) items.push_back({{"item", item}, {"kinds", list}});
    return to_text({{"schema", "bartizan.quarantine/1"}, {"data", report.info.path}, {"suspects", std::move(items)}});
}

Result<Parted> part(const std::string& spec, const data::OpenOptions& options, const CheckReport& report,
                    const fs::path& folder) {
    const std::string& format = report.info.format;
    if (format == "csv" || format == "jsonl" || format == "text") return part_lines(report, folder);
    if (format == "npz") return part_npz(report, folder);
    data::OpenOptions open = options;
    open.keep_non_finite = true;
    const auto dataset = BARTIZAN_TRY(data::open(spec, open));
    if (dataset->info().items != report.items) return changed();
    if (!dataset->file_of(0).empty()) return part_files(*dataset, report, folder);
    return part_arrays(*dataset, report, folder);
}

}  // namespace

Result<Parted> quarantine(const std::string& spec, const data::OpenOptions& options, const CheckReport& report,
                          const fs::path& folder) {
    if (options.limit || options.sample)
        return invalid_input("only a part of the data was checked, and nothing may be lost",
                             "leave --limit and --sample out");
    BARTIZAN_TRY(check_free(folder));
    BARTIZAN_TRY(make_folder(folder));
    Parted parted = BARTIZAN_TRY(part(spec, options, report, folder));
    BARTIZAN_TRY(write_file_atomically(folder / "reasons.json", reasons(report)));
    parted.suspect_items = std::ssize(report.suspects);
    parted.clean_items = report.items - parted.suspect_items;
    return parted;
}

}  // namespace bartizan::quality
