#include "lineage/manifest.h"

#include <cstring>
#include <span>

namespace bartizan::lineage {
namespace {

constexpr std::size_t kWrite = std::size_t{1} << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string at_line(std::uint64_t number) { return "line " + std::to_string(number); }

/// What is wrong with the text of a line as such; nothing: it may be an item.
Result<void> check_line(std::string_view line, std::uint64_t number) {
    if (number == 1 &&
        (line.starts_with(kByteOrderMark) || line.starts_with("\xff\xfe") || line.starts_with("\xfe\xff")))
        return invalid_input("a byte order mark before the first item", "manifests are plain UTF-8");
    if (line.empty()) return invalid_input("an empty line");
    if (line.find('\0') != std::string_view::npos)
        return invalid_input("a NUL byte: the text is not UTF-8", "it may be UTF-16; manifests are plain UTF-8");
    if (line.back() == '\r')
        return invalid_input("ends in CR LF, where a manifest has LF", "take it again without conversion of text");
    return {};
}

Error double_id(const std::string& id, std::uint64_t first, std::uint64_t second) {
    return invalid_input("the id '" + id + "' stands on line " + std::to_string(first) + " and on line " +
                         std::to_string(second));
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// Line number and line, as the value of a record.
std::string numbered(std::uint64_t number, std::string_view line) {
    std::string value(sizeof number, '\0');
    std::memcpy(value.data(), &number, sizeof number);
    return value.append(line);
}

}  // namespace

void LabelCounts::add(const std::string& label, std::uint64_t items) {
    const auto found = counts.find(label);
    if (found != counts.end())
        found->second += items;
    else if (counts.size() < kMostLabels)
        counts.emplace(label, items);
    else
        others += items;
}

Result<ManifestReader> ManifestReader::open(const std::filesystem::path& path, IdRule rule) {
    return ManifestReader(BARTIZAN_TRY(Lines::open(path, kLongestLine)), rule);
}

Result<std::optional<Item>> ManifestReader::next() {
    const auto line = BARTIZAN_TRY(lines_.next());
    if (!line) return std::optional<Item>();
    line_ = *line;
    BARTIZAN_TRY_WITHIN(check_line(line_, number()), at_line(number()));
    return std::optional<Item>(BARTIZAN_TRY_WITHIN(parse_item(line_, rule_), at_line(number())));
}

Result<Survey> survey(const std::filesystem::path& path, IdRule rule, std::uint64_t prefix) {
    ManifestReader reader = BARTIZAN_TRY(ManifestReader::open(path, rule));
    Survey out;
    crypto::MerkleTree tree;
    crypto::Sha256 digest;
    std::string last;
    while (const auto item = BARTIZAN_TRY(reader.next())) {
        if (tree.size() > 0 && last == item->id) return double_id(last, reader.number() - 1, reader.number());
        if (last > item->id) out.facts.in_order = false;
        last = item->id;
        tree.append(crypto::merkle_leaf(reader.line()));
        digest.update(bytes_of(reader.line()));
        digest.update(bytes_of("\n"));
        out.facts.bytes += item->size;
        out.facts.labels.add(item->label);
        if (tree.size() == prefix) out.prefix_root = tree.root();
    }
    out.facts.items = tree.size();
    out.facts.root = tree.root();
    out.facts.sha256 = crypto::to_hex(digest.finish());
    if (tree.size() < prefix) out.prefix_root = out.facts.root;
    return out;
}

Result<SortedManifest> SortedManifest::open(const std::filesystem::path& path, IdRule rule, bool in_order,
                                            const std::filesystem::path& scratch) {
    ManifestReader reader = BARTIZAN_TRY(ManifestReader::open(path, rule));
    if (in_order) return SortedManifest(std::move(reader), {}, rule);
    Sorter sorter(scratch);
    while (const auto item = BARTIZAN_TRY(reader.next()))
        BARTIZAN_TRY(sorter.add(item->id, numbered(reader.number(), reader.line())));
    BARTIZAN_TRY(sorter.sort());
    return SortedManifest({}, std::move(sorter), rule);
}

Result<std::optional<Entry>> SortedManifest::read() {
    if (reader_) {
        auto item = BARTIZAN_TRY(reader_->next());
        if (!item) return std::optional<Entry>();
        return std::optional<Entry>({std::move(*item), reader_->number(), std::string(reader_->line())});
    }
    const auto record = BARTIZAN_TRY(sorter_->next());
    if (!record) return std::optional<Entry>();
    Entry entry;
    std::memcpy(&entry.number, record->value.data(), sizeof entry.number);
    entry.line = record->value.substr(sizeof entry.number);
    entry.item = BARTIZAN_TRY_WITHIN(parse_item(entry.line, rule_), at_line(entry.number));
    return std::optional<Entry>(std::move(entry));
}

Result<std::optional<Entry>> SortedManifest::next() {
    auto entry = BARTIZAN_TRY(read());
    if (!entry) return entry;
    if (last_number_ > 0 && entry->item.id == last_id_) return double_id(last_id_, last_number_, entry->number);
    if (last_number_ > 0 && entry->item.id < last_id_)
        return Error(Errc::conflict, "the manifest changed while it was read", "try again when nothing writes to it");
    last_id_ = entry->item.id;
    last_number_ = entry->number;
    return entry;
}

Result<void> ManifestWriter::add(const Item& item, std::string_view line) {
    if (line.size() > kLongestLine)
        return exhausted("the line of '" + item.id + "' has more than " + std::to_string(kLongestLine) + " bytes");
    if (item.id < last_id_) facts_.in_order = false;
    last_id_ = item.id;
    tree_.append(crypto::merkle_leaf(line));
    facts_.bytes += item.size;
    facts_.labels.add(item.label);
    buffer_.append(line) += '\n';
    return buffer_.size() < kWrite ? Result<void>() : flush();
}

Result<void> ManifestWriter::flush() {
    digest_.update(bytes_of(buffer_));
    BARTIZAN_TRY(out_(bytes_of(buffer_)));
    buffer_.clear();
    return {};
}

Result<Facts> ManifestWriter::finish() {
    BARTIZAN_TRY(flush());
    facts_.items = tree_.size();
    facts_.root = tree_.root();
    facts_.sha256 = crypto::to_hex(digest_.finish());
    return facts_;
}

}  // namespace bartizan::lineage
