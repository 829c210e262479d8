/// SentencePiece models: a protobuf message (sentencepiece_model.proto) of pieces, the trainer's settings and the
/// normaliser's. Read field by field, so that no message class is needed.
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "text/parts.h"
#include "text/unicode.h"

namespace bartizan::text {
namespace {

/// One field of a message in the wire format.
struct Field {
    std::uint32_t number = 0;
    std::uint64_t value = 0;       ///< of varints and fixed numbers
    std::string_view bytes = {};  ///< of strings and messages
};

class Message {
public:
    explicit Message(std::string_view bytes) : left_(bytes) {}
    bool more() const { return !left_.empty(); }

    Result<Field> next() {
        const std::uint64_t tag = BARTIZAN_TRY(varint());
        Field field{.number = static_cast<std::uint32_t>(tag >> 3U)};
        switch (tag & 7U) {
            case 0:
                field.value = BARTIZAN_TRY(varint());
                return field;
            case 1:
                return fixed(field, 8);
            case 5:
                return fixed(field, 4);
            case 2: {
                const std::uint64_t size = BARTIZAN_TRY(varint());
                if (size > left_.size()) return broken();
                field.bytes = left_.substr(0, size);
                left_.remove_prefix(size);
                return field;
            }
            default:
                return broken();
        }
    }

private:
    static Error broken() { return invalid_input("the SentencePiece model is broken or truncated"); }

    Result<std::uint64_t> varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(left_.front());
            left_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
            if (byte < 0x80) return value;
        }
        return broken();
    }
    Result<Field> fixed(Field field, std::size_t size) {
        if (left_.size() < size) return broken();
        std::memcpy(&field.value, left_.data(), size);
        left_.remove_prefix(size);
        return field;
    }

    std::string_view left_;
};

enum PieceType : std::uint8_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

struct Piece {
    std::string text;
    float score = 0;
    std::uint64_t type = kNormal;
};

struct Settings {
    std::uint64_t model = 1;  ///< 1 unigram, 2 BPE, 3 word, 4 character
    bool byte_fallback = false;
    bool add_prefix = true, remove_extra = true, escape = true;
    std::string_view table;
    std::uint64_t padding = std::numeric_limits<std::uint64_t>::max();
};

Result<Piece> piece_of(std::string_view bytes) {
    Piece piece;
    for (Message message(bytes); message.more();) {
        const Field field = BARTIZAN_TRY(message.next());
        if (field.number == 1) piece.text = std::string(field.bytes);
        if (field.number == 2) {
            const auto bits = static_cast<std::uint32_t>(field.value);
            std::memcpy(&piece.score, &bits, sizeof bits);
        }
        if (field.number == 3) piece.type = field.value;
    }
    BARTIZAN_TRY(decode_utf8(piece.text));
    if (!(piece.score > -1e30F && piece.score < 1e30F)) return invalid_input("a piece has no finite score");
    return piece;
}

Result<void> read_trainer(std::string_view bytes, Settings& settings) {
    for (Message message(bytes); message.more();) {
        const Field field = BARTIZAN_TRY(message.next());
        if (field.number == 3) settings.model = field.value;
        if (field.number == 35) settings.byte_fallback = field.value != 0;
        if (field.number == 43) settings.padding = field.value;
    }
    return {};
}

Result<void> read_normalizer(std::string_view bytes, Settings& settings) {
    for (Message message(bytes); message.more();) {
        const Field field = BARTIZAN_TRY(message.next());
        if (field.number == 2) settings.table = field.bytes;
        if (field.number == 3) settings.add_prefix = field.value != 0;
        if (field.number == 4) settings.remove_extra = field.value != 0;
        if (field.number == 5) settings.escape = field.value != 0;
    }
    return {};
}

Result<void> take_pieces(const std::vector<Piece>& pieces, const Settings& settings, Tokenizer::Parts& parts) {
    std::vector<double> scores;
    std::vector<float> narrow;
    std::vector<std::uint8_t> unusable;
    std::optional<std::int64_t> unknown;
    for (const Piece& piece : pieces) {
        const auto id = static_cast<std::int64_t>(scores.size());
        BARTIZAN_TRY(parts.vocabulary->add(piece.text, id));
        if (piece.type == kUnknown) unknown = id;
        if (piece.type == kUserDefined)
            parts.added.push_back({.id = id, .content = BARTIZAN_TRY(decode_utf8(piece.text)), .normalized = true});
        if (piece.type == kControl || piece.type == kUnknown)
            parts.added.push_back({.id = id, .content = BARTIZAN_TRY(decode_utf8(piece.text)), .special = true, .in_text = false});
        scores.push_back(piece.score);
        narrow.push_back(piece.score);
        unusable.push_back(piece.type == kNormal || piece.type == kUserDefined ? 0 : 1);
    }
    if (!unknown) return invalid_input("no piece is for what is unknown");
    // Control pieces never come out of text; they are listed so that decoding leaves them out.
    std::erase_if(parts.added, [](const AddedToken& token) { return token.content.empty(); });
    if (settings.model == 1) {
        parts.kind = "Unigram";
        parts.model = make_unigram(parts.vocabulary, std::move(scores),
                                   {.unknown = *unknown, .byte_fallback = settings.byte_fallback, .unusable = unusable});
        return {};
    }
    if (settings.model != 2)
        return unsupported("a SentencePiece model of words or characters", "Unigram and BPE models are read");
    parts.kind = "BPE";
    // What text never becomes must not come out of a merge either: its score is lost by leaving the piece out.
    parts.model = make_scored_bpe(
        parts.vocabulary, std::move(narrow),
        {.unknown = *unknown, .fuse_unknown = true, .byte_fallback = settings.byte_fallback});
    return {};
}

}  // namespace

Result<Tokenizer> Tokenizer::from_sentencepiece(std::string_view bytes) {
    Settings settings;
    std::vector<Piece> pieces;
    for (Message message(bytes); message.more();) {
        const Field field = BARTIZAN_TRY(message.next());
        if (field.number == 1) pieces.push_back(BARTIZAN_TRY_WITHIN(piece_of(field.bytes), "piece " + std::to_string(pieces.size())));
        if (field.number == 2) BARTIZAN_TRY(read_trainer(field.bytes, settings));
        if (field.number == 3) BARTIZAN_TRY(read_normalizer(field.bytes, settings));
        if (pieces.size() > kMostPieces) return exhausted("too many pieces");
    }
    auto parts = std::make_shared<Parts>();
    BARTIZAN_TRY(take_pieces(pieces, settings, *parts));
    parts->normalizers = {BARTIZAN_TRY(compiled_table(settings.table)),
                          sentencepiece_blanks(settings.remove_extra, settings.add_prefix, settings.escape)};
    parts->decoders = {decode_byte_tokens(), decode_metaspace("\u2581", settings.add_prefix)};
    if (settings.padding < pieces.size()) parts->padding = static_cast<std::int64_t>(settings.padding);
    return Tokenizer(std::move(parts));
}

}  // namespace bartizan::text
