#include "text/bidi.h"

#include <algorithm>
#include <vector>

#include "text/confusables.h"

namespace bartizan::text {
namespace {

constexpr int kDeepest = 125;  // UAX 9, BD2

constexpr char32_t kLre = 0x202a, kRle = 0x202b, kPdf = 0x202c, kLro = 0x202d, kRlo = 0x202e;
constexpr char32_t kLri = 0x2066, kRli = 0x2067, kFsi = 0x2068, kPdi = 0x2069;

enum class Override { neutral, left, right };
struct Status {
    int level;
    Override override;
    bool isolate;
};

bool is_right_to_left(char32_t code) {
    return (code >= 0x590 && code <= 0x8ff) || (code >= 0xfb1d && code <= 0xfdff) || (code >= 0xfe70 && code <= 0xfeff) ||
           (code >= 0x10800 && code <= 0x10fff) || (code >= 0x1e800 && code <= 0x1efff);
}

int next_level(int level, bool right) { return right ? (level + 1) | 1 : (level + 2) & ~1; }

/// The levels of one stretch; overrides open in it raise `inside`.
class Levels {
public:
    /// Feeds one code point; true: it is a control and is dropped.
    bool take(char32_t code) {
        switch (code) {
            case kLre:
            case kRle:
            case kLro:
            case kRlo:
                open(code == kRle || code == kRlo,
                     code == kLro   ? Override::left
                     : code == kRlo ? Override::right
                                    : Override::neutral,
                     false);
                return true;
            case kLri:
            case kRli:
            case kFsi:
                open(code == kRli, Override::neutral, true);
                return true;
            case kPdf:
                close_embedding();
                return true;
            case kPdi:
                close_isolate();
                return true;
            default:
                return false;
        }
    }

    int level_of(char32_t code) const {
        const Status& top = stack_.back();
        if (top.override == Override::left) return top.level + (top.level & 1);
        if (top.override == Override::right) return top.level + ((top.level & 1) ^ 1);
        if (is_right_to_left(code)) return top.level + ((top.level & 1) ^ 1);
        return script_of(code) != 0 ? top.level + (top.level & 1) : top.level;
    }

    bool overridden() const {
        return std::ranges::any_of(stack_, [](const Status& s) { return s.override != Override::neutral; });
    }

private:
    void open(bool right, Override override, bool isolate) {
        const int level = next_level(stack_.back().level, right);
        if (level > kDeepest || overflow_isolates_ > 0 || overflow_embeddings_ > 0) {
            if (isolate)
                ++overflow_isolates_;
            else if (overflow_isolates_ == 0)
                ++overflow_embeddings_;
            return;
        }
        if (isolate) ++isolates_;
        stack_.push_back({level, override, isolate});
    }
    void close_embedding() {
        if (overflow_isolates_ > 0) return;
        if (overflow_embeddings_ > 0)
            --overflow_embeddings_;
        else if (!stack_.back().isolate && stack_.size() > 1)
            stack_.pop_back();
    }
    void close_isolate() {
        if (overflow_isolates_ > 0) {
            --overflow_isolates_;
            return;
        }
        if (isolates_ == 0) return;
        overflow_embeddings_ = 0;
        while (!stack_.back().isolate) stack_.pop_back();
        stack_.pop_back();
        --isolates_;
    }

    std::vector<Status> stack_{{0, Override::neutral, false}};
    int isolates_ = 0, overflow_isolates_ = 0, overflow_embeddings_ = 0;
};

/// Rule L2: from the highest level down, runs at that level or above are reversed.
void reorder(std::u32string& out, std::size_t begin, const std::vector<int>& levels) {
    const int highest = levels.empty() ? 0 : std::ranges::max(levels);
    std::vector<int> kept = levels;
    for (int level = highest; level > 0; --level)
        for (std::size_t at = 0; at < kept.size();) {
            std::size_t end = at;
            while (end < kept.size() && kept[end] >= level) ++end;
            if (end - at > 1) {
                const auto from = static_cast<std::ptrdiff_t>(begin + at), to = static_cast<std::ptrdiff_t>(begin + end);
                std::reverse(out.begin() + from, out.begin() + to);
                std::reverse(kept.begin() + static_cast<std::ptrdiff_t>(at), kept.begin() + static_cast<std::ptrdiff_t>(end));
            }
            at = std::max(end, at + 1);
        }
}

}  // namespace

std::u32string resolve_overrides(const std::u32string& codes) {
    std::u32string out;
    Levels state;
    std::vector<int> levels;  // of the stretch under way
    const auto finish = [&] {
        reorder(out, out.size() - levels.size(), levels);
        levels.clear();
    };
    for (const char32_t code : codes) {
        const bool line_end = code == U'\n' || code == U'\r' || code == 0x2029;
        if (line_end) {
            finish();
            state = Levels();
        }
        // The controls of isolates hold a place of their own at the level around them, and keep what they enclose apart
        // from its neighbours (rules X5a to X6a); those of embeddings are as if they were not there (X9).
        const bool opens = code == kLri || code == kRli || code == kFsi, closes = code == kPdi;
        const bool before = state.overridden();
        const auto keep = [&] {
            if (!state.overridden()) return;
            out.push_back(code);
            levels.push_back(state.level_of(code));
        };
        if (opens) keep();
        if (state.take(code)) {
            if (closes) keep();
            if (before && !state.overridden()) finish();
            continue;
        }
        out.push_back(code);
        if (state.overridden()) levels.push_back(state.level_of(code));
    }
    finish();
    std::erase_if(out, is_bidi_control);
    return out;
}

}  // namespace bartizan::text
