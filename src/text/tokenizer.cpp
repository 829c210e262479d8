#include "text/tokenizer.h"

#include <algorithm>

#include "core/file.h"
#include "text/parts.h"
#include "text/unicode.h"

namespace bartizan::text {
namespace {

/// A stretch of text, or a token found in it.
struct Segment {
    std::u32string codes;
    std::int64_t token = -1;
    bool first = false;
};

bool fits(const AddedToken& token, const std::u32string& codes, std::size_t at) {
    if (codes.compare(at, token.content.size(), token.content) != 0) return false;
    if (!token.single_word) return true;
    const std::size_t end = at + token.content.size();
    return (at == 0 || !is_word(codes[at - 1])) && (end == codes.size() || !is_word(codes[end]));
}

/// The longest added token that stands at `at`.
const AddedToken* token_at(const std::vector<AddedToken>& added, bool normalized, const std::u32string& codes,
                           std::size_t at) {
    const AddedToken* best = nullptr;
    for (const AddedToken& token : added)
        if (token.in_text && token.normalized == normalized && token.content.front() == codes[at] && fits(token, codes, at) &&
            (best == nullptr || token.content.size() > best->content.size()))
            best = &token;
    return best;
}

std::vector<Segment> cut_at_tokens(const Segment& whole, const std::vector<AddedToken>& added, bool normalized) {
    std::vector<Segment> out;
    std::size_t begin = 0;
    const std::u32string& codes = whole.codes;
    const auto keep = [&](std::size_t end) {
        if (end > begin) out.push_back({codes.substr(begin, end - begin), -1, whole.first && begin == 0});
    };
    for (std::size_t at = 0; at < codes.size();) {
        const AddedToken* token = token_at(added, normalized, codes, at);
        if (token == nullptr) {
            ++at;
            continue;
        }
        std::size_t end = at;
        while (token->strip_left && end > begin && is_space(codes[end - 1])) --end;
        keep(end);
        out.push_back({{}, token->id, false});
        at += token->content.size();
        while (token->strip_right && at < codes.size() && is_space(codes[at])) ++at;
        begin = at;
    }
    keep(codes.size());
    return out;
}

}  // namespace

Result<Tokenizer> Tokenizer::open(const std::filesystem::path& path) {
    const std::string bytes = BARTIZAN_TRY(read_file(path, kMostTokenizerBytes));
    const std::string place = "tokenizer '" + path.string() + "'";
    const std::size_t begin = bytes.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos) return invalid_input("the file is empty").within(place);
    if (bytes[begin] == '{') return from_json(bytes).within(place);
    // The first field of a SentencePiece model is a piece: field 1, of some length.
    if (bytes[0] == '\n' && path.extension() != ".txt") return from_sentencepiece(bytes).within(place);
    return from_vocabulary(bytes, path.filename().string().find("-cased") == std::string::npos).within(place);
}

Result<std::vector<std::int64_t>> Tokenizer::encode(std::string_view text, bool special) const {
    std::vector<std::int64_t> ids;
    if (special) ids = parts_->before;
    const Segment whole{BARTIZAN_TRY(decode_utf8(text)), -1, true};
    for (Segment& segment : cut_at_tokens(whole, parts_->added, false)) {
        if (segment.token >= 0) {
            ids.push_back(segment.token);
            continue;
        }
        for (const Normalize& normalize : parts_->normalizers) segment.codes = normalize(std::move(segment.codes));
        for (Segment& part : cut_at_tokens(segment, parts_->added, true)) {
            if (part.token >= 0) {
                ids.push_back(part.token);
                continue;
            }
            std::vector<Part> words{{std::move(part.codes), part.first}};
            for (const Split& split : parts_->splits) words = split(std::move(words));
            for (const Part& word : words)
                if (!word.codes.empty()) parts_->model->encode(encode_utf8(word.codes), ids);
        }
    }
    if (special) ids.insert(ids.end(), parts_->after.begin(), parts_->after.end());
    return ids;
}

std::string Tokenizer::decode(std::span<const std::int64_t> ids) const {
    std::vector<std::string> pieces;
    for (const std::int64_t id : ids) {
        const auto token = std::ranges::find(parts_->added, id, &AddedToken::id);
        if (token != parts_->added.end() && token->special) continue;
        if (const std::string& piece = parts_->vocabulary->piece(id); !piece.empty()) pieces.push_back(piece);
    }
    for (const Decode& decode : parts_->decoders) pieces = decode(std::move(pieces));
    std::string out;
    for (const std::string& piece : pieces) {
        if (parts_->decoders.empty() && !out.empty()) out += ' ';
        out += piece;
    }
    return out;
}

std::string Tokenizer::token(std::int64_t id) const { return parts_->vocabulary->piece(id); }
std::optional<std::int64_t> Tokenizer::id(std::string_view token) const { return parts_->vocabulary->id(token); }
std::int64_t Tokenizer::size() const { return parts_->vocabulary->size(); }
std::size_t Tokenizer::added() const { return parts_->before.size() + parts_->after.size(); }
const std::string& Tokenizer::kind() const { return parts_->kind; }

std::optional<std::int64_t> Tokenizer::padding() const {
    if (parts_->padding) return parts_->padding;
    for (const std::string_view name : {"[PAD]", "<pad>", "<|pad|>", "<PAD>"})
        if (const auto found = id(name)) return found;
    return std::nullopt;
}

Result<Tokenizer> Tokenizer::from_vocabulary(std::string_view lines, bool lower) {
    auto parts = std::make_shared<Parts>();
    parts->kind = "WordPiece";
    std::int64_t next = 0;
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = std::min(lines.find('\n', at), lines.size());
        std::string_view line = lines.substr(at, end - at);
        if (line.ends_with('\r')) line.remove_suffix(1);
        BARTIZAN_TRY_WITHIN(decode_utf8(line), "line " + std::to_string(next + 1));
        BARTIZAN_TRY(parts->vocabulary->add(std::string(line), next++));
        at = end + 1;
    }
    const std::int64_t unknown = BARTIZAN_TRY(needed_id(*parts->vocabulary, "[UNK]"));
    for (const char* name : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"})
        if (const auto id = parts->vocabulary->id(name))
            parts->added.push_back({.id = *id, .content = *decode_utf8(name), .special = true});
    parts->before = {BARTIZAN_TRY(needed_id(*parts->vocabulary, "[CLS]"))};
    parts->after = {BARTIZAN_TRY(needed_id(*parts->vocabulary, "[SEP]"))};
    parts->normalizers = {bert_normalizer({.strip_accents = lower, .lower = lower})};
    parts->splits = {bert_words()};
    parts->decoders = {decode_word_pieces("##", true)};
    parts->model = make_word_piece(parts->vocabulary, {.unknown = unknown});
    return Tokenizer(std::move(parts));
}

}  // namespace bartizan::text
