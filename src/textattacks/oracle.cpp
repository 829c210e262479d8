#include "textattacks/oracle.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <sstream>

namespace bartizan::textattacks {
namespace {

constexpr std::size_t kLongest = 4;

std::vector<std::string> words_of(std::string_view text) {
    std::istringstream in{std::string(text)};
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}

std::map<std::vector<std::string>, int> grams_of(const std::vector<std::string>& words, std::size_t length) {
    std::map<std::vector<std::string>, int> grams;
    for (std::size_t at = 0; at + length <= words.size(); ++at)
        ++grams[{words.begin() + static_cast<std::ptrdiff_t>(at), words.begin() + static_cast<std::ptrdiff_t>(at + length)}];
    return grams;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

class LabelFlip final : public Goal {
public:
    Judgement judge(const Answer& clean, const Answer& now) const override {
        if (now.scores.empty()) {
            const bool other = now.output != clean.output || now.label != clean.label;
            const double doubt = now.confidence < 0 ? 0 : 1 - now.confidence;
            return {other ? 2 : doubt, other};
        }
        double best = -1e300;
        for (std::size_t i = 0; i < now.scores.size(); ++i)
            if (static_cast<std::int64_t>(i) != clean.label) best = std::max(best, now.scores[i]);
        return {best - now.scores[static_cast<std::size_t>(clean.label)], now.label != clean.label};
    }
};

class BleuDrop final : public Goal {
public:
    explicit BleuDrop(double below) : below_(below) {}
    Judgement judge(const Answer& clean, const Answer& now) const override {
        const double bleu = sentence_bleu(clean.output, now.output);
        return {1 - bleu, bleu <= below_};
    }

private:
    double below_;
};

class WordAppears final : public Goal {
public:
    explicit WordAppears(std::string_view word) : word_(lower(word)) {}
    Judgement judge(const Answer& /*clean*/, const Answer& now) const override {
        const std::string output = lower(now.output);
        if (output.find(word_) != std::string::npos) return {1, true};
        // How much of the word there is already: the longest of its parts that appears.
        for (std::size_t length = word_.size() - 1; length > 0; --length)
            for (std::size_t at = 0; at + length <= word_.size(); ++at)
                if (output.find(word_.substr(at, length)) != std::string::npos)
                    return {0.5 * static_cast<double>(length) / static_cast<double>(word_.size()), false};
        return {0, false};
    }

private:
    std::string word_;
};

}  // namespace

Result<std::vector<Answer>> NormalisingOracle::ask(std::span<const std::string> texts) {
    std::vector<std::string> cleaned;
    for (const std::string& text : texts) cleaned.push_back(BARTIZAN_TRY(text::normalise(text, policy_)));
    return behind_.ask(cleaned);
}

double sentence_bleu(std::string_view reference, std::string_view candidate) {
    const std::vector<std::string> wanted = words_of(reference), given = words_of(candidate);
    if (wanted.empty() || given.empty()) return wanted.empty() && given.empty() ? 1 : 0;
    double sum = 0;
    for (std::size_t length = 1; length <= kLongest; ++length) {
        const auto have = grams_of(wanted, length);
        int hits = 0, total = 0;
        for (const auto& [gram, count] : grams_of(given, length)) {
            const auto found = have.find(gram);
            hits += std::min(count, found == have.end() ? 0 : found->second);
            total += count;
        }
        const int smooth = length > 1 ? 1 : 0;
        if (hits + smooth == 0) return 0;
        sum += std::log(static_cast<double>(hits + smooth) / (total + smooth)) / kLongest;
    }
    const double shorter = 1 - static_cast<double>(wanted.size()) / static_cast<double>(given.size());
    return std::exp(sum + std::min(0.0, shorter));
}

std::unique_ptr<Goal> label_flip() { return std::make_unique<LabelFlip>(); }
std::unique_ptr<Goal> bleu_drop(double below) { return std::make_unique<BleuDrop>(below); }
std::unique_ptr<Goal> word_appears(std::string word) { return std::make_unique<WordAppears>(word); }

}  // namespace bartizan::textattacks
