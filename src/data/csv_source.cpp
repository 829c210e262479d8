/// Tables as CSV: numbers, and a column of labels.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "core/file.h"
#include "data/sources.h"
#include "formats/csv.h"

namespace bartizan::data {
namespace {

constexpr std::int64_t kMaxClassNames = 10'000;

/// Collects the rows of a file.
class Table {
public:
    Table(std::string label_column, std::uint64_t byte_limit)
        : label_column_(std::move(label_column)), byte_limit_(byte_limit) {}

    Result<void> row(const std::vector<std::string>& fields, std::int64_t line) {
        const std::string place = "line " + std::to_string(line);
        if (columns_.empty()) return header(fields).within(place);
        if (fields.size() != columns_.size())
            return invalid_input(place + " has " + std::to_string(fields.size()) + " columns, the header has " +
                                 std::to_string(columns_.size()));
        for (std::size_t i = 0; i < fields.size(); ++i) {
            if (i == label_) {
                labels_.push_back(fields[i]);
                continue;
            }
            values_.push_back(BARTIZAN_TRY_WITHIN(value(fields[i]), place + ", column '" + columns_[i] + "'"));
        }
        if (values_.size() * sizeof(float) > byte_limit_)
            return exhausted("the table needs more than " + std::to_string(byte_limit_) + " bytes", "use .npy, which is mapped");
        return {};
    }

    Result<std::unique_ptr<Dataset>> finish(Info info) && {
        if (columns_.empty()) return invalid_input("the file is empty");
        const std::size_t width = columns_.size() - (label_ < columns_.size() ? 1 : 0);
        if (values_.empty() || width == 0) return invalid_input("the table has no rows of numbers");
        const auto rows = static_cast<std::int64_t>(values_.size() / width);
        NdArray x = BARTIZAN_TRY(NdArray::from<float>({rows, static_cast<std::int64_t>(width)}, values_));
        std::optional<NdArray> y;
        if (label_ < columns_.size()) y = BARTIZAN_TRY(label_numbers(info.class_names));
        for (std::size_t i = 0; i < columns_.size(); ++i)
            if (i != label_) info.column_names.push_back(columns_[i]);
        info.kind = Kind::table;
        return from_arrays(std::move(x), std::move(y), std::move(info));
    }

private:
    Result<void> header(const std::vector<std::string>& fields) {
        columns_ = fields;
        label_ = columns_.size();
        if (label_column_.empty()) return {};
        const auto found = std::ranges::find(columns_, label_column_);
        if (found == columns_.end()) {
            std::string known;
            for (const std::string& column : columns_) known += (known.empty() ? "" : ", ") + column;
            return invalid_input("no column called '" + label_column_ + "'", "the columns are " + known);
        }
        label_ = static_cast<std::size_t>(found - columns_.begin());
        return {};
    }

    static Result<float> value(std::string_view field) {
        while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
        while (!field.empty() && field.back() == ' ') field.remove_suffix(1);
        double number = 0;
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
        if (field.empty() || error != std::errc() || end != field.data() + field.size())
            return invalid_input("'" + std::string(field.substr(0, 40)) + "' is not a number",
                                 "encode text as numbers first, or name the label column with --label");
        if (!std::isfinite(number)) return invalid_input("the value is not finite");
        return static_cast<float>(number);
    }

    /// Class numbers as they are; other text becomes classes in the order of the alphabet.
    Result<NdArray> label_numbers(std::vector<std::string>& class_names) const {
        std::vector<std::int64_t> numbers;
        const auto parse = [](const std::string& text, std::int64_t& number) {
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
            return error == std::errc() && end == text.data() + text.size() && number >= 0;
        };
        std::int64_t number = 0;
        if (std::ranges::all_of(labels_, [&](const std::string& label) { return parse(label, number); })) {
            for (const std::string& label : labels_) {
                parse(label, number);
                numbers.push_back(number);
            }
        } else {
            std::map<std::string, std::int64_t> classes;
            for (const std::string& label : labels_) classes.emplace(label, 0);
            if (static_cast<std::int64_t>(classes.size()) > kMaxClassNames)
                return invalid_input("the label column has " + std::to_string(classes.size()) + " different values",
                                     "is it the label?");
            std::int64_t next = 0;
            for (auto& [name, index] : classes) {
                index = next++;
                class_names.push_back(name);
            }
            for (const std::string& label : labels_) numbers.push_back(classes.at(label));
        }
        return NdArray::from<std::int64_t>({static_cast<std::int64_t>(numbers.size())}, numbers);
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
    const std::string place = "'" + path.string() + "'";
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
    Table table(options.label_column, options.byte_limit);
    BARTIZAN_TRY_WITHIN(formats::read_csv(text, [&](const std::vector<std::string>& fields, std::int64_t line) {
                            return table.row(fields, line);
                        }),
                        place);
    Info info;
    info.format = "csv";
    info.path = path.string();
    return std::move(table).finish(std::move(info)).within(place);
}

}  // namespace bartizan::data
