/// tokenizer.json: each part by the name of its type. A type that is not listed here is refused.
#include <optional>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "text/parts.h"
#include "text/unicode.h"

namespace bartizan::text {
namespace {

using Document = nlohmann::json;  ///< ordered by key: a vocabulary has too many for a list

constexpr int kMostDepth = 24;
constexpr std::size_t kMostSteps = 64;
constexpr std::size_t kMostAdded = 4096;

Error no_such(std::string_view what, std::string_view name) {
    return unsupported(fmt::format("{} '{}' is not known", what, name.substr(0, 80)),
                       "convert the tokenizer to one of the kinds in docs/text.md");
}

struct TooDeep {};

Result<Document> parse(std::string_view text) {
    if (text.size() > kMostTokenizerBytes) return exhausted("the file is too large");
    try {
        return Document::parse(text, [](int depth, Document::parse_event_t, Document&) {
            if (depth > kMostDepth) throw TooDeep();
            return true;
        });
    } catch (const TooDeep&) {
        return invalid_input("nested too deep for a tokenizer");
    } catch (const Document::parse_error& error) {
        return invalid_input(fmt::format("not valid JSON at byte {}", error.byte));
    } catch (const Document::exception&) {
        return invalid_input("not valid JSON");
    }
}

const Document& member(const Document& object, const char* name) {
    static const Document none;
    if (!object.is_object()) return none;
    const auto found = object.find(name);
    return found == object.end() ? none : *found;
}

std::string text_of(const Document& object, const char* name, std::string otherwise = {}) {
    const Document& value = member(object, name);
    return value.is_string() ? value.get<std::string>() : std::move(otherwise);
}
bool flag_of(const Document& object, const char* name, bool otherwise) {
    const Document& value = member(object, name);
    return value.is_boolean() ? value.get<bool>() : otherwise;
}
Result<std::u32string> codes_of(const Document& object, const char* name) { return decode_utf8(text_of(object, name)); }

Result<std::int64_t> id_of(const Document& value) {
    if (!value.is_number_integer()) return invalid_input("a token id is no whole number");
    return value.get<std::int64_t>();
}

/// The bytes of base64; empty when it is none.
std::string from_base64(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0;
    int held = 0;
    for (const char c : text) {
        if (c == '=') break;
        const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                          : c >= 'a' && c <= 'z' ? c - 'a' + 26
                          : c >= '0' && c <= '9' ? c - '0' + 52
                          : c == '+'             ? 62
                          : c == '/'             ? 63
                                                 : -1;
        if (value < 0) return {};
        bits = (bits << 6U) | static_cast<std::uint32_t>(value);
        if ((held += 6) >= 8) out.push_back(static_cast<char>((bits >> static_cast<unsigned>(held -= 8)) & 0xffU));
    }
    return out;
}

/// The parts of a "Sequence", or the one thing itself.
Result<std::vector<Document>> steps_of(const Document& value, const char* list, int depth = 0) {
    std::vector<Document> out;
    if (value.is_null()) return out;
    if (depth > 4) return invalid_input("sequences nested too deep");
    if (text_of(value, "type") != "Sequence") return std::vector<Document>{value};
    for (const Document& one : member(value, list))
        for (Document& step : BARTIZAN_TRY(steps_of(one, list, depth + 1))) out.push_back(std::move(step));
    if (out.size() > kMostSteps) return exhausted("too many steps");
    return out;
}

Result<Normalize> normalizer_of(const Document& step) {
    const std::string type = text_of(step, "type");
    const auto form = [](Form wanted) {
        return Normalize([wanted](const std::u32string& codes) { return normal_form(codes, wanted); });
    };
    if (type == "NFC") return form(Form::nfc);
    if (type == "NFD") return form(Form::nfd);
    if (type == "NFKC") return form(Form::nfkc);
    if (type == "NFKD") return form(Form::nfkd);
    if (type == "Lowercase") return Normalize([](const std::u32string& codes) { return lower_case(codes); });
    if (type == "StripAccents") return strip_accents();
    if (type == "BertNormalizer") {
        const bool lower = flag_of(step, "lowercase", true);
        return bert_normalizer({flag_of(step, "clean_text", true), flag_of(step, "handle_chinese_chars", true),
                                flag_of(step, "strip_accents", lower), lower});
    }
    if (type == "Strip")
        return Normalize([left = flag_of(step, "strip_left", true), right = flag_of(step, "strip_right", true)](
                             std::u32string codes) {
            while (right && !codes.empty() && is_space(codes.back())) codes.pop_back();
            std::size_t begin = 0;
            while (left && begin < codes.size() && is_space(codes[begin])) ++begin;
            return codes.substr(begin);
        });
    if (type == "Prepend")
        return Normalize([prefix = BARTIZAN_TRY(codes_of(step, "prepend"))](const std::u32string& codes) {
            return codes.empty() ? codes : prefix + codes;
        });
    if (type == "Replace") {
        const Document& pattern = member(step, "pattern");
        std::u32string content = BARTIZAN_TRY(codes_of(step, "content"));
        if (member(pattern, "String").is_string())
            return replace(BARTIZAN_TRY(codes_of(pattern, "String")), std::move(content));
        if (text_of(pattern, "Regex") == " {2,}") return squeeze_blanks(std::move(content));
        return no_such("the pattern of a replacement", text_of(pattern, "Regex"));
    }
    if (type == "Precompiled") {
        const std::string encoded = text_of(step, "precompiled_charsmap");
        const std::string table = from_base64(encoded);
        if (table.empty() && !encoded.empty()) return invalid_input("the compiled table is not base64");
        return compiled_table(table);
    }
    return no_such("normalizer", type);
}

// Published patterns, as their files spell them.
constexpr std::string_view kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kCl100k =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

Result<Split> split_of(const Document& step) {
    const Document& pattern = member(step, "pattern");
    const std::string behavior = text_of(step, "behavior", "Isolated");
    if (flag_of(step, "invert", false)) return no_such("splitter with", "invert");
    const std::string regex = text_of(pattern, "Regex");
    if (!regex.empty()) {
        if (behavior != "Isolated") return no_such("splitter with", behavior);
        if (regex == kGpt2) return by_pattern(Pattern::gpt2);
        if (regex == kCl100k) return by_pattern(Pattern::cl100k);
        if (regex == kQwen2) return by_pattern(Pattern::qwen2);
        return no_such("the pattern of a splitter", regex);
    }
    std::u32string text = BARTIZAN_TRY(codes_of(pattern, "String"));
    if (text.empty()) return invalid_input("a splitter has no pattern");
    if (behavior == "Removed") return at_text(std::move(text), Behavior::removed);
    if (behavior == "Isolated") return at_text(std::move(text), Behavior::isolated);
    if (behavior == "MergedWithPrevious") return at_text(std::move(text), Behavior::with_previous);
    if (behavior == "MergedWithNext") return at_text(std::move(text), Behavior::with_next);
    return no_such("splitter with", behavior);
}

Result<void> add_splits(const Document& step, std::vector<Split>& out) {
    const std::string type = text_of(step, "type");
    if (type == "BertPreTokenizer") {
        out.push_back(bert_words());
    } else if (type == "Whitespace") {
        out.push_back(word_or_not());
    } else if (type == "WhitespaceSplit") {
        out.push_back(at_whitespace());
    } else if (type == "Punctuation") {
        if (text_of(step, "behavior", "Isolated") != "Isolated") return no_such("punctuation", text_of(step, "behavior"));
        out.push_back(isolate_punctuation());
    } else if (type == "Digits") {
        out.push_back(digits(flag_of(step, "individual_digits", false)));
    } else if (type == "Split") {
        out.push_back(BARTIZAN_TRY(split_of(step)));
    } else if (type == "ByteLevel") {
        const bool pattern = flag_of(step, "use_regex", true);
        if (flag_of(step, "add_prefix_space", true))
            out.push_back([](std::vector<Part> parts) {
                for (Part& part : parts)
                    if (!part.codes.starts_with(U' ')) part.codes.insert(part.codes.begin(), U' ');
                return parts;
            });
        if (pattern) out.push_back(by_pattern(Pattern::gpt2));
        out.push_back(byte_characters(false));
    } else if (type == "Metaspace") {
        const std::u32string mark = BARTIZAN_TRY(decode_utf8(text_of(step, "replacement", "\u2581")));
        if (mark.size() != 1) return invalid_input("the mark for blanks is not one character");
        const std::string scheme =
            text_of(step, "prepend_scheme", flag_of(step, "add_prefix_space", true) ? "always" : "never");
        if (scheme != "always" && scheme != "first" && scheme != "never") return no_such("prepend_scheme", scheme);
        out.push_back(metaspace(mark[0],
                                scheme == "always"  ? Prefix::always
                                : scheme == "first" ? Prefix::first
                                                    : Prefix::never,
                                flag_of(step, "split", true)));
    } else {
        return no_such("pre-tokenizer", type);
    }
    return {};
}

Result<void> add_decoder(const Document& step, std::vector<Decode>& out) {
    const std::string type = text_of(step, "type");
    if (type == "ByteLevel") {
        out.push_back(decode_bytes());
    } else if (type == "WordPiece") {
        out.push_back(decode_word_pieces(text_of(step, "prefix", "##"), flag_of(step, "cleanup", true)));
    } else if (type == "Metaspace") {
        const bool drop = text_of(step, "prepend_scheme", "always") != "never" && flag_of(step, "add_prefix_space", true);
        out.push_back(decode_metaspace(text_of(step, "replacement", "\u2581"), drop));
    } else if (type == "BPEDecoder") {
        out.push_back(decode_suffix(text_of(step, "suffix", "</w>")));
    } else if (type == "ByteFallback") {
        out.push_back(decode_byte_tokens());
    } else if (type == "Replace" && member(member(step, "pattern"), "String").is_string()) {
        const std::string pattern = text_of(member(step, "pattern"), "String"), content = text_of(step, "content");
        out.push_back([pattern, content](std::vector<std::string> pieces) {
            for (std::string& piece : pieces)
                for (std::size_t at = 0; !pattern.empty() && (at = piece.find(pattern, at)) != std::string::npos;
                     at += content.size())
                    piece.replace(at, pattern.size(), content);
            return pieces;
        });
    } else if (type == "Fuse") {
        out.push_back([](const std::vector<std::string>& pieces) {
            std::string whole;
            for (const std::string& piece : pieces) whole += piece;
            return std::vector<std::string>{whole};
        });
    } else if (type == "Strip") {
        const std::string content = text_of(step, "content", " ");
        const Document& start = member(step, "start");
        const auto most = start.is_number_unsigned() ? start.get<std::uint64_t>() : 0;
        out.push_back([content, most](std::vector<std::string> pieces) {
            for (std::string& piece : pieces)
                for (std::uint64_t i = 0; i < most && !content.empty() && piece.starts_with(content); ++i)
                    piece.erase(0, content.size());
            return pieces;
        });
    } else {
        return no_such("decoder", type);
    }
    return {};
}

Result<void> read_map(const Document& map, Vocabulary& vocabulary) {
    if (!map.is_object()) return invalid_input("the model has no vocabulary");
    if (map.size() > kMostPieces) return exhausted("the vocabulary is too large");
    for (const auto& [piece, id] : map.items()) BARTIZAN_TRY(vocabulary.add(piece, BARTIZAN_TRY(id_of(id))));
    return {};
}

Result<std::vector<std::pair<std::string, std::string>>> merges_of(const Document& list) {
    std::vector<std::pair<std::string, std::string>> out;
    if (!list.is_array()) return invalid_input("the model has no list of merges");
    for (const Document& merge : list) {
        if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
            out.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
            continue;
        }
        const std::string text = merge.is_string() ? merge.get<std::string>() : "";
        const std::size_t blank = text.find(' ');
        if (blank == std::string::npos) return invalid_input(fmt::format("merge {} is not two tokens", out.size()));
        out.emplace_back(text.substr(0, blank), text.substr(blank + 1));
    }
    return out;
}

Result<void> read_bpe(const Document& model, Tokenizer::Parts& parts) {
    const Document& dropout = member(model, "dropout");
    if (dropout.is_number() && dropout.get<double>() != 0) return no_such("BPE with", "dropout");
    BARTIZAN_TRY(read_map(member(model, "vocab"), *parts.vocabulary));
    BpeOptions options{.continuing_prefix = text_of(model, "continuing_subword_prefix"),
                       .end_suffix = text_of(model, "end_of_word_suffix"),
                       .fuse_unknown = flag_of(model, "fuse_unk", false),
                       .byte_fallback = flag_of(model, "byte_fallback", false),
                       .ignore_merges = flag_of(model, "ignore_merges", false)};
    if (const std::string unknown = text_of(model, "unk_token"); !unknown.empty())
        options.unknown = BARTIZAN_TRY(needed_id(*parts.vocabulary, unknown));
    parts.model = BARTIZAN_TRY(make_bpe(parts.vocabulary, BARTIZAN_TRY(merges_of(member(model, "merges"))), options));
    return {};
}

Result<void> read_unigram(const Document& model, Tokenizer::Parts& parts) {
    std::vector<double> scores;
    const Document& list = member(model, "vocab");
    if (!list.is_array() || list.empty() || list.size() > kMostPieces)
        return invalid_input("the model has no list of pieces with scores");
    for (const Document& row : list) {
        if (!row.is_array() || row.size() != 2 || !row[0].is_string() || !row[1].is_number())
            return invalid_input(fmt::format("piece {} is not a text and a score", scores.size()));
        BARTIZAN_TRY(parts.vocabulary->add(row[0].get<std::string>(), static_cast<std::int64_t>(scores.size())));
        scores.push_back(row[1].get<double>());
    }
    const Document& unknown = member(model, "unk_id");
    if (!unknown.is_number_integer()) return no_such("Unigram without", "unk_id");
    const std::int64_t id = unknown.get<std::int64_t>();
    if (id < 0 || id >= parts.vocabulary->size()) return invalid_input("unk_id names no piece");
    parts.model = make_unigram(parts.vocabulary, std::move(scores),
                               {.unknown = id, .byte_fallback = flag_of(model, "byte_fallback", false)});
    return {};
}

Result<void> read_model(const Document& model, Tokenizer::Parts& parts) {
    parts.kind = text_of(model, "type");
    // Older files leave the type out; the parts tell it.
    if (parts.kind.empty()) parts.kind = model.contains("merges") ? "BPE" : member(model, "vocab").is_array() ? "Unigram" : "WordPiece";
    if (parts.kind == "BPE") return read_bpe(model, parts);
    if (parts.kind == "Unigram") return read_unigram(model, parts);
    if (parts.kind != "WordPiece" && parts.kind != "WordLevel") return no_such("model", parts.kind);
    BARTIZAN_TRY(read_map(member(model, "vocab"), *parts.vocabulary));
    const auto unknown = BARTIZAN_TRY(needed_id(*parts.vocabulary, text_of(model, "unk_token", "[UNK]")));
    if (parts.kind == "WordLevel") {
        parts.model = make_word_level(parts.vocabulary, unknown);
        return {};
    }
    const Document& longest = member(model, "max_input_chars_per_word");
    WordPieceOptions options{.unknown = unknown, .prefix = text_of(model, "continuing_subword_prefix", "##")};
    if (longest.is_number_unsigned()) options.longest_word = std::min<std::size_t>(longest.get<std::size_t>(), 1000);
    parts.model = make_word_piece(parts.vocabulary, options);
    return {};
}

Result<void> read_added(const Document& list, Tokenizer::Parts& parts) {
    if (list.is_null()) return {};
    if (!list.is_array() || list.size() > kMostAdded) return invalid_input("added_tokens is no list, or too long");
    for (const Document& one : list) {
        AddedToken token{.id = BARTIZAN_TRY(id_of(member(one, "id"))),
                         .content = BARTIZAN_TRY(codes_of(one, "content")),
                         .special = flag_of(one, "special", false),
                         .normalized = flag_of(one, "normalized", false),
                         .single_word = flag_of(one, "single_word", false),
                         .strip_left = flag_of(one, "lstrip", false),
                         .strip_right = flag_of(one, "rstrip", false)};
        if (token.content.empty()) return invalid_input("an added token is empty");
        BARTIZAN_TRY(parts.vocabulary->add(encode_utf8(token.content), token.id));
        parts.added.push_back(std::move(token));
    }
    return {};
}

Result<void> read_template(const Document& step, Tokenizer::Parts& parts) {
    bool behind = false;
    for (const Document& one : member(step, "single")) {
        if (one.contains("Sequence")) {
            behind = true;
            continue;
        }
        const std::string name = text_of(member(one, "SpecialToken"), "id");
        const Document& ids = member(member(member(step, "special_tokens"), name.c_str()), "ids");
        if (!ids.is_array() || ids.empty() || ids.size() > 16)
            return invalid_input("the template names a special token without ids");
        for (const Document& id : ids) (behind ? parts.after : parts.before).push_back(BARTIZAN_TRY(id_of(id)));
    }
    if (parts.before.size() + parts.after.size() > 64) return exhausted("the template is too long");
    return {};
}

Result<void> read_processor(const Document& step, Tokenizer::Parts& parts) {
    const std::string type = text_of(step, "type");
    if (type == "ByteLevel") return {};
    if (type == "TemplateProcessing") return read_template(step, parts);
    if (type != "BertProcessing" && type != "RobertaProcessing") return no_such("post-processor", type);
    for (const char* name : {"cls", "sep"}) {
        const Document& pair = member(step, name);
        if (!pair.is_array() || pair.size() != 2) return invalid_input("the post-processor lacks cls or sep");
        (std::string_view(name) == "cls" ? parts.before : parts.after).push_back(BARTIZAN_TRY(id_of(pair[1])));
    }
    return {};
}

}  // namespace

Result<Tokenizer> Tokenizer::from_json(std::string_view json) {
    const Document root = BARTIZAN_TRY(parse(json));
    auto parts = std::make_shared<Parts>();
    if (!member(root, "model").is_object()) return invalid_input("the file has no model", "is this a tokenizer.json?");
    BARTIZAN_TRY(read_model(member(root, "model"), *parts));
    BARTIZAN_TRY(read_added(member(root, "added_tokens"), *parts));
    for (const Document& step : BARTIZAN_TRY(steps_of(member(root, "normalizer"), "normalizers")))
        parts->normalizers.push_back(BARTIZAN_TRY(normalizer_of(step)));
    for (const Document& step : BARTIZAN_TRY(steps_of(member(root, "pre_tokenizer"), "pretokenizers")))
        BARTIZAN_TRY(add_splits(step, parts->splits));
    for (const Document& step : BARTIZAN_TRY(steps_of(member(root, "post_processor"), "processors")))
        BARTIZAN_TRY(read_processor(step, *parts));
    for (const Document& step : BARTIZAN_TRY(steps_of(member(root, "decoder"), "decoders")))
        BARTIZAN_TRY(add_decoder(step, parts->decoders));
    for (const std::int64_t id : parts->before)
        if (parts->vocabulary->piece(id).empty()) return invalid_input("a special id names no token");
    for (const std::int64_t id : parts->after)
        if (parts->vocabulary->piece(id).empty()) return invalid_input("a special id names no token");
    const Document& padding = member(member(root, "padding"), "pad_id");
    if (padding.is_number_unsigned()) parts->padding = padding.get<std::int64_t>();
    return Tokenizer(std::move(parts));
}

}  // namespace bartizan::text
