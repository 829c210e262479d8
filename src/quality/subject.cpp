#include "quality/subject.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include <fmt/format.h>

#include "core/file.h"
#include "core/json.h"
#include "core/random.h"
#include "formats/bytes.h"
#include "formats/csv.h"
#include "quality/table_rows.h"

namespace bartizan::quality {
namespace {

constexpr std::uint32_t kSamplePurpose = 21;
constexpr std::size_t kLookedAt = 4'096;  ///< bytes
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Result<void> read_csv(std::string_view text, TableRows& rows) {
    return formats::read_csv(text, [&](const std::vector<std::string>& fields, std::int64_t line) -> Result<void> {
        const std::string place = "line " + std::to_string(line);
        if (rows.has_header()) return rows.row(fields).within(place);
        const bool numbers =
            std::ranges::all_of(fields, [](const auto& f) { return number_in(trimmed(f)).has_value(); });
        if (numbers)
            return invalid_input("the names of the columns are missing: the first line holds numbers",
                                 "put a line of names on top");
        return rows.header(fields).within(place);
    });
}

template <class Take>
Result<void> each_line(std::string_view text, Take take) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    for (std::int64_t line = 1; !text.empty(); ++line) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view content = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (content.ends_with('\r')) content.remove_suffix(1);
        if (!content.empty()) BARTIZAN_TRY_WITHIN(take(content), "line " + std::to_string(line));
    }
    return {};
}

Result<void> read_lines(std::string_view text, TableRows& rows) {
    BARTIZAN_TRY(rows.header({"text"}));
    return each_line(text, [&](std::string_view line) { return rows.row({std::string(line)}); });
}

/// Objects of one level; what is deeper is kept as its text. A field that some have and some have not is missing there.
Result<void> read_json_lines(std::string_view text, TableRows& rows) {
    std::vector<std::string> names;
    std::unordered_map<std::string, std::size_t> places;
    return each_line(text, [&](std::string_view line) -> Result<void> {
        const Json object = BARTIZAN_TRY(parse_json(line, {.bytes = 1 << 24, .depth = 16}));
        if (!object.is_object()) return invalid_input("no JSON object");
        const bool first = !rows.has_header();
        for (const auto& [name, value] : object.items()) {
            if (!places.emplace(name, names.size()).second) continue;
            names.push_back(name);
            if (!first) BARTIZAN_TRY(rows.late_column(name));
        }
        if (first) BARTIZAN_TRY(rows.header(names));
        std::vector<std::string> fields(names.size());
        for (const auto& [name, value] : object.items())
            fields[places.at(name)] = value.is_string() ? value.get<std::string>()
                                      : value.is_null() ? ""
                                                        : value.dump();
        return rows.row(fields);
    });
}

std::vector<std::int64_t> chosen_rows(std::int64_t items, const data::OpenOptions& options) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(std::min(items, options.limit.value_or(items))));
    std::iota(rows.begin(), rows.end(), 0);
    if (!options.sample || *options.sample >= std::ssize(rows)) return rows;
    rows = permutation(std::ssize(rows), options.seed, kSamplePurpose);
    rows.resize(static_cast<std::size_t>(*options.sample));
    std::ranges::sort(rows);
    return rows;
}

Column part_of(const Column& column, std::span<const std::int64_t> rows) {
    Column out{.name = column.name};
    std::size_t cell = 0;
    for (const std::int64_t row : rows) {
        while (cell < column.cells.size() && column.cells[cell].row < row) ++cell;
        const float number = column.numbers[static_cast<std::size_t>(row)];
        const bool text = cell < column.cells.size() && column.cells[cell].row == row;
        if (text) {
            const std::string_view value = column.text(column.cells[cell]);
            out.cells.push_back({static_cast<std::uint32_t>(out.numbers.size()),
                                 static_cast<std::uint32_t>(out.pool.size()),
                                 static_cast<std::uint32_t>(value.size())});
            out.pool += value;
        }
        if (std::isnan(number)) text ? ++out.words : ++out.missing;
        out.numbers.push_back(number);
    }
    return out;
}

void keep_only(Subject& subject, const std::vector<std::int64_t>& rows) {
    if (std::ssize(rows) == subject.items()) return;
    for (Column& column : subject.columns) column = part_of(column, rows);
    std::vector<std::int64_t> labels;
    for (const std::int64_t row : rows)
        if (!subject.labels.empty()) labels.push_back(subject.labels[static_cast<std::size_t>(row)]);
    subject.labels = std::move(labels);
    std::vector<Fingerprint> prints;
    for (const std::int64_t row : rows) prints.push_back(subject.fingerprints[static_cast<std::size_t>(row)]);
    subject.fingerprints = std::move(prints);
    subject.ids = rows;
    subject.info.items = std::ssize(rows);
    subject.whole = false;
}

/// UTF-8 is read, and what has single bytes that are none (they are an issue of the check); not 16 bits a letter.
Result<void> check_encoding(std::string_view text) {
    const bool marked = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
    if (marked || text.substr(0, kLookedAt).find('\0') != std::string_view::npos)
        return invalid_input(marked ? "the text is in UTF-16" : "there are NUL bytes in the text", "save it as UTF-8");
    return {};
}

using TextReader = Result<void> (*)(std::string_view text, TableRows& rows);

Result<Subject> read_text_file(const std::string& path, const char* format, TextReader read,
                               const data::OpenOptions& options) {
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    BARTIZAN_TRY(check_encoding(formats::as_text(file->bytes())));
    TableRows rows(options.label_column, options.byte_limit);
    BARTIZAN_TRY(read(formats::as_text(file->bytes()), rows));
    Subject subject = BARTIZAN_TRY(std::move(rows).finish({.format = format, .path = path}));
    keep_only(subject, chosen_rows(subject.items(), options));
    return subject;
}

/// Tables of arrays have columns too, so that they are checked alike.
void columns_from_values(Subject& subject) {
    const std::size_t width = subject.values.width;
    subject.fingerprints.resize(subject.ids.size());
    for (std::size_t c = 0; c < width; ++c) {
        Column column{.name = c < subject.info.column_names.size() ? subject.info.column_names[c] : std::to_string(c)};
        column.numbers.reserve(subject.ids.size());
        const FingerprintColumn printer(column.name);
        for (std::size_t row = 0; row < subject.ids.size(); ++row) {
            const float value = subject.values.values[row * width + c];
            column.numbers.push_back(value);
            column.missing += std::isnan(value) ? 1 : 0;
            if (std::isnan(value))
                printer.add_missing(subject.fingerprints[row]);
            else
                printer.add_number(subject.fingerprints[row], value);
        }
        subject.columns.push_back(std::move(column));
    }
    subject.values = {};
}

Result<Subject> read_arrays(std::string_view spec, data::OpenOptions options) {
    options.keep_non_finite = true;
    const auto dataset = BARTIZAN_TRY(data::open(spec, options));
    data::Batch batch = BARTIZAN_TRY(data::read_all(*dataset));
    Subject subject{.info = dataset->info()};
    const std::span<const float> x = batch.x.values<float>();
    subject.values.values.assign(x.begin(), x.end());
    subject.values.width = batch.ids.empty() ? 0 : x.size() / batch.ids.size();
    subject.labels = std::move(batch.y);
    subject.ids = std::move(batch.ids);
    subject.class_names = subject.info.class_names;
    subject.classes = subject.info.classes;
    if (subject.values.width == 0) return invalid_input("the items are empty");
    subject.whole = !options.limit && !options.sample;
    if (subject.info.kind == data::Kind::table) columns_from_values(subject);
    return subject;
}

bool ends_with(std::string_view path, std::string_view ending) {
    return path.size() > ending.size() &&
           std::ranges::equal(path.substr(path.size() - ending.size()), ending,
                              [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
}

}  // namespace

bool means_missing(std::string_view field) {
    if (field.empty()) return true;
    if (field.size() > 4) return false;
    std::string lower(field);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    constexpr std::string_view kWords[] = {"na", "n/a", "nan", "null", "none", "?"};
    return std::ranges::find(kWords, lower) != std::end(kWords);
}

std::string Subject::class_name(std::int64_t label) const {
    const auto at = static_cast<std::size_t>(label);
    return label >= 0 && at < class_names.size() ? class_names[at] : std::to_string(label);
}

Result<Subject> read_subject(std::string_view spec, const data::OpenOptions& options) {
    const std::string path(spec);
    if (ends_with(path, ".csv") || ends_with(path, ".tsv")) return read_text_file(path, "csv", read_csv, options);
    if (ends_with(path, ".jsonl") || ends_with(path, ".ndjson"))
        return read_text_file(path, "jsonl", read_json_lines, options);
    if (ends_with(path, ".txt")) return read_text_file(path, "text", read_lines, options);
    return read_arrays(spec, options);
}

}  // namespace bartizan::quality
