#include "data/groups.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "core/file.h"
#include "formats/bytes.h"
#include "formats/csv.h"
#include "formats/npz.h"

namespace bartizan::data {
namespace {

constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 30;

/// A value of each item: a number, or a word.
struct Values {
    std::vector<double> numbers;
    std::vector<std::string> words;
    std::size_t size() const { return std::max(numbers.size(), words.size()); }
};

struct Spec {
    std::string name;
    std::vector<double> cuts;
};

Result<Spec> parse_spec(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    Spec spec{std::string(text.substr(0, colon)), {}};
    if (colon == std::string_view::npos) return spec;
    std::string_view rest = text.substr(colon + 1);
    while (true) {
        const std::string_view part = rest.substr(0, rest.find(','));
        double cut = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), cut);
        if (error != std::errc() || end != part.data() + part.size())
            return invalid_input(fmt::format("'{}' is no cut point", part), "write NAME:25,45");
        spec.cuts.push_back(cut);
        if (part.size() == rest.size()) break;
        rest.remove_prefix(part.size() + 1);
    }
    if (!std::ranges::is_sorted(spec.cuts)) return invalid_input("cut points that do not rise", "write NAME:25,45");
    return spec;
}

std::string list_of(const std::vector<std::string>& names) {
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

std::optional<Values> column_of(const Info& info, const Batch& batch, const std::string& name) {
    const auto found = std::ranges::find(info.column_names, name);
    if (found == info.column_names.end() || batch.x.rank() != 2) return std::nullopt;
    const auto column = static_cast<std::size_t>(found - info.column_names.begin());
    const auto width = static_cast<std::size_t>(batch.x.shape()[1]);
    const std::span<const float> x = batch.x.values<float>();
    Values values;
    for (std::size_t row = 0; column < width && row < x.size() / width; ++row)
        values.numbers.push_back(x[row * width + column]);
    return values;
}

Result<Values> from_array(const formats::NpyContent& content) {
    Values values;
    if (const auto* text = std::get_if<formats::TextArray>(&content)) {
        values.words = text->values;
        return values;
    }
    const NdArray& array = std::get<NdArray>(content);
    const auto take = [&]<class T>(T) {
        for (const T value : array.values<T>()) values.numbers.push_back(static_cast<double>(value));
    };
    switch (array.dtype()) {
        case DType::f32:
            take(float{});
            break;
        case DType::f64:
            take(double{});
            break;
        case DType::i64:
            take(std::int64_t{});
            break;
        case DType::i32:
            take(std::int32_t{});
            break;
        case DType::i8:
            take(std::int8_t{});
            break;
        case DType::u8:
            take(std::uint8_t{});
            break;
        case DType::boolean:
            for (const std::byte value : array.bytes()) values.numbers.push_back(value == std::byte{0} ? 0 : 1);
            break;
        default:
            return unsupported("an array of " + std::string(to_string(array.dtype())) + " as groups",
                               "store it as int64, float32 or text");
    }
    return values;
}

/// A whole column of a CSV: numbers if all are, else words.
Result<Values> csv_column(const std::filesystem::path& file, const std::string& name) {
    const std::string text = BARTIZAN_TRY(read_file(file, kLargestFile));
    std::optional<std::size_t> column;
    std::vector<std::string> header, words;
    BARTIZAN_TRY(
        formats::read_csv(text, [&](const std::vector<std::string>& fields, std::int64_t line) -> Result<void> {
            if (header.empty()) {
                header = fields;
                const auto found = std::ranges::find(fields, name);
                if (found != fields.end()) column = static_cast<std::size_t>(found - fields.begin());
            } else if (column && *column < fields.size()) {
                words.push_back(fields[*column]);
            } else if (column) {
                return invalid_input(fmt::format("line {} has no column '{}'", line, name));
            }
            return {};
        }));
    if (!column) return Error(Errc::not_found, fmt::format("no column '{}'", name), "there are " + list_of(header));
    Values values{.numbers = {}, .words = std::move(words)};
    return values;
}

Result<Values> beside_x(const Info& info, const std::string& name) {
    if (info.format != "npz")
        return Error(Errc::not_found, fmt::format("no column '{}'", name),
                     info.column_names.empty() ? "name a CSV file with --group-file"
                                               : "there are " + list_of(info.column_names));
    const formats::Npz npz = BARTIZAN_TRY(formats::Npz::open(info.path));
    if (!npz.has(name))
        return Error(Errc::not_found, fmt::format("no column and no array '{}'", name),
                     "the file has " + list_of(npz.names()));
    return from_array(BARTIZAN_TRY(npz.content(name)));
}

/// Rows of the file at the items' positions in it.
Result<Values> at_items(const Values& whole, const Batch& batch, const std::string& name) {
    Values out;
    for (const std::int64_t id : batch.ids) {
        const auto at = static_cast<std::size_t>(id);
        if (id < 0 || at >= whole.size())
            return invalid_input(fmt::format("'{}' has {} values, and there is an item {}", name, whole.size(), id),
                                 "it needs one value for each item of the data file");
        if (whole.words.empty())
            out.numbers.push_back(whole.numbers[at]);
        else
            out.words.push_back(whole.words[at]);
    }
    return out;
}

std::string number_text(double value) {
    return value == std::floor(value) && std::abs(value) < 1e15 ? fmt::format("{:.0f}", value)
                                                                : fmt::format("{:g}", value);
}

Result<Grouping> cut(const Spec& spec, const Values& values) {
    Grouping out{.name = spec.name};
    out.groups.push_back("under " + number_text(spec.cuts.front()));
    for (std::size_t i = 0; i + 1 < spec.cuts.size(); ++i)
        out.groups.push_back(number_text(spec.cuts[i]) + " to " + number_text(spec.cuts[i + 1]));
    out.groups.push_back(number_text(spec.cuts.back()) + " and over");
    const auto group_of = [&](double value) {
        if (std::isnan(value)) return std::int32_t{-1};
        return static_cast<std::int32_t>(std::ranges::upper_bound(spec.cuts, value) - spec.cuts.begin());
    };
    for (const double value : values.numbers) out.of_item.push_back(group_of(value));
    for (const std::string& word : values.words) {
        double value = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (error != std::errc() || end != word.data() + word.size())
            return invalid_input(fmt::format("'{}' of '{}' is no number to cut", word.substr(0, 40), spec.name));
        out.of_item.push_back(group_of(value));
    }
    return out;
}

Result<Grouping> by_value(const Spec& spec, const Values& values) {
    Grouping out{.name = spec.name};
    std::map<std::string, std::int32_t> words;
    std::map<double, std::int32_t> numbers;
    for (const std::string& word : values.words)
        if (!word.empty()) words.emplace(word, 0);
    for (const double number : values.numbers)
        if (!std::isnan(number)) numbers.emplace(number, 0);
    if (words.size() + numbers.size() > kMostGroups)
        return invalid_input(fmt::format("'{}' has {} different values, at most {} make groups", spec.name,
                                         words.size() + numbers.size(), kMostGroups),
                             fmt::format("cut a number into ranges: {}:25,45", spec.name));
    std::int32_t next = 0;
    const auto give = [&](auto& table, auto text) {
        for (auto& [value, index] : table) {
            index = next++;
            out.groups.push_back(text(value));
        }
    };
    give(words, [](const std::string& word) { return word; });
    give(numbers, number_text);
    for (const std::string& word : values.words) out.of_item.push_back(word.empty() ? -1 : words.at(word));
    for (const double number : values.numbers) out.of_item.push_back(std::isnan(number) ? -1 : numbers.at(number));
    return out;
}

}  // namespace

Result<Grouping> read_grouping(const Info& info, const Batch& batch, std::string_view spec,
                               const std::filesystem::path& file) {
    const Spec wanted = BARTIZAN_TRY(parse_spec(spec));
    Values values;
    if (!file.empty()) {
        values = BARTIZAN_TRY(at_items(BARTIZAN_TRY_WITHIN(csv_column(file, wanted.name), "'" + file.string() + "'"),
                                       batch, wanted.name));
    } else if (auto column = column_of(info, batch, wanted.name)) {
        values = *std::move(column);
    } else {
        values = BARTIZAN_TRY(at_items(BARTIZAN_TRY(beside_x(info, wanted.name)), batch, wanted.name));
    }
    return wanted.cuts.empty() ? by_value(wanted, values) : cut(wanted, values);
}

Grouping intersection(const Grouping& a, const Grouping& b) {
    Grouping out{.name = a.name + " x " + b.name};
    std::map<std::pair<std::int32_t, std::int32_t>, std::int32_t> seen;
    for (std::size_t i = 0; i < a.of_item.size(); ++i)
        if (a.of_item[i] >= 0 && b.of_item[i] >= 0) seen.emplace(std::pair(a.of_item[i], b.of_item[i]), 0);
    for (auto& [pair, index] : seen) {
        index = static_cast<std::int32_t>(out.groups.size());
        out.groups.push_back(a.groups[static_cast<std::size_t>(pair.first)] + ", " +
                             b.groups[static_cast<std::size_t>(pair.second)]);
    }
    for (std::size_t i = 0; i < a.of_item.size(); ++i) {
        const auto found = seen.find({a.of_item[i], b.of_item[i]});
        out.of_item.push_back(found == seen.end() ? -1 : found->second);
    }
    return out;
}

}  // namespace bartizan::data
