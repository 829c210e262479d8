/// Tables as CSV: numbers, and a column of labels.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "core/file.h"
#include "core/spelling.h"
#include "data/sources.h"
#include "formats/bytes.h"
#include "formats/csv.h"

namespace bartizan::data {
namespace {

constexpr std::size_t kMaxClassNames = 10'000;
constexpr std::size_t kMostShown = 40;

std::string_view trimmed(std::string_view field) {
    while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
    while (!field.empty() && field.back() == ' ') field.remove_suffix(1);
    return field;
}

std::optional<double> number_in(std::string_view field) {
    field = trimmed(field);
    if (field.starts_with('+')) field.remove_prefix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
    if (field.empty() || error != std::errc() || end != field.data() + field.size()) return std::nullopt;
    return number;
}

std::optional<std::int64_t> class_number_in(std::string_view field) {
    std::int64_t number = 0;
    field = trimmed(field);
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
    if (field.empty() || error != std::errc() || end != field.data() + field.size() || number < 0) return std::nullopt;
    return number;
}

Result<float> value_of(std::string_view field) {
    const auto number = number_in(field);
    if (!number)
        return invalid_input(trimmed(field).empty()
                                 ? "the value is missing"
                                 : "'" + std::string(field.substr(0, kMostShown)) + "' is not a number",
                             "encode text as numbers and impute what is missing; --label names the column of labels");
    const auto value = static_cast<float>(*number);
    if (!std::isfinite(value))
        return invalid_input("'" + std::string(field.substr(0, kMostShown)) + "' is not a finite float32",
                             "clean or impute the data first");
    return value;
}

/// Collects the rows of a file.
class Table {
public:
    Table(std::string label_column, std::uint64_t byte_limit)
        : label_column_(std::move(label_column)), byte_limit_(byte_limit) {}

    Result<void> row(const std::vector<std::string>& fields, std::int64_t line) {
        const auto place = [&] { return "line " + std::to_string(line); };
        if (columns_.empty()) return header(fields).within(place());
        if (fields.size() != columns_.size())
            return invalid_input(place() + " has " + std::to_string(fields.size()) + " columns, the header has " +
                                 std::to_string(columns_.size()));
        for (std::size_t i = 0; i < fields.size(); ++i) {
            if (i == label_)
                labels_.push_back(fields[i]);
            else
                values_.push_back(BARTIZAN_TRY_WITHIN(value_of(fields[i]), place() + ", column '" + columns_[i] + "'"));
        }
        if (values_.size() * sizeof(float) > byte_limit_)
            return exhausted("the table needs more than " + std::to_string(byte_limit_) + " bytes",
                             "store it as .npy, which is mapped");
        return {};
    }

    Result<std::unique_ptr<Dataset>> finish(Info info) && {
        if (columns_.empty()) return invalid_input("the file is empty");
        const bool labelled = label_ < columns_.size();
        const std::size_t width = columns_.size() - (labelled ? 1 : 0);
        if (values_.empty() || width == 0) return invalid_input("the table has no rows of numbers");
        const auto rows = static_cast<std::int64_t>(values_.size() / width);
        NdArray x = BARTIZAN_TRY(NdArray::from<float>({rows, static_cast<std::int64_t>(width)}, values_));
        std::optional<NdArray> y;
        if (labelled) y = BARTIZAN_TRY_WITHIN(label_numbers(info.class_names), "column '" + label_column_ + "'");
        for (std::size_t i = 0; i < columns_.size(); ++i)
            if (i != label_) info.column_names.push_back(columns_[i]);
        info.kind = Kind::table;
        return from_arrays(std::move(x), std::move(y), std::move(info));
    }

private:
    Result<void> header(const std::vector<std::string>& fields) {
        if (std::ranges::all_of(fields, [](const std::string& field) { return number_in(field).has_value(); }))
            return invalid_input("the names of the columns are missing: the first line holds numbers",
                                 "put a line of names on top");
        columns_ = fields;
        label_ = columns_.size();
        if (label_column_.empty()) return {};
        const auto found = std::ranges::find(columns_, label_column_);
        if (found == columns_.end()) return no_such_column();
        label_ = static_cast<std::size_t>(found - columns_.begin());
        if (std::ranges::count(columns_, label_column_) > 1)
            return invalid_input("two columns are called '" + label_column_ + "'");
        return {};
    }

    Error no_such_column() const {
        std::string known;
        for (std::size_t i = 0; i < columns_.size() && i < kMostShown; ++i) known += (i == 0 ? "" : ", ") + columns_[i];
        if (columns_.size() > kMostShown) known += ", ...";
        const std::vector<std::string_view> words(columns_.begin(), columns_.end());
        return invalid_input("no column called '" + label_column_ + "'",
                             did_you_mean(label_column_, words, "the columns are " + known));
    }

    /// Class numbers as they are; any other text becomes classes in the order of their names.
    Result<NdArray> label_numbers(std::vector<std::string>& class_names) const {
        std::vector<std::int64_t> numbers;
        for (const std::string& label : labels_) {
            const auto number = class_number_in(label);
            if (!number) return numbers_of_names(class_names);
            numbers.push_back(*number);
        }
        return NdArray::from<std::int64_t>({std::ssize(numbers)}, numbers);
    }

    Result<NdArray> numbers_of_names(std::vector<std::string>& class_names) const {
        const std::set<std::string_view> names(labels_.begin(), labels_.end());
        if (names.contains("")) return invalid_input("a row has no label");
        if (names.size() > kMaxClassNames)
            return invalid_input(std::to_string(names.size()) + " different values are too many for classes",
                                 "is this the label?");
        std::map<std::string_view, std::int64_t> numbers;
        for (const std::string_view name : names) {
            numbers.emplace(name, std::ssize(numbers));
            class_names.emplace_back(name);
        }
        std::vector<std::int64_t> labels;
        for (const std::string& label : labels_) labels.push_back(numbers.at(label));
        return NdArray::from<std::int64_t>({std::ssize(labels)}, labels);
    }

    std::string label_column_;
    std::uint64_t byte_limit_;
    std::vector<std::string> columns_;
    std::size_t label_ = 0;
    std::vector<float> values_;
    std::vector<std::string> labels_;
};

}  // namespace

Result<std::unique_ptr<Dataset>> open_csv(const std::filesystem::path& path, const OpenOptions& options) {
    if (!options.split.empty())
        return invalid_input("a CSV file has no splits",
                             "give the file of the split, without ':" + options.split + "'");
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    Table table(options.label_column, options.byte_limit);
    BARTIZAN_TRY(formats::read_csv(
        formats::as_text(file->bytes()),
        [&](const std::vector<std::string>& fields, std::int64_t line) { return table.row(fields, line); }));
    return std::move(table).finish(Info{.format = "csv", .path = path.string()});
}

}  // namespace bartizan::data
