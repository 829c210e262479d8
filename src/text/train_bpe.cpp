/// Learning a byte-level BPE vocabulary (Sennrich et al. 2016, algorithm 1, over bytes).
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "core/json.h"
#include "text/steps.h"
#include "text/tokenizer.h"
#include "text/unicode.h"

namespace bartizan::text {
namespace {

constexpr std::int64_t kBytes = 256, kFirstByte = 2;

struct Word {
    std::vector<std::int32_t> symbols;
    std::int64_t count = 0;
};
using Pair = std::pair<std::int32_t, std::int32_t>;

struct PairHash {
    std::size_t operator()(const Pair& pair) const {
        return std::hash<std::int64_t>{}((static_cast<std::int64_t>(pair.first) << 32U) ^ pair.second);
    }
};

/// The words of all texts with how often each occurs, as byte symbols.
Result<std::vector<Word>> words_of(std::span<const std::string> texts, bool lower) {
    const Split pattern = by_pattern(Pattern::gpt2);
    std::map<std::string, std::int64_t> counts;
    for (std::size_t row = 0; row < texts.size(); ++row) {
        std::u32string codes = BARTIZAN_TRY_WITHIN(decode_utf8(texts[row]), fmt::format("text {}", row));
        if (lower) codes = lower_case(codes);
        for (const Part& part : pattern({{std::move(codes), true}})) ++counts[encode_utf8(part.codes)];
    }
    std::vector<Word> words;
    for (const auto& [text, count] : counts) {
        Word& word = words.emplace_back();
        word.count = count;
        for (const char byte : text) word.symbols.push_back(static_cast<std::int32_t>(kFirstByte + static_cast<unsigned char>(byte)));
    }
    return words;
}

/// How often each pair of neighbours occurs, and in which words: kept up to date merge by merge.
class Pairs {
public:
    explicit Pairs(std::vector<Word> words) : words_(std::move(words)) {
        for (std::size_t i = 0; i < words_.size(); ++i) count(i, 1);
    }

    std::optional<Pair> most_frequent(const std::vector<std::string>& pieces) const {
        std::optional<Pair> best;
        std::int64_t most = 1;  // a pair that occurs once teaches nothing
        for (const auto& [pair, entry] : pairs_) {
            if (entry.count < most || (entry.count == most && !best)) continue;
            const auto text = [&](const Pair& p) {
                return std::pair(pieces[static_cast<std::size_t>(p.first)], pieces[static_cast<std::size_t>(p.second)]);
            };
            if (entry.count > most || text(pair) < text(*best)) {
                best = pair;
                most = entry.count;
            }
        }
        return best;
    }

    void merge(const Pair& pair, std::int32_t whole) {
        const std::set<std::size_t> where = pairs_[pair].words;
        for (const std::size_t i : where) {
            count(i, -1);
            std::vector<std::int32_t>& symbols = words_[i].symbols;
            std::vector<std::int32_t> joined;
            for (std::size_t at = 0; at < symbols.size(); ++at) {
                const bool both = at + 1 < symbols.size() && symbols[at] == pair.first && symbols[at + 1] == pair.second;
                joined.push_back(both ? whole : symbols[at]);
                if (both) ++at;
            }
            symbols = std::move(joined);
            count(i, 1);
        }
        pairs_.erase(pair);
    }

private:
    struct Entry {
        std::int64_t count = 0;
        std::set<std::size_t> words;
    };

    void count(std::size_t index, std::int64_t sign) {
        const Word& word = words_[index];
        for (std::size_t at = 0; at + 1 < word.symbols.size(); ++at) {
            Entry& entry = pairs_[{word.symbols[at], word.symbols[at + 1]}];
            entry.count += sign * word.count;
            if (sign > 0)
                entry.words.insert(index);
            else
                entry.words.erase(index);
        }
    }

    std::vector<Word> words_;
    std::unordered_map<Pair, Entry, PairHash> pairs_;
};

std::string as_json(const std::vector<std::string>& pieces, const Json& merges, bool lower) {
    Json json;
    json["version"] = "1.0";
    json["truncation"] = nullptr;
    json["padding"] = nullptr;
    json["added_tokens"] = Json::array();
    for (std::int64_t id = 0; id < kFirstByte; ++id)
        json["added_tokens"].push_back({{"id", id},
                                        {"content", pieces[static_cast<std::size_t>(id)]},
                                        {"single_word", false},
                                        {"lstrip", false},
                                        {"rstrip", false},
                                        {"normalized", false},
                                        {"special", true}});
    json["normalizer"] = lower ? Json{{"type", "Lowercase"}} : Json(nullptr);
    json["pre_tokenizer"] = {
        {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
    json["post_processor"] = nullptr;
    json["decoder"] = {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}};
    nlohmann::json vocabulary = nlohmann::json::object();
    for (std::size_t id = 0; id < pieces.size(); ++id) vocabulary[pieces[id]] = id;
    std::string text = json.dump();
    // The vocabulary is ordered by key: kept out of the ordered document, where each key would be compared with all.
    text.pop_back();
    text += R"(,"model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":"",)"
            R"("end_of_word_suffix":"","fuse_unk":false,"byte_fallback":false,"vocab":)";
    return text + vocabulary.dump() + ",\"merges\":" + merges.dump() + "}}\n";
}

}  // namespace

Result<std::string> train_byte_bpe(std::span<const std::string> texts, std::int64_t size, bool lower) {
    if (size < kFirstByte + kBytes || size > 200'000)
        return invalid_input(fmt::format("a vocabulary of {} tokens", size), "give 258 to 200000");
    std::vector<std::string> pieces = {"<pad>", "<unk>"};
    for (std::int64_t byte = 0; byte < kBytes; ++byte)
        pieces.push_back(encode_utf8(std::u32string(1, byte_character(static_cast<unsigned char>(byte)))));
    Pairs pairs(BARTIZAN_TRY(words_of(texts, lower)));
    Json merges = Json::array();
    while (std::ssize(pieces) < size) {
        const auto best = pairs.most_frequent(pieces);
        if (!best) break;
        const std::string left = pieces[static_cast<std::size_t>(best->first)];
        const std::string right = pieces[static_cast<std::size_t>(best->second)];
        merges.push_back(left + " " + right);
        pieces.push_back(left + right);
        pairs.merge(*best, static_cast<std::int32_t>(pieces.size() - 1));
    }
    return as_json(pieces, merges, lower);
}

}  // namespace bartizan::text
