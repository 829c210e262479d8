#include "lineage/item.h"

#include <algorithm>
#include <array>

#include "core/utf8.h"
#include "lineage/json_line.h"
#include "provenance/names.h"

namespace bartizan::lineage {
namespace {

/// The keys of a line, in the order in which they are written.
enum Key : std::size_t { id, sha256, size, label, source, licence, collected, tags, transformations, seen, key_count };
constexpr std::array<std::string_view, key_count> kKeys = {"id",      "sha256",    "size", "label",           "source",
                                                           "licence", "collected", "tags", "transformations", "seen"};

bool is_digest(std::string_view text) {
    return text.size() == 64 &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool has_control_character(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

class LineReader {
public:
    LineReader(std::string_view line, IdRule rule) : json_(line), rule_(rule) {}

    Result<Item> read() {
        BARTIZAN_TRY(json_.expect('{'));
        if (!json_.take('}')) BARTIZAN_TRY(members());
        BARTIZAN_TRY(json_.expect_end());
        for (const Key needed : {id, sha256, size})
            if (!given_[needed]) return invalid_input("'" + std::string(kKeys[needed]) + "' is missing");
        return std::move(item_);
    }

private:
    Result<void> members() {
        do {
            const Key key = BARTIZAN_TRY(next_key());
            BARTIZAN_TRY(json_.expect(':'));
            BARTIZAN_TRY_WITHIN(member(key), std::string(kKeys[key]));
        } while (json_.take(','));
        return json_.expect('}');
    }

    Result<Key> next_key() {
        const auto name = json_.string(kLongestText);
        if (!name.ok()) return name.error();
        const auto found = std::ranges::find(kKeys, std::string_view(*name));
        if (found == kKeys.end()) return json_.wrong("'" + *name + "' is not a key of a manifest");
        const auto key = static_cast<Key>(found - kKeys.begin());
        if (given_[key]) return json_.wrong("'" + *name + "' stands there twice");
        given_[key] = true;
        return key;
    }

    Result<void> member(Key key) {
        switch (key) {
            case id:
                item_.id = BARTIZAN_TRY(json_.string(kLongestText));
                return check_id(item_.id, rule_);
            case sha256:
                item_.sha256 = BARTIZAN_TRY(json_.string(kLongestText));
                if (!is_digest(item_.sha256)) return json_.wrong("not 64 lower-case hexadecimal digits");
                return {};
            case size:
                item_.size = BARTIZAN_TRY(json_.number());
                return {};
            case label:
                return text(item_.label);
            case source:
                return text(item_.origin.source);
            case licence:
                return text(item_.origin.licence);
            case collected:
                return collection();
            case tags:
                return texts(item_.origin.tags);
            case transformations:
                return texts(item_.origin.transformations);
            default:
                return on_disk();
        }
    }

    Result<void> text(std::string& into) {
        into = BARTIZAN_TRY(json_.string(kLongestText));
        return check_text(into, "text");
    }

    Result<void> texts(std::vector<std::string>& into) {
        BARTIZAN_TRY(json_.expect('['));
        if (json_.take(']')) return {};
        do {
            if (into.size() == kMostTags) return json_.wrong("more than " + std::to_string(kMostTags) + " entries");
            BARTIZAN_TRY(text(into.emplace_back()));
        } while (json_.take(','));
        return json_.expect(']');
    }

    Result<void> collection() {
        BARTIZAN_TRY(json_.expect('{'));
        if (json_.take('}')) return {};
        do {
            const auto name = json_.string(kLongestText);
            if (!name.ok()) return name.error();
            std::string* into = *name == "at"   ? &item_.origin.collected_at
                                : *name == "by" ? &item_.origin.collected_by
                                                : nullptr;
            if (into == nullptr || !into->empty())
                return json_.wrong("'" + *name + "' is unknown, or stands there twice");
            BARTIZAN_TRY(json_.expect(':'));
            BARTIZAN_TRY(text(*into));
        } while (json_.take(','));
        return json_.expect('}');
    }

    Result<void> on_disk() {
        BARTIZAN_TRY(json_.expect('['));
        Seen found;
        found.mtime_ns = BARTIZAN_TRY(json_.signed_number());
        BARTIZAN_TRY(json_.expect(','));
        found.inode = BARTIZAN_TRY(json_.number());
        item_.seen = found;
        return json_.expect(']');
    }

    JsonLine json_;
    IdRule rule_;
    Item item_;
    std::array<bool, key_count> given_{};
};

void append_key(std::string& out, Key key) {
    out += out.size() > 1 ? ",\"" : "\"";
    out += kKeys[key];
    out += "\":";
}

void append_text(std::string& out, Key key, const std::string& text) {
    if (text.empty()) return;
    append_key(out, key);
    append_json_string(out, text);
}

void append_texts(std::string& out, Key key, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    append_key(out, key);
    char before = '[';
    for (const std::string& text : texts) {
        out += before;
        append_json_string(out, text);
        before = ',';
    }
    out += ']';
}

void append_collection(std::string& out, const Origin& origin) {
    if (origin.collected_at.empty() && origin.collected_by.empty()) return;
    append_key(out, collected);
    out += '{';
    if (!origin.collected_at.empty()) {
        out += "\"at\":";
        append_json_string(out, origin.collected_at);
    }
    if (!origin.collected_by.empty()) {
        out += origin.collected_at.empty() ? "\"by\":" : ",\"by\":";
        append_json_string(out, origin.collected_by);
    }
    out += '}';
}

}  // namespace

Result<void> check_text(std::string_view text, std::string_view what) {
    if (text.size() > kLongestText)
        return invalid_input(std::string(what) + ": " + std::to_string(text.size()) + " bytes, at most " +
                             std::to_string(kLongestText) + " fit");
    if (!is_utf8(text)) return invalid_input(std::string(what) + ": not UTF-8");
    if (has_control_character(text)) return invalid_input(std::string(what) + ": a control character in it");
    return {};
}

Result<void> check_origin(const Origin& origin) {
    BARTIZAN_TRY(check_text(origin.source, "source"));
    BARTIZAN_TRY(check_text(origin.licence, "licence"));
    BARTIZAN_TRY(check_text(origin.collected_at, "collected at"));
    BARTIZAN_TRY(check_text(origin.collected_by, "collected by"));
    std::size_t bytes = 0;
    for (const auto* list : {&origin.tags, &origin.transformations}) {
        if (list->size() > kMostTags)
            return exhausted("more than " + std::to_string(kMostTags) + " tags or transformations");
        for (const std::string& text : *list) {
            BARTIZAN_TRY(check_text(text, "tag or transformation"));
            bytes += text.size();
        }
    }
    if (bytes > kLongestLine / 4)
        return exhausted("the tags and transformations are too long for a line of a manifest");
    return {};
}

Result<void> check_id(std::string_view id, IdRule rule) {
    if (rule == IdRule::path) {
        const auto fit = provenance::check_name(id);
        if (!fit.ok()) return invalid_input("'" + std::string(id.substr(0, 200)) + "': " + fit.error().message());
    }
    if (id.empty()) return invalid_input("the id is empty");
    return check_text(id, "id");
}

std::string write_item(const Item& item) {
    std::string out;
    out.reserve(160 + item.id.size());
    out = "{";
    append_key(out, id);
    append_json_string(out, item.id);
    append_key(out, sha256);
    append_json_string(out, item.sha256);
    append_key(out, size);
    out += std::to_string(item.size);
    append_text(out, label, item.label);
    append_text(out, source, item.origin.source);
    append_text(out, licence, item.origin.licence);
    append_collection(out, item.origin);
    append_texts(out, tags, item.origin.tags);
    append_texts(out, transformations, item.origin.transformations);
    if (item.seen) {
        append_key(out, seen);
        out += '[' + std::to_string(item.seen->mtime_ns) + ',' + std::to_string(item.seen->inode) + ']';
    }
    return out += '}';
}

Result<Item> parse_item(std::string_view line, IdRule rule) { return LineReader(line, rule).read(); }

}  // namespace bartizan::lineage
