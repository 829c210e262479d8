#pragma once
/// Collects the rows of a table of text: what is a number, what is missing, what the labels are.
/// Thread rule: one thread at a time.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "quality/subject.h"

namespace bartizan::quality {

/// Without the blanks around it.
std::string_view trimmed(std::string_view field);
/// The number that all of `field` is.
std::optional<double> number_in(std::string_view field);

/// Adds to a fingerprint the value that a column has, in an order that does not matter.
class FingerprintColumn {
public:
    explicit FingerprintColumn(std::string_view name);
    void add_missing(Fingerprint& print) const;
    void add_number(Fingerprint& print, double number) const;
    void add_text(Fingerprint& print, std::string_view text) const;

private:
    void add(Fingerprint& print, std::uint64_t value) const;
    std::uint64_t name_;
};

class TableRows {
public:
    /// `label`: the column of labels; empty: none. `byte_limit`: what the numbers may take.
    TableRows(std::string label, std::uint64_t byte_limit) : label_(std::move(label)), byte_limit_(byte_limit) {}

    /// Fails with `exhausted` beyond 100,000 columns, `invalid_input` when there is no label column.
    Result<void> header(const std::vector<std::string>& names);
    /// A column that comes late is missing in all rows before.
    Result<void> late_column(const std::string& name);
    /// Fails with `exhausted` beyond 10 million rows, 1 GiB of text in a column or the byte limit, `invalid_input` when
    /// the header has another number of columns.
    Result<void> row(const std::vector<std::string>& fields);

    bool has_header() const { return !columns_.empty(); }
    /// Fails with `invalid_input` when there are no rows, or more than 10,000 different labels.
    Result<Subject> finish(data::Info info) &&;

private:
    void add_column(const std::string& name);
    Result<void> add_cell(std::size_t at, std::string_view field, Fingerprint& print);
    Result<void> number_labels(Subject& subject) const;

    std::string label_;
    std::uint64_t byte_limit_;
    std::size_t label_at_ = 0;
    std::vector<Column> columns_;
    std::vector<FingerprintColumn> printers_;  ///< of each of them
    std::vector<Fingerprint> fingerprints_;
    std::vector<std::string> labels_;
    std::int64_t rows_ = 0;
};

}  // namespace bartizan::quality
