#include "scan/hunt.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/judges.h"
#include "scan/pickle/pickle.h"
#include "scan/program.h"
#include "scan/say.h"

namespace bartizan::scan {
namespace {

using namespace std::string_view_literals;
using formats::as_text;
using formats::read_number;

/// So much is searched before its pages are given back.
constexpr std::size_t kWindow = std::size_t{4} << 20;
/// A trial looks at so many bytes: a payload is short.
constexpr std::size_t kTrialBytes = std::size_t{64} << 10;
/// A row of so many valid opcodes makes a candidate: random bytes seldom have it.
constexpr int kCandidateOpcodes = 5;

/// Scripts and Java classes have too short a mark to be looked for inside of other bytes.
bool is_hidden_program(Bytes content) {
    const std::string_view kind = program_kind(content);
    return !kind.empty() && kind != "script" && kind != "Java class or universal macOS program";
}

/// How many bytes the opcode at `at` takes with its argument; 0: it is none, or ends behind the bytes.
/// (pickletools.py of CPython 3.12 has the table.)
std::uint64_t opcode_size(Bytes content, std::size_t at) {
    const char code = as_text(content)[at];
    const auto line = [&](std::size_t from) -> std::uint64_t {
        const std::size_t end = as_text(content).substr(0, std::min(content.size(), from + 1'024)).find('\n', from);
        return end == std::string_view::npos ? 0 : end + 1 - at;
    };
    const auto counted = [&](auto count, std::uint64_t head) -> std::uint64_t { return count ? head + *count : 0; };
    constexpr std::string_view kAlone = "()012.]}NQRabdelostu\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98";
    if (kAlone.find(code) != std::string_view::npos) return 1;
    switch (code) {
        case 'K':
        case 'h':
        case 'q':
        case '\x80':
        case '\x82':
            return 2;
        case 'M':
        case '\x83':
            return 3;
        case 'J':
        case 'j':
        case 'r':
        case '\x84':
            return 5;
        case 'G':
        case '\x95':
            return 9;
        case 'U':
        case 'C':
        case '\x8c':
        case '\x8a':
            return counted(read_number<std::uint8_t>(content, at + 1), 2);
        case 'X':
        case 'B':
        case 'T':
        case '\x8b':
            return counted(read_number<std::uint32_t>(content, at + 1), 5);
        case '\x8d':
        case '\x8e':
        case '\x96':
            return counted(read_number<std::uint64_t>(content, at + 1), 9);
        case 'I':
        case 'F':
        case 'L':
        case 'S':
        case 'V':
        case 'P':
        case 'p':
        case 'g':
            return line(at + 1);
        case 'c':
        case 'i': {
            const std::uint64_t first = line(at + 1);
            return first == 0 ? 0 : line(at + static_cast<std::size_t>(first));
        }
        default:
            return 0;
    }
}

bool is_candidate(Bytes content) {
    std::size_t at = 0;
    for (int i = 0; i < kCandidateOpcodes; ++i) {
        if (at >= content.size()) return false;
        const std::uint64_t size = opcode_size(content, at);
        if (size == 0 || size > content.size() - at) return false;
        at += static_cast<std::size_t>(size);
        if (as_text(content)[at - 1] == '.' && size == 1) return i > 1;
    }
    return true;
}

bool is_name_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == ' ';
}

class Hunt {
public:
    Hunt(Bytes content, Context& context) : content_(content), text_(as_text(content)), context_(context) {}

    bool run() {
        for (std::size_t at = 0; at < content_.size() && !found_; at += kWindow) {
            const std::size_t end = std::min(content_.size(), at + kWindow);
            programs(at, end);
            archives(at, end);
            pickles(at, end);
            old_pickles(at, end);
            give_back(context_, content_.subspan(at, end - at));
        }
        return found_;
    }

private:
    /// The first place of the mark in [at, end), npos if there is none.
    std::size_t next(std::string_view mark, std::size_t at, std::size_t end) const {
        return text_.substr(0, std::min(text_.size(), end + mark.size() - 1)).find(mark, at);
    }

    void programs(std::size_t from, std::size_t end) {
        for (const std::string_view mark : {"\x7f"
                                            "ELF"sv,
                                            "MZ"sv})
            for (std::size_t at = next(mark, from, end); at != std::string_view::npos; at = next(mark, at + 1, end)) {
                if (!is_hidden_program(content_.subspan(at))) continue;
                malicious(context_, rule::kHiddenExecutable,
                          fmt::format("a {} is hidden in other bytes", program_kind(content_.subspan(at))), at);
                found_ = true;
                return;
            }
    }

    void archives(std::size_t from, std::size_t end) {
        for (std::size_t at = next("PK\3\4", from, end); at != std::string_view::npos;
             at = next("PK\3\4", at + 1, end)) {
            const auto method = read_number<std::uint16_t>(content_, at + 8);
            const auto name = read_number<std::uint16_t>(content_, at + 26);
            if (!method || *method > 99 || !name || *name == 0 || *name > 1'024) continue;
            Context inner = context_;
            inner.base += at;
            ++inner.depth;
            unproven(context_, rule::kHiddenData, "an archive is hidden in other bytes", at);
            if (inner.depth <= inner.budget.depth) judge_zip(content_.subspan(at), inner);
            found_ = true;
            return;
        }
    }

    /// From protocol 2 on: 0x80 and the protocol.
    void pickles(std::size_t from, std::size_t end) {
        for (std::size_t at = next("\x80", from, end); at != std::string_view::npos; at = next("\x80", at + 1, end)) {
            if (at + 2 >= text_.size() || text_[at + 1] < 2 || text_[at + 1] > 5) continue;
            if (is_candidate(content_.subspan(at)) && try_pickle(at)) return;
        }
    }

    /// Earlier ones begin anywhere: "cmodule\nname\n" or "imodule\nname\n" gives them away.
    void old_pickles(std::size_t from, std::size_t end) {
        for (std::size_t at = next("\n", from, end); at != std::string_view::npos; at = next("\n", at + 1, end)) {
            std::size_t second = at + 1;
            while (second < text_.size() && second - at < 128 && is_name_character(text_[second])) ++second;
            if (second == at + 1 || second >= text_.size() || text_[second] != '\n') continue;
            std::size_t begin = at;
            while (begin > 0 && at - begin < 128 && is_name_character(text_[begin - 1])) --begin;
            // The module's name begins at some c or i of the row.
            for (std::size_t i = begin; i + 1 < at; ++i)
                if ((text_[i] == 'c' || text_[i] == 'i') && try_pickle(i)) return;
        }
    }

    bool try_pickle(std::size_t at) {
        if (context_.budget.steps == 0 || ++trials_ > kMaxTrials) {
            if (trials_ == kMaxTrials + 1) context_.incomplete("too many places that may be pickles", at);
            return false;
        }
        FileResult scratch{.path = context_.result.path, .format = {}};
        Budget budget = context_.budget;
        budget.steps = std::min(budget.steps, kTrialSteps);
        const std::uint64_t given = budget.steps;
        Context trial{.result = scratch,
                      .budget = budget,
                      .member = context_.member,
                      .base = context_.base + at,
                      .depth = context_.depth + 1};
        judge_pickle(content_.subspan(at, std::min(kTrialBytes, content_.size() - at)), trial);
        context_.budget.steps -= std::min(context_.budget.steps, given - std::min(given, budget.steps) + 1);
        if (scratch.verdict != Verdict::malicious) return false;
        for (const Issue& issue : scratch.issues)
            if (issue.verdict == Verdict::malicious) context_.report(issue);
        unproven(context_, rule::kHiddenData, "a pickle is hidden in other bytes", at);
        found_ = true;
        return true;
    }

    Bytes content_;
    std::string_view text_;
    Context& context_;
    int trials_ = 0;
    bool found_ = false;
};

}  // namespace

bool hunt(Bytes content, Context& context) { return Hunt(content, context).run(); }

}  // namespace bartizan::scan
