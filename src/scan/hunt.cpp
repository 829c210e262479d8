#include "scan/hunt.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/judges.h"
#include "scan/pickle/pickle.h"
#include "scan/program.h"
#include "scan/say.h"
#include "scan/torch/opcode.h"

namespace bartizan::scan {
namespace {

using namespace std::string_view_literals;
using formats::as_text;
using formats::read_number;

/// So much is searched before its pages are given back.
constexpr std::size_t kWindow = std::size_t{4} << 20;
/// A trial looks at so many bytes: a payload is short.
constexpr std::size_t kTrialBytes = std::size_t{64} << 10;

/// Scripts and Java classes have too short a mark to be looked for inside of other bytes.
bool is_hidden_program(Bytes content) {
    const std::string_view kind = program_kind(content);
    return !kind.empty() && kind != "script" && kind != "Java class or universal macOS program";
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
            if (starts_as_pickle(content_.subspan(at)) && try_pickle(at)) return;
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
                if ((text_[i] == 'c' || text_[i] == 'i') && starts_as_pickle(content_.subspan(i)) && try_pickle(i))
                    return;
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
