#include "quality/table_rows.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>
#include <limits>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include "core/spelling.h"

namespace bartizan::quality {
namespace {

constexpr std::int64_t kMostRows = 10'000'000;
constexpr std::size_t kMostColumns = 100'000;
constexpr std::size_t kMostPool = std::size_t{1} << 30;
constexpr std::size_t kMostClasses = 10'000;
/// A number with so many digits may be an account or an id, and a float does not hold it: it is kept as text too.
constexpr std::size_t kLongNumber = 8;
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr std::uint64_t kMissingHash = 0x6d697373696e67U;

/// A 64-bit mix (Steele, Lea, Flood 2014, SplitMix64).
std::uint64_t mixed(std::uint64_t z) {
    z += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return mixed(hash ^ text.size());
}

bool long_number(std::string_view field) {
    return std::ranges::count_if(field, [](unsigned char c) { return std::isdigit(c) != 0; }) >=
               static_cast<std::ptrdiff_t>(kLongNumber) &&
           field.find_first_of(".eE") == std::string_view::npos;
}

Result<void> keep_text(Column& column, std::string_view text) {
    if (column.pool.size() + text.size() > kMostPool)
        return exhausted(fmt::format("column '{}' holds more than {} bytes of text", column.name, kMostPool));
    column.cells.push_back({static_cast<std::uint32_t>(column.numbers.size()),
                            static_cast<std::uint32_t>(column.pool.size()), static_cast<std::uint32_t>(text.size())});
    column.pool += text;
    return {};
}

}  // namespace

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

FingerprintColumn::FingerprintColumn(std::string_view name) : name_(hash_of(name)) {}

void FingerprintColumn::add(Fingerprint& print, std::uint64_t value) const {
    print[0] += mixed(name_ ^ value);
    print[1] += mixed(mixed(name_ + 1) ^ (value * 0x9e3779b97f4a7c15U + 1));
}

void FingerprintColumn::add_missing(Fingerprint& print) const { add(print, kMissingHash); }

/// 1, 1.0 and +1 are one value, and so are the two zeros.
void FingerprintColumn::add_number(Fingerprint& print, double number) const {
    add(print, mixed(std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number)));
}

void FingerprintColumn::add_text(Fingerprint& print, std::string_view text) const { add(print, hash_of(text)); }

Result<void> TableRows::header(const std::vector<std::string>& names) {
    if (names.size() > kMostColumns) return exhausted(fmt::format("more than {} columns", kMostColumns));
    for (const std::string& name : names) add_column(name);
    label_at_ = names.size();
    if (label_.empty()) return {};
    const auto found = std::ranges::find(names, label_);
    if (found == names.end()) {
        const std::vector<std::string_view> known(names.begin(), names.end());
        return invalid_input("no column called '" + label_ + "'", did_you_mean(label_, known, "see the first line"));
    }
    label_at_ = static_cast<std::size_t>(found - names.begin());
    return {};
}

Result<void> TableRows::late_column(const std::string& name) {
    if (columns_.size() == kMostColumns) return exhausted(fmt::format("more than {} columns", kMostColumns));
    if (label_at_ == columns_.size()) ++label_at_;  // there is none, and it stays behind the last
    add_column(name);
    columns_.back().numbers.assign(static_cast<std::size_t>(rows_), kNone);
    columns_.back().missing = rows_;
    for (Fingerprint& print : fingerprints_) printers_.back().add_missing(print);
    return {};
}

Result<void> TableRows::row(const std::vector<std::string>& fields) {
    if (rows_ == kMostRows) return exhausted(fmt::format("more than {} rows", kMostRows), "give --limit N");
    if (fields.size() != columns_.size())
        return invalid_input(fmt::format("{} columns, the header has {}", fields.size(), columns_.size()));
    if (static_cast<std::uint64_t>(rows_ + 1) * columns_.size() * sizeof(float) > byte_limit_)
        return exhausted(fmt::format("the table needs more than {} bytes", byte_limit_), "give --limit N");
    Fingerprint print{};
    for (std::size_t i = 0; i < fields.size(); ++i)
        if (i == label_at_)
            labels_.emplace_back(trimmed(fields[i]));
        else
            BARTIZAN_TRY(add_cell(i, fields[i], print));
    fingerprints_.push_back(print);
    ++rows_;
    return {};
}

Result<void> TableRows::add_cell(std::size_t at, std::string_view field, Fingerprint& print) {
    Column& column = columns_[at];
    const std::string_view value = trimmed(field);
    float number = kNone;
    if (means_missing(value)) {
        ++column.missing;
        printers_[at].add_missing(print);
    } else if (const auto parsed = number_in(value); parsed && !long_number(value)) {
        number = static_cast<float>(*parsed);
        printers_[at].add_number(print, *parsed);
    } else {
        if (parsed)
            number = static_cast<float>(*parsed);
        else
            ++column.words;
        printers_[at].add_text(print, value);
        BARTIZAN_TRY(keep_text(column, field));
    }
    column.numbers.push_back(number);
    return {};
}

Result<Subject> TableRows::finish(data::Info info) && {
    if (rows_ == 0) return invalid_input("there are no rows");
    Subject subject{.info = std::move(info)};
    if (label_at_ < columns_.size()) {
        BARTIZAN_TRY_WITHIN(number_labels(subject), "column '" + label_ + "'");
        columns_.erase(columns_.begin() + static_cast<std::ptrdiff_t>(label_at_));
    }
    for (const Column& column : columns_) subject.info.column_names.push_back(column.name);
    subject.columns = std::move(columns_);
    subject.fingerprints = std::move(fingerprints_);
    subject.info.kind = data::Kind::table;
    subject.info.items = rows_;
    subject.ids.resize(static_cast<std::size_t>(rows_));
    std::iota(subject.ids.begin(), subject.ids.end(), 0);
    return subject;
}

void TableRows::add_column(const std::string& name) {
    columns_.push_back({.name = name});
    printers_.emplace_back(name);
}

/// Whole numbers from 0 are classes as they are, unless few lie far apart (years, say): those, and any other text,
/// become classes in the order of their names.
Result<void> TableRows::number_labels(Subject& subject) const {
    std::map<std::string, std::int64_t, std::less<>> names;
    bool numbers = true;
    for (const std::string& label : labels_) {
        if (means_missing(label)) continue;
        names.emplace(label, 0);
        numbers = numbers && label.size() < 7 && label.find_first_not_of("0123456789") == std::string::npos;
        if (names.size() > kMostClasses)
            return invalid_input(fmt::format("more than {} different values are too many for classes", kMostClasses),
                                 "is this the label?");
    }
    std::int64_t next = 0, largest = 0;
    for (const auto& [name, number] : names)
        if (numbers) largest = std::max<std::int64_t>(largest, std::atoll(name.c_str()));
    numbers = numbers && largest < 10 * std::ssize(names) + 10;
    for (auto& [name, number] : names) {
        number = numbers ? std::atoll(name.c_str()) : next++;
        if (!numbers) subject.class_names.push_back(name);
        subject.classes = std::max(subject.classes, number + 1);
    }
    for (const std::string& label : labels_) {
        const auto found = names.find(label);
        subject.labels.push_back(found == names.end() ? -1 : found->second);
    }
    return {};
}

}  // namespace bartizan::quality
