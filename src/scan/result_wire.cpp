#include "scan/result_wire.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace bartizan::scan {
namespace {

constexpr std::size_t kMaxProgramLines = 100'000;

class Writer {
public:
    template <class T>
    void number(T value) {
        out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void text(std::string_view value) {
        number(static_cast<std::uint32_t>(value.size()));
        out_ += value;
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    template <class T>
    T number() {
        T value{};
        if (rest_.size() < sizeof value) {
            good_ = false;
            return value;
        }
        std::memcpy(&value, rest_.data(), sizeof value);
        rest_.remove_prefix(sizeof value);
        return value;
    }
    /// Of an enumeration whose last value is `last`.
    template <class T>
    T choice(T last) {
        const auto value = number<std::uint8_t>();
        good_ = good_ && value <= static_cast<std::uint8_t>(last);
        return good_ ? static_cast<T>(value) : T{};
    }
    bool flag() { return number<std::uint8_t>() == 1; }
    std::string text() {
        const auto size = number<std::uint32_t>();
        if (!good_ || size > rest_.size()) {
            good_ = false;
            return {};
        }
        std::string value(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return value;
    }
    /// A count of things that each take at least `least` bytes.
    std::size_t count(std::size_t most, std::size_t least) {
        const auto value = number<std::uint32_t>();
        good_ = good_ && value <= most && value <= rest_.size() / least;
        return good_ ? value : 0;
    }
    bool good() const { return good_; }
    bool finished() const { return good_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

constexpr std::size_t kLeastIssue = 4 * 4 + 2 + 1;

void write(Writer& out, const Issue& issue) {
    out.text(issue.rule);
    out.number(static_cast<std::uint8_t>(issue.severity));
    out.number(static_cast<std::uint8_t>(issue.verdict));
    out.text(issue.title);
    out.text(issue.member);
    out.number(static_cast<std::uint8_t>(issue.offset ? 1 : 0));
    if (issue.offset) out.number(*issue.offset);
    out.text(issue.detail);
}

Issue read_issue(Reader& in) {
    Issue issue;
    issue.rule = in.text();
    issue.severity = in.choice(Severity::critical);
    issue.verdict = in.choice(Verdict::malicious);
    issue.title = in.text();
    issue.member = in.text();
    if (in.flag()) issue.offset = in.number<std::uint64_t>();
    issue.detail = in.text();
    return issue;
}

}  // namespace

std::string result_to_bytes(const FileResult& result) {
    Writer out;
    out.text(result.path);
    out.text(result.format);
    out.number(static_cast<std::uint8_t>(result.verdict));
    out.number(static_cast<std::uint8_t>(result.complete ? 1 : 0));
    out.number(result.size);
    out.text(result.sha256);
    out.number(static_cast<std::uint32_t>(result.issues.size()));
    for (const Issue& issue : result.issues) write(out, issue);
    const std::size_t lines = std::min(result.program.size(), kMaxProgramLines);
    out.number(static_cast<std::uint32_t>(lines));
    for (std::size_t i = 0; i < lines; ++i) out.text(result.program[i]);
    return out.take();
}

std::optional<FileResult> result_from_bytes(std::string_view bytes) {
    if (bytes.size() > kMaxResultBytes) return std::nullopt;
    Reader in(bytes);
    FileResult result;
    result.path = in.text();
    result.format = in.text();
    result.verdict = in.choice(Verdict::malicious);
    result.complete = in.flag();
    result.size = in.number<std::uint64_t>();
    result.sha256 = in.text();
    const std::size_t issues = in.count(kMaxIssues, kLeastIssue);
    for (std::size_t i = 0; i < issues && in.good(); ++i) result.issues.push_back(read_issue(in));
    const std::size_t lines = in.count(kMaxProgramLines, 4);
    for (std::size_t i = 0; i < lines && in.good(); ++i) result.program.push_back(in.text());
    if (!in.finished()) return std::nullopt;
    return result;
}

}  // namespace bartizan::scan
