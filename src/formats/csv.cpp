#include "formats/csv.h"

#include <algorithm>

namespace bartizan::formats {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

char delimiter_of(std::string_view text) {
    const std::string_view first = text.substr(0, text.find('\n'));
    char best = ',';
    std::ptrdiff_t most = 0;
    bool quoted = false;
    std::ptrdiff_t counts[3] = {0, 0, 0};
    constexpr std::string_view kDelimiters = ",;\t";
    for (const char c : first) {
        if (c == '"') quoted = !quoted;
        const std::size_t which = quoted ? std::string_view::npos : kDelimiters.find(c);
        if (which != std::string_view::npos) ++counts[which];
    }
    for (std::size_t i = 0; i < kDelimiters.size(); ++i)
        if (counts[i] > most) {
            most = counts[i];
            best = kDelimiters[i];
        }
    return best;
}

class Reader {
public:
    Reader(std::string_view text, const CsvLimits& limits)
        : text_(text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text),
          delimiter_(delimiter_of(text_)),
          limits_(limits) {}

    bool done() const { return at_ >= text_.size(); }
    std::int64_t line() const { return line_; }
    std::size_t offset_in(std::string_view whole) const { return whole.size() - text_.size() + at_; }

    bool skip_empty_line() {
        if (text_[at_] != '\n' && text_[at_] != '\r') return false;
        end_line(text_[at_++]);
        return true;
    }

    Result<std::vector<std::string>> row() {
        std::vector<std::string> fields;
        for (;;) {
            const std::int64_t line = line_;  // a quoted field may end on a later one
            if (fields.size() == limits_.columns)
                return exhausted(place(line, fields) + ": more than " + std::to_string(limits_.columns) + " columns");
            fields.push_back(BARTIZAN_TRY_WITHIN(field(), place(line, fields)));
            if (done()) return fields;
            const char c = text_[at_++];
            if (c == delimiter_) continue;
            end_line(c);
            return fields;
        }
    }

private:
    /// Behind the first byte of a line's end: CR LF is one.
    void end_line(char c) {
        if (c == '\r' && !done() && text_[at_] == '\n') ++at_;
        ++line_;
    }
    static std::string place(std::int64_t line, const std::vector<std::string>& fields) {
        return "line " + std::to_string(line) + ", column " + std::to_string(fields.size() + 1);
    }
    bool ends_field(char c) const { return c == delimiter_ || c == '\n' || c == '\r'; }

    Error too_long() const {
        return exhausted("a field is longer than " + std::to_string(limits_.field_bytes) + " bytes");
    }

    Result<std::string> field() {
        std::string value;
        if (!done() && text_[at_] == '"') return quoted();
        while (!done() && !ends_field(text_[at_])) {
            value += text_[at_++];
            if (value.size() > limits_.field_bytes) return too_long();
        }
        return value;
    }

    Result<std::string> quoted() {
        std::string value;
        ++at_;
        for (;;) {
            if (done()) return invalid_input("a quote is not closed");
            const char c = text_[at_++];
            if (c == '\n') ++line_;
            if (c != '"') {
                value += c;
                if (value.size() > limits_.field_bytes) return too_long();
                continue;
            }
            if (!done() && text_[at_] == '"') {
                value += '"';
                ++at_;
                continue;
            }
            if (!done() && !ends_field(text_[at_])) return invalid_input("text behind a closing quote");
            return value;
        }
    }

    std::string_view text_;
    char delimiter_;
    CsvLimits limits_;
    std::size_t at_ = 0;
    std::int64_t line_ = 1;
};

}  // namespace

Result<void> read_csv(std::string_view text,
                      const std::function<Result<void>(const std::vector<std::string>&, std::int64_t)>& row,
                      const CsvLimits& limits) {
    Reader reader(text, limits);
    while (!reader.done()) {
        const std::int64_t line = reader.line();
        if (reader.skip_empty_line()) continue;
        const std::vector<std::string> fields = BARTIZAN_TRY(reader.row());
        BARTIZAN_TRY(row(fields, line));
    }
    return {};
}

Result<std::vector<std::size_t>> csv_record_offsets(std::string_view text, const CsvLimits& limits) {
    Reader reader(text, limits);
    std::vector<std::size_t> offsets;
    while (!reader.done()) {
        const std::size_t offset = reader.offset_in(text);
        if (reader.skip_empty_line()) continue;
        BARTIZAN_TRY(reader.row());
        offsets.push_back(offset);
    }
    return offsets;
}

}  // namespace bartizan::formats
