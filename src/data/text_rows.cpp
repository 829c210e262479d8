#include "data/text_rows.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/file.h"
#include "core/json.h"
#include "core/spelling.h"
#include "data/sources.h"
#include "formats/bytes.h"
#include "formats/csv.h"

namespace bartizan::data {
namespace {

constexpr std::size_t kMostBytes = std::size_t{2} << 30, kMostTextBytes = std::size_t{1} << 20;
constexpr std::size_t kMostClasses = 10'000;

std::optional<std::size_t> number_in(std::string_view text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= 1 ? std::optional(number) : std::nullopt;
}

/// Collects rows of cells; the columns are found by name in the first, or by number.
class Collector {
public:
    Collector(const TextOptions& options, TextRows& rows) : options_(options), rows_(rows) {
        if (const auto text = number_in(options.text_column)) text_ = *text - 1;
        if (const auto label = number_in(options.label_column)) label_ = *label - 1;
    }

    Result<void> cells(const std::vector<std::string>& fields, std::int64_t line) {
        const std::string place = "line " + std::to_string(line);
        if (!text_) {
            text_ = BARTIZAN_TRY(column(fields, options_.text_column));
            if (!options_.label_column.empty()) label_ = BARTIZAN_TRY(column(fields, options_.label_column));
            return {};
        }
        const std::size_t needed = std::max(*text_, label_.value_or(0));
        if (fields.size() <= needed)
            return invalid_input(fmt::format("{} has {} columns, {} are needed", place, fields.size(), needed + 1));
        return add(fields[*text_], label_ ? &fields[*label_] : nullptr).within(place);
    }

    Result<void> add(const std::string& text, const std::string* label) {
        if (text.find_first_not_of(" \t\r\n") == std::string::npos)
            return invalid_input("the text is empty", "leave such rows out");
        if (text.size() > kMostTextBytes) return exhausted(fmt::format("a text of {} bytes", text.size()));
        rows_.ids.push_back(std::ssize(rows_.ids));
        rows_.texts.push_back(text);
        if (label != nullptr) rows_.label_texts.push_back(*label);
        return {};
    }

private:
    static Result<std::size_t> column(const std::vector<std::string>& names, const std::string& wanted) {
        const auto found = std::ranges::find(names, wanted);
        if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
        const std::vector<std::string_view> words(names.begin(), names.end());
        return invalid_input("no column called '" + wanted + "' in the first line",
                             did_you_mean(wanted, words, "where there is no line of names, give numbers: --text 1 --label 2"));
    }

    const TextOptions& options_;
    TextRows& rows_;
    std::optional<std::size_t> text_, label_;
};

template <class Take>
Result<void> each_line(std::string_view bytes, Take take) {
    std::int64_t number = 0;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
        std::string_view line = bytes.substr(at, end - at);
        if (line.ends_with('\r')) line.remove_suffix(1);
        at = end + 1;
        ++number;
        if (!line.empty()) BARTIZAN_TRY(take(line, number));
    }
    return {};
}

std::string as_text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

Result<void> read_json_lines(std::string_view bytes, const TextOptions& options, Collector& rows) {
    if (options.text_column.empty()) return invalid_input("JSON lines need the key of the text", "give --text KEY");
    return each_line(bytes, [&](std::string_view line, std::int64_t number) -> Result<void> {
        const std::string place = "line " + std::to_string(number);
        const Json row = BARTIZAN_TRY_WITHIN(parse_json(line, {.bytes = 4 * kMostTextBytes}), place);
        const auto value = [&](const std::string& key) -> Result<std::string> {
            if (!row.is_object() || !row.contains(key) || row[key].is_structured() || row[key].is_null())
                return invalid_input(place + " has no text or number under '" + key + "'");
            return as_text(row[key]);
        };
        const std::string text = BARTIZAN_TRY(value(options.text_column));
        if (options.label_column.empty()) return rows.add(text, nullptr).within(place);
        const std::string label = BARTIZAN_TRY(value(options.label_column));
        return rows.add(text, &label).within(place);
    });
}

Result<void> read_lines(std::string_view bytes, const TextOptions& options, Collector& rows) {
    if (options.text_column.empty() && !options.label_column.empty())
        return invalid_input("--label needs --text beside it", "give both columns");
    return each_line(bytes, [&](std::string_view line, std::int64_t number) -> Result<void> {
        if (options.text_column.empty()) return rows.add(std::string(line), nullptr).within("line " + std::to_string(number));
        std::vector<std::string> fields;
        for (std::size_t at = 0; at <= line.size();) {
            const std::size_t end = std::min(line.find('\t', at), line.size());
            fields.emplace_back(line.substr(at, end - at));
            at = end + 1;
        }
        return rows.cells(fields, number);
    });
}

bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead < 0xe0 ? 0 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
        if (length == 0 || at + length > text.size()) return false;
        for (std::size_t i = 1; i < length; ++i)
            if ((static_cast<unsigned char>(text[at + i]) & 0xc0U) != 0x80U) return false;
        at += length;
    }
    return true;
}

/// Class numbers as they are; other labels in the order of their names.
Result<void> number_labels(TextRows& rows) {
    std::vector<std::int64_t> numbers;
    for (const std::string& label : rows.label_texts) {
        std::int64_t number = -1;
        const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), number);
        if (error != std::errc() || end != label.data() + label.size() || number < 0) break;
        numbers.push_back(number);
    }
    if (numbers.size() == rows.label_texts.size()) {
        rows.labels = std::move(numbers);
        return {};
    }
    const std::set<std::string> names(rows.label_texts.begin(), rows.label_texts.end());
    if (names.size() > kMostClasses) return invalid_input("too many different labels for classes", "is this the label?");
    rows.class_names.assign(names.begin(), names.end());
    for (const std::string& label : rows.label_texts)
        rows.labels.push_back(std::ranges::lower_bound(rows.class_names, label) - rows.class_names.begin());
    return {};
}

template <class T>
void keep(std::vector<T>& values, const std::vector<std::int64_t>& rows) {
    if (values.empty()) return;
    std::vector<T> kept;
    for (const std::int64_t row : rows) kept.push_back(std::move(values[static_cast<std::size_t>(row)]));
    values = std::move(kept);
}

void keep_rows(TextRows& all, const std::vector<std::int64_t>& rows) {
    keep(all.texts, rows);
    keep(all.labels, rows);
    keep(all.label_texts, rows);
    keep(all.ids, rows);
}

}  // namespace

Result<TextRows> read_texts(const std::filesystem::path& path, const TextOptions& options) {
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    if (file->bytes().size() > kMostBytes) return exhausted("the file is larger than 2 GiB");
    std::string_view bytes = formats::as_text(file->bytes());
    if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
    TextRows rows{.path = path.string()};
    Collector collector(options, rows);
    const std::string ending = path.extension().string();
    if (ending == ".csv") {
        if (options.text_column.empty()) return invalid_input("a table needs the column of the text", "give --text COLUMN");
        BARTIZAN_TRY(formats::read_csv(bytes, [&](const std::vector<std::string>& fields, std::int64_t line) {
            return collector.cells(fields, line);
        }));
    } else if (ending == ".jsonl" || ending == ".ndjson") {
        BARTIZAN_TRY(read_json_lines(bytes, options, collector));
    } else {
        BARTIZAN_TRY(read_lines(bytes, options, collector));
    }
    if (rows.texts.empty()) return invalid_input("there are no texts in it");
    for (std::size_t i = 0; i < rows.texts.size(); ++i)
        if (!is_utf8(rows.texts[i])) return invalid_input(fmt::format("text {} is not valid UTF-8", i), "store it as UTF-8");
    BARTIZAN_TRY(number_labels(rows));
    if (options.limit && *options.limit < std::ssize(rows.texts)) {
        std::vector<std::int64_t> first(rows.ids.begin(), rows.ids.begin() + *options.limit);
        keep_rows(rows, first);
    }
    if (options.sample && *options.sample < std::ssize(rows.texts))
        keep_rows(rows, stratified_rows(rows.labels, std::ssize(rows.texts), *options.sample, options.seed));
    return rows;
}

Result<std::unique_ptr<Dataset>> token_dataset(const TextRows& rows, const std::vector<std::int64_t>& ids,
                                               std::int64_t length) {
    const auto count = std::ssize(rows.texts);
    NdArray x = BARTIZAN_TRY(NdArray::from<std::int64_t>({count, length}, ids));
    std::optional<NdArray> y;
    if (!rows.labels.empty()) y = BARTIZAN_TRY(NdArray::from<std::int64_t>({count}, rows.labels));
    return from_arrays(std::move(x), std::move(y),
                       Info{.format = "text", .path = rows.path, .class_names = rows.class_names});
}

}  // namespace bartizan::data
