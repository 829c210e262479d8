#include "quality/subject.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <unordered_map>

#include <fmt/format.h>

#include "core/file.h"
#include "core/json.h"
#include "core/random.h"
#include "core/spelling.h"
#include "formats/bytes.h"
#include "formats/csv.h"

namespace bartizan::quality {
namespace {

constexpr std::int64_t kMostRows = 10'000'000;
constexpr std::size_t kMostColumns = 100'000;
constexpr std::size_t kMostPool = std::size_t{1} << 30;
constexpr std::size_t kMostClasses = 10'000;
/// A number with so many digits may be an account or a card: it is kept as text too.
constexpr std::size_t kLongNumber = 10;
constexpr std::uint32_t kSamplePurpose = 21;
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

std::string_view trimmed(std::string_view field) {
    while (!field.empty() && (field.front() == ' ' || field.front() == '\t')) field.remove_prefix(1);
    while (!field.empty() && (field.back() == ' ' || field.back() == '\t')) field.remove_suffix(1);
    return field;
}

std::optional<double> number_in(std::string_view field) {
    if (field.starts_with('+')) field.remove_prefix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
    if (field.empty() || error != std::errc() || end != field.data() + field.size()) return std::nullopt;
    return number;
}

bool long_number(std::string_view field) {
    return std::ranges::count_if(field, [](unsigned char c) { return std::isdigit(c) != 0; }) >=
               static_cast<std::ptrdiff_t>(kLongNumber) &&
           field.find_first_of(".eE") == std::string_view::npos;
}

Result<void> add_text(Column& column, std::string_view text) {
    if (column.pool.size() + text.size() > kMostPool)
        return exhausted(fmt::format("column '{}' holds more than {} bytes of text", column.name, kMostPool));
    column.cells.push_back({static_cast<std::uint32_t>(column.numbers.size()),
                            static_cast<std::uint32_t>(column.pool.size()), static_cast<std::uint32_t>(text.size())});
    column.pool += text;
    return {};
}

Result<void> add(Column& column, std::string_view field) {
    const std::string_view value = trimmed(field);
    float number = kNone;
    if (means_missing(value)) {
        ++column.missing;
    } else if (const auto parsed = number_in(value)) {
        number = static_cast<float>(*parsed);
        if (long_number(value)) BARTIZAN_TRY(add_text(column, field));
    } else {
        ++column.words;
        BARTIZAN_TRY(add_text(column, field));
    }
    column.numbers.push_back(number);
    return {};
}

/// Collects the rows of a table.
class Rows {
public:
    Rows(std::string label, std::uint64_t byte_limit) : label_(std::move(label)), byte_limit_(byte_limit) {}

    Result<void> header(const std::vector<std::string>& names) {
        if (names.size() > kMostColumns) return exhausted(fmt::format("more than {} columns", kMostColumns));
        for (const std::string& name : names) columns_.push_back({.name = name});
        label_at_ = names.size();
        if (label_.empty()) return {};
        const auto found = std::ranges::find(names, label_);
        if (found == names.end()) {
            const std::vector<std::string_view> known(names.begin(), names.end());
            return invalid_input("no column called '" + label_ + "'",
                                 did_you_mean(label_, known, "see the first line"));
        }
        label_at_ = static_cast<std::size_t>(found - names.begin());
        return {};
    }

    Result<void> row(const std::vector<std::string>& fields) {
        if (rows_ == kMostRows) return exhausted(fmt::format("more than {} rows", kMostRows), "give --limit N");
        if (fields.size() != columns_.size())
            return invalid_input(fmt::format("{} columns, the header has {}", fields.size(), columns_.size()));
        for (std::size_t i = 0; i < fields.size(); ++i)
            if (i == label_at_)
                labels_.emplace_back(trimmed(fields[i]));
            else
                BARTIZAN_TRY(add(columns_[i], fields[i]));
        ++rows_;
        if (static_cast<std::uint64_t>(rows_) * columns_.size() * sizeof(float) > byte_limit_)
            return exhausted(fmt::format("the table needs more than {} bytes", byte_limit_), "give --limit N");
        return {};
    }

    std::int64_t rows() const { return rows_; }
    bool has_header() const { return !columns_.empty(); }

    Result<Subject> finish(data::Info info) && {
        if (rows_ == 0) return invalid_input("there are no rows");
        Subject subject{.info = std::move(info)};
        if (label_at_ < columns_.size()) {
            BARTIZAN_TRY_WITHIN(number_labels(subject), "column '" + label_ + "'");
            columns_.erase(columns_.begin() + static_cast<std::ptrdiff_t>(label_at_));
        }
        for (const Column& column : columns_) subject.info.column_names.push_back(column.name);
        subject.columns = std::move(columns_);
        subject.info.kind = data::Kind::table;
        subject.info.items = rows_;
        subject.ids.resize(static_cast<std::size_t>(rows_));
        std::iota(subject.ids.begin(), subject.ids.end(), 0);
        return subject;
    }

private:
    /// Whole numbers from 0 are classes as they are; any other text becomes classes in the order of its names.
    Result<void> number_labels(Subject& subject) {
        std::map<std::string, std::int64_t, std::less<>> names;
        bool numbers = true;
        for (const std::string& label : labels_) {
            if (means_missing(label)) continue;
            names.emplace(label, 0);
            numbers = numbers && label.size() < 7 && label.find_first_not_of("0123456789") == std::string::npos;
            if (names.size() > kMostClasses)
                return invalid_input(
                    fmt::format("more than {} different values are too many for classes", kMostClasses),
                    "is this the label?");
        }
        std::int64_t next = 0;
        for (auto& [name, number] : names) {
            number = numbers ? std::atoll(name.c_str()) : next++;
            if (!numbers) subject.class_names.push_back(name);
            subject.classes = std::max(subject.classes, number + 1);
        }
        for (const std::string& label : labels_) {
            const auto found = names.find(label);
            subject.labels.push_back(found == names.end() ? -1 : found->second);
        }
        if (subject.classes > static_cast<std::int64_t>(kMostClasses))
            return invalid_input(fmt::format("class {} is beyond {}", subject.classes - 1, kMostClasses));
        return {};
    }

    std::string label_;
    std::uint64_t byte_limit_;
    std::size_t label_at_ = 0;
    std::vector<Column> columns_;
    std::vector<std::string> labels_;
    std::int64_t rows_ = 0;
};

Result<void> read_csv(std::string_view text, Rows& rows) {
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
    for (std::int64_t line = 1; !text.empty(); ++line) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view content = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (content.ends_with('\r')) content.remove_suffix(1);
        if (!content.empty()) BARTIZAN_TRY_WITHIN(take(content), "line " + std::to_string(line));
    }
    return {};
}

Result<void> read_lines(std::string_view text, Rows& rows) {
    BARTIZAN_TRY(rows.header({"text"}));
    return each_line(text, [&](std::string_view line) { return rows.row({std::string(line)}); });
}

/// Objects of one level; the first names the columns, and what a later one adds is an error that names it.
Result<void> read_json_lines(std::string_view text, Rows& rows) {
    std::vector<std::string> names;
    return each_line(text, [&](std::string_view line) -> Result<void> {
        const Json object = BARTIZAN_TRY(parse_json(line, {.bytes = 1 << 24, .depth = 16}));
        if (!object.is_object()) return invalid_input("no JSON object");
        if (names.empty()) {
            for (const auto& [name, value] : object.items()) names.push_back(name);
            BARTIZAN_TRY(rows.header(names));
        }
        std::vector<std::string> fields(names.size());
        for (const auto& [name, value] : object.items()) {
            const auto found = std::ranges::find(names, name);
            if (found == names.end()) return invalid_input("a field '" + name + "' that the first line has not");
            fields[static_cast<std::size_t>(found - names.begin())] = value.is_string() ? value.get<std::string>()
                                                                      : value.is_null() ? ""
                                                                                        : value.dump();
        }
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
    subject.ids = rows;
    subject.info.items = std::ssize(rows);
    subject.whole = false;
}

using TextReader = Result<void> (*)(std::string_view text, Rows& rows);

Result<Subject> read_text_file(const std::string& path, const char* format, TextReader read,
                               const data::OpenOptions& options) {
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    Rows rows(options.label_column, options.byte_limit);
    BARTIZAN_TRY(read(formats::as_text(file->bytes()), rows));
    Subject subject = BARTIZAN_TRY(std::move(rows).finish({.format = format, .path = path}));
    keep_only(subject, chosen_rows(subject.items(), options));
    return subject;
}

/// Tables of arrays have columns too, so that they are checked alike.
void columns_from_values(Subject& subject) {
    const std::size_t width = subject.values.width;
    for (std::size_t c = 0; c < width; ++c) {
        Column column{.name = c < subject.info.column_names.size() ? subject.info.column_names[c] : std::to_string(c)};
        column.numbers.reserve(subject.ids.size());
        for (std::size_t row = 0; row < subject.ids.size(); ++row) {
            const float value = subject.values.values[row * width + c];
            column.numbers.push_back(value);
            column.missing += std::isnan(value) ? 1 : 0;
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
    if (ends_with(path, ".jsonl")) return read_text_file(path, "jsonl", read_json_lines, options);
    if (ends_with(path, ".txt")) return read_text_file(path, "text", read_lines, options);
    return read_arrays(spec, options);
}

}  // namespace bartizan::quality
