#include <charconv>

#include "text/steps.h"
#include "text/unicode.h"

namespace bartizan::text {
namespace {

void replace_all(std::string& text, std::string_view pattern, std::string_view content) {
    if (pattern.empty()) return;
    for (std::size_t at = 0; (at = text.find(pattern, at)) != std::string::npos; at += content.size())
        text.replace(at, pattern.size(), content);
}

}  // namespace

Decode decode_bytes() {
    return [](const std::vector<std::string>& pieces) {
        std::string bytes;
        for (const std::string& piece : pieces) {
            const auto codes = decode_utf8(piece);
            if (!codes.ok()) continue;
            for (const char32_t code : *codes) {
                const int byte = byte_of_character(code);
                if (byte >= 0)
                    bytes.push_back(static_cast<char>(static_cast<unsigned char>(byte)));
                else
                    append_utf8(bytes, code);
            }
        }
        return std::vector<std::string>{std::move(bytes)};
    };
}

Decode decode_word_pieces(std::string prefix, bool cleanup) {
    return [prefix = std::move(prefix), cleanup](std::vector<std::string> pieces) {
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            if (i > 0) pieces[i] = pieces[i].starts_with(prefix) ? pieces[i].substr(prefix.size()) : " " + pieces[i];
            if (!cleanup) continue;
            for (const auto& [from, to] : {std::pair{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"},
                                           {" n't", "n't"}, {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"},
                                           {" 've", "'ve"}, {" 're", "'re"}})
                replace_all(pieces[i], from, to);
        }
        return pieces;
    };
}

Decode decode_metaspace(std::string mark, bool drop_first) {
    return [mark = std::move(mark), drop_first](std::vector<std::string> pieces) {
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            if (i == 0 && drop_first && pieces[i].starts_with(mark)) pieces[i].erase(0, mark.size());
            replace_all(pieces[i], mark, " ");
        }
        return pieces;
    };
}

Decode decode_suffix(std::string suffix) {
    return [suffix = std::move(suffix)](std::vector<std::string> pieces) {
        for (std::size_t i = 0; i < pieces.size(); ++i) replace_all(pieces[i], suffix, i + 1 < pieces.size() ? " " : "");
        return pieces;
    };
}

Decode decode_byte_tokens() {
    return [](const std::vector<std::string>& pieces) {
        std::vector<std::string> out;
        bool open = false;
        for (const std::string& piece : pieces) {
            unsigned byte = 0;
            const bool shaped = piece.size() == 6 && piece.starts_with("<0x") && piece.back() == '>' &&
                                std::from_chars(piece.data() + 3, piece.data() + 5, byte, 16).ptr == piece.data() + 5;
            if (!shaped)
                out.push_back(piece);
            else if (open)
                out.back().push_back(static_cast<char>(static_cast<unsigned char>(byte)));
            else
                out.emplace_back(1, static_cast<char>(static_cast<unsigned char>(byte)));
            open = shaped;
        }
        return out;
    };
}

}  // namespace bartizan::text
