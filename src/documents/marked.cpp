#include "documents/marked.h"

#include <algorithm>
#include <set>
#include <span>

#include <fmt/format.h>

#include "crypto/hash.h"

namespace bartizan::documents {
namespace marked {
namespace {

constexpr std::string_view kMark = "bartizan:";
constexpr std::size_t kMostParts = 1000;

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

/// The words of a marking line behind "bartizan:"; none for any other line.
std::vector<std::string> words_of(std::string_view line) {
    line = trimmed(line);
    if (line.starts_with("<!-- ") && line.ends_with(" -->") && line.find("-->") == line.size() - 3)
        line = trimmed(line.substr(5, line.size() - 9));
    else if (line.starts_with("# "))
        line = trimmed(line.substr(2));
    else
        return {};
    if (!line.starts_with(kMark)) return {};
    line.remove_prefix(kMark.size());
    std::vector<std::string> out;
    while (!line.empty()) {
        const auto end = std::min(line.find(' '), line.size());
        if (end > 0) out.emplace_back(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return out;
}

class Reader {
public:
    Result<Marked> read(std::string_view text) {
        while (!text.empty()) {
            const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
            text.remove_prefix(line.size());
            ++line_;
            BARTIZAN_TRY(take(line));
        }
        if (open_) return fault(opened_at_, "the part '" + current_.name + "' does not end");
        finish_text();
        return std::move(out_);
    }

private:
    static Error fault(std::size_t line, const std::string& what) {
        return invalid_input(fmt::format("line {}: {}", line, what), "parts begin and end with lines of their own");
    }
    void finish_text() {
        if (!current_.body.empty()) out_.segments.push_back(std::move(current_));
        current_ = {};
    }
    Result<void> take(std::string_view line) {
        const auto words = words_of(line);
        const std::string kind = words.empty() ? "" : words[0];
        if (kind == "generated" || kind == "written") return begin(line, words);
        if (kind == "end" && words.size() == 2) return end(line, words[1]);
        if (kind == "card" && words.size() == 4 && !open_ && out_.subject.empty()) {
            out_.subject = words[1];
            out_.audience = words[2];
            out_.facts = words[3];
        }
        current_.body += line;
        return {};
    }
    Result<void> begin(std::string_view line, const std::vector<std::string>& words) {
        const bool generated = words[0] == "generated";
        if (words.size() != (generated ? 3U : 2U)) return fault(line_, "a mark that cannot be read");
        if (open_) return fault(line_, fmt::format("'{}' begins within '{}'", words[1], current_.name));
        if (!names_.insert(words[1]).second) return fault(line_, "the part '" + words[1] + "' stands there twice");
        if (names_.size() > kMostParts) return fault(line_, "too many parts");
        finish_text();
        current_ = {
            .kind = generated ? PartKind::generated : PartKind::written, .name = words[1], .begin = std::string(line)};
        digest_ = generated ? words[2] : "";
        open_ = true;
        opened_at_ = line_;
        return {};
    }
    Result<void> end(std::string_view line, const std::string& name) {
        if (!open_ || current_.name != name) return fault(line_, "'" + name + "' ends and did not begin");
        current_.end = std::string(line);
        current_.edited = current_.kind == PartKind::generated && part_digest(current_.body) != digest_;
        out_.segments.push_back(std::move(current_));
        current_ = {};
        open_ = false;
        return {};
    }

    Marked out_;
    Segment current_;
    std::string digest_;
    std::set<std::string> names_;
    bool open_ = false;
    std::size_t line_ = 0, opened_at_ = 0;
};

std::string mark(const FreshPart& part, std::string_view words) {
    return part.front ? fmt::format("# {}{}\n", kMark, words) : fmt::format("<!-- {}{} -->\n", kMark, words);
}
std::string begin_of(const FreshPart& part) {
    return part.kind == PartKind::written
               ? mark(part, "written " + part.name)
               : mark(part, fmt::format("generated {} {}", part.name, part_digest(part.body)));
}
std::string whole(const FreshPart& part) { return begin_of(part) + part.body + mark(part, "end " + part.name); }

/// Numbers in a text of people.
std::string with_numbers(const std::string& text, const NumberOf& number) {
    constexpr std::string_view kBegin = "<!-- bartizan:number ", kClose = " -->", kEnd = "<!-- bartizan:end -->";
    std::string out;
    std::size_t at = 0;
    for (;;) {
        const std::size_t begin = text.find(kBegin, at);
        const std::size_t close = begin == std::string::npos ? begin : text.find(kClose, begin + kBegin.size());
        const std::size_t end = close == std::string::npos ? close : text.find(kEnd, close);
        if (end == std::string::npos) return out + text.substr(at);
        const std::string name = text.substr(begin + kBegin.size(), close - begin - kBegin.size());
        const std::size_t inside = close + kClose.size();
        const std::string fresh = number(name);
        out += text.substr(at, inside - at) + (fresh.empty() ? text.substr(inside, end - inside) : fresh);
        at = end;
    }
}

/// The card line replaced where it stands.
std::string with_line(const std::string& text, const std::string& line) {
    std::string out;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::string_view one = rest.substr(0, std::min(rest.find('\n'), rest.size() - 1) + 1);
        rest.remove_prefix(one.size());
        const auto words = words_of(one);
        out += words.size() == 4 && words[0] == "card" ? line : std::string(one);
    }
    return out;
}

}  // namespace
}  // namespace marked

const Segment* Marked::find(PartKind kind, std::string_view name) const {
    const auto found =
        std::ranges::find_if(segments, [&](const Segment& one) { return one.kind == kind && one.name == name; });
    return found == segments.end() ? nullptr : &*found;
}

std::string part_digest(std::string_view body) {
    std::string plain(body);
    std::erase(plain, '\r');  // an editor's line breaks are no hand in it
    return crypto::to_hex(crypto::sha256(std::as_bytes(std::span(plain)))).substr(0, 16);
}

Result<Marked> parse_marked(std::string_view text) {
    if (text.size() > kLongestDocument) return exhausted("a document has at most 4 MiB");
    return marked::Reader().read(text);
}

std::string card_line(const std::string& subject, const std::string& audience, const std::string& facts) {
    return fmt::format("# {}card {} {} {}\n", marked::kMark, subject, audience, facts);
}

std::string fresh_text(const std::vector<FreshPart>& parts, const std::string& line, const std::string& heading) {
    std::string front = "---\n" + line, body;
    for (const FreshPart& part : parts) {
        if (part.front)
            front += marked::whole(part);
        else
            body += fmt::format("\n## {}\n\n{}", part.title, marked::whole(part));
    }
    return front + "---\n\n# " + heading + "\n" + body;
}

Refilled refilled(const Marked& old, const std::vector<FreshPart>& parts, const std::string& line,
                  const NumberOf& number) {
    Refilled out;
    std::set<std::string> seen;
    for (const Segment& one : old.segments) {
        seen.insert(one.name);
        if (one.kind != PartKind::generated) {
            const std::string body = one.kind == PartKind::text ? marked::with_line(one.body, line) : one.body;
            out.text += one.begin + marked::with_numbers(body, number) + one.end;
            continue;
        }
        const auto fresh = std::ranges::find_if(
            parts, [&](const FreshPart& part) { return part.kind == one.kind && part.name == one.name; });
        if (fresh == parts.end()) {
            out.left_alone.push_back(one.name);
            out.text += one.begin + one.body + one.end;
            continue;
        }
        if (one.edited) out.edited.push_back(one.name);
        out.text += marked::begin_of(*fresh) + fresh->body + one.end;
    }
    for (const FreshPart& part : parts) {
        if (seen.contains(part.name) || part.front) continue;
        out.added.push_back(part.name);
        if (!out.text.ends_with('\n')) out.text += '\n';
        out.text += fmt::format("\n## {}\n\n{}", part.title, marked::whole(part));
    }
    return out;
}

}  // namespace bartizan::documents
