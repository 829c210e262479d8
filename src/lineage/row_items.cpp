/// The rows of tables, JSON Lines and array files as items. A row's digest covers all of its values, so a changed label
/// changes the row too.
#include <algorithm>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "core/file.h"
#include "core/json.h"
#include "crypto/hash.h"
#include "data/dataset.h"
#include "formats/csv.h"
#include "lineage/item_sources.h"
#include "lineage/lines.h"

namespace bartizan::lineage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestDataLine = std::size_t{16} << 20;
constexpr std::int64_t kArrayBatch = 256;

/// Rows are numbered from 0 with leading zeros, so that the order of the ids is that of the rows.
std::string numbered(std::uint64_t row) { return fmt::format("{:012}", row); }

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// Length and bytes of each field: no two rows give the same text.
void feed(crypto::Sha256& digest, std::string_view field) {
    std::array<std::byte, 8> length{};
    for (std::size_t i = 0; i < length.size(); ++i)
        length[i] = static_cast<std::byte>((std::uint64_t{field.size()} >> (8 * i)) & 0xff);
    digest.update(length);
    digest.update(bytes_of(field));
}

/// Items on their way through the sorter: digest, size and label behind the id.
class RowSink {
public:
    RowSink(const fs::path& scratch, const RunContext& context) : sorter_(scratch), context_(context) {}

    Result<void> add(const std::string& id, const crypto::Sha256Digest& digest, std::uint64_t size,
                     std::string_view label) {
        BARTIZAN_TRY(check_id(id, IdRule::row));
        BARTIZAN_TRY(check_text(label, "label"));
        if (++count_ % 4096 == 0) {
            BARTIZAN_TRY(context_.checkpoint());
            context_.progress({"reading", count_, 0, "rows"});
        }
        std::string value(digest.size() + sizeof size, '\0');
        std::memcpy(value.data(), digest.data(), digest.size());
        std::memcpy(value.data() + digest.size(), &size, sizeof size);
        return sorter_.add(id, value.append(label));
    }

    Result<Sorter> finish() {
        context_.progress_finish();
        BARTIZAN_TRY(sorter_.sort());
        return std::move(sorter_);
    }

private:
    Sorter sorter_;
    const RunContext& context_;
    std::uint64_t count_ = 0;
};

class RowItems final : public Items {
public:
    explicit RowItems(Sorter sorter) : sorter_(std::move(sorter)) {}

    Result<std::optional<Found>> next() override {
        const auto record = BARTIZAN_TRY(sorter_.next());
        if (!record) return std::optional<Found>();
        if (started_ && last_ == record->key)
            return invalid_input("two rows have the id '" + last_ + "'", "choose a column whose values differ");
        started_ = true;
        last_ = record->key;
        crypto::Sha256Digest digest{};
        Found found;
        std::memcpy(digest.data(), record->value.data(), digest.size());
        std::memcpy(&found.item.size, record->value.data() + digest.size(), sizeof found.item.size);
        found.item.id = record->key;
        found.item.sha256 = crypto::to_hex(digest);
        found.item.label = record->value.substr(digest.size() + sizeof found.item.size);
        return std::optional<Found>(std::move(found));
    }

private:
    Sorter sorter_;
    std::string last_;
    bool started_ = false;
};

Result<std::size_t> column(const std::vector<std::string>& header, const std::string& name) {
    const auto found = std::ranges::find(header, name);
    if (found == header.end())
        return invalid_input("there is no column '" + name + "'", "the first line names the columns");
    return static_cast<std::size_t>(found - header.begin());
}

class TableRows {
public:
    TableRows(const Reading& reading, RowSink& sink) : reading_(reading), sink_(sink) {}

    Result<void> row(const std::vector<std::string>& fields, std::int64_t line) {
        if (header_.empty()) return take_header(fields);
        if (fields.size() != header_.size())
            return invalid_input(
                fmt::format("line {}: {} fields under {} columns", line, fields.size(), header_.size()));
        crypto::Sha256 digest;
        std::uint64_t size = 0;
        for (std::size_t i = 0; i < fields.size(); ++i) {
            feed(digest, header_[i]);
            feed(digest, fields[i]);
            size += fields[i].size();
        }
        const std::string id = id_ ? fields[*id_] : numbered(count_);
        ++count_;
        return sink_.add(id, digest.finish(), size, label_ ? std::string_view(fields[*label_]) : "")
            .within(fmt::format("line {}", line));
    }

private:
    Result<void> take_header(const std::vector<std::string>& fields) {
        header_ = fields;
        if (!reading_.id_column.empty()) id_ = BARTIZAN_TRY(column(header_, reading_.id_column));
        if (!reading_.label_column.empty()) label_ = BARTIZAN_TRY(column(header_, reading_.label_column));
        return {};
    }

    const Reading& reading_;
    RowSink& sink_;
    std::vector<std::string> header_;
    std::optional<std::size_t> id_, label_;
    std::uint64_t count_ = 0;
};

Result<void> read_table(const fs::path& path, const Reading& reading, RowSink& sink) {
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
    TableRows rows(reading, sink);
    return formats::read_csv(text, [&](const auto& fields, std::int64_t line) { return rows.row(fields, line); });
}

/// A member of a JSON object as the text that an id or label is.
Result<std::string> member(const Json& object, const std::string& name) {
    const auto found = object.find(name);
    if (found == object.end()) return invalid_input("there is no '" + name + "'", "every line needs it");
    if (found->is_string()) return found->get<std::string>();
    if (found->is_primitive()) return found->dump();
    return invalid_input("'" + name + "' is no text or number");
}

Result<void> read_lines(const fs::path& path, const Reading& reading, RowSink& sink) {
    Lines lines = BARTIZAN_TRY(Lines::open(path, kLongestDataLine));
    std::uint64_t count = 0;
    while (const auto line = BARTIZAN_TRY(lines.next())) {
        const std::string place = fmt::format("line {}", lines.number());
        std::string id = numbered(count++);
        std::string label;
        if (!reading.id_column.empty() || !reading.label_column.empty()) {
            const Json object = BARTIZAN_TRY_WITHIN(parse_json(*line), place);
            if (!object.is_object()) return invalid_input("not an object").within(place);
            if (!reading.id_column.empty()) id = BARTIZAN_TRY_WITHIN(member(object, reading.id_column), place);
            if (!reading.label_column.empty()) label = BARTIZAN_TRY_WITHIN(member(object, reading.label_column), place);
        }
        BARTIZAN_TRY_WITHIN(sink.add(id, crypto::sha256(bytes_of(*line)), line->size(), label), place);
    }
    return {};
}

Result<void> read_array(const fs::path& path, RowSink& sink) {
    const auto set = BARTIZAN_TRY(data::open(path.string()));
    const auto& names = set->info().class_names;
    const auto items = set->info().items;
    for (std::int64_t first = 0; first < items; first += kArrayBatch) {
        std::vector<std::int64_t> wanted;
        for (std::int64_t i = first; i < std::min(items, first + kArrayBatch); ++i) wanted.push_back(i);
        const data::Batch batch = BARTIZAN_TRY(set->read(wanted));
        const auto values = std::as_bytes(batch.x.values<float>());
        const std::size_t width = values.size() / wanted.size();
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            std::string label;
            if (i < batch.y.size()) {
                const auto number = static_cast<std::size_t>(batch.y[i]);
                label = number < names.size() ? names[number] : std::to_string(number);
            }
            crypto::Sha256 digest;
            digest.update(values.subspan(i * width, width));
            digest.update(bytes_of(label));
            BARTIZAN_TRY(sink.add(numbered(static_cast<std::uint64_t>(wanted[i])), digest.finish(), width, label));
        }
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<Items>> open_rows(const fs::path& path, const Reading& reading, const fs::path& scratch,
                                         const RunContext& context) {
    RowSink sink(scratch, context);
    const std::string place = "'" + path.string() + "'";
    if (reading.unit == Unit::table) BARTIZAN_TRY_WITHIN(read_table(path, reading, sink), place);
    if (reading.unit == Unit::lines) BARTIZAN_TRY_WITHIN(read_lines(path, reading, sink), place);
    if (reading.unit == Unit::array) BARTIZAN_TRY_WITHIN(read_array(path, sink), place);
    return std::unique_ptr<Items>(std::make_unique<RowItems>(BARTIZAN_TRY(sink.finish())));
}

}  // namespace bartizan::lineage
