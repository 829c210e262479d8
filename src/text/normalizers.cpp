#include <algorithm>
#include <cstring>
#include <memory>

#include "text/steps.h"
#include "text/unicode.h"

namespace bartizan::text {
namespace {

bool is_chinese(char32_t c) {
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x20000 && c <= 0x2a6df) ||
           (c >= 0x2a700 && c <= 0x2ceaf) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

std::u32string without_marks(const std::u32string& codes) {
    std::u32string out;
    for (const char32_t code : normal_form(codes, Form::nfd))
        if (!is_nonspacing_mark(code)) out.push_back(code);
    return out;
}

constexpr char32_t kBlank = U' ', kMark = 0x2581;

/// A double array (Aoe 1989) in the layout of Darts-clone: each unit holds offset, label, a leaf bit.
class DoubleArray {
public:
    DoubleArray(std::string_view units, std::string texts) : texts_(std::move(texts)) {
        units_.resize(units.size() / 4);
        std::memcpy(units_.data(), units.data(), units_.size() * 4);
    }

    /// Appends what the longest key at the start of `bytes` stands for; its length, 0: there is none.
    std::size_t take(std::string_view bytes, std::string& out) const {
        std::size_t position = offset(units_.empty() ? 0 : units_[0]), length = 0, value = 0;
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            const auto byte = static_cast<unsigned char>(bytes[i]);
            position ^= byte;
            if (position >= units_.size()) break;
            const std::uint32_t unit = units_[position];
            if ((unit & 0x800000ffU) != byte) break;
            position ^= offset(unit);
            if (position >= units_.size()) break;
            if (((unit >> 8U) & 1U) == 0) continue;
            value = units_[position] & 0x7fffffffU;
            length = i + 1;
        }
        if (length > 0 && value < texts_.size()) {
            const std::size_t end = std::min(texts_.find('\0', value), texts_.size());
            out.append(texts_, value, end - value);
        }
        return length;
    }

private:
    static std::size_t offset(std::uint32_t unit) { return (unit >> 10U) << ((unit & 0x200U) >> 6U); }
    std::vector<std::uint32_t> units_;
    std::string texts_;
};

}  // namespace

Normalize bert_normalizer(BertOptions options) {
    return [options](std::u32string codes) {
        std::u32string out;
        for (const char32_t code : codes) {
            const bool plain_space = code == U'\t' || code == U'\n' || code == U'\r';
            if (options.clean && (code == 0 || code == 0xfffd || (is_other(code) && !plain_space))) continue;
            const char32_t kept = options.clean && is_space(code) ? kBlank : code;
            if (options.space_chinese && is_chinese(kept)) {
                out.push_back(kBlank);
                out.push_back(kept);
                out.push_back(kBlank);
            } else {
                out.push_back(kept);
            }
        }
        if (options.strip_accents) out = without_marks(out);
        return options.lower ? lower_case(out) : out;
    };
}

Normalize strip_accents() {
    return [](const std::u32string& codes) {
        std::u32string out;
        for (const char32_t code : codes)
            if (!is_mark(code)) out.push_back(code);
        return out;
    };
}

Normalize replace(std::u32string pattern, std::u32string content) {
    return [pattern = std::move(pattern), content = std::move(content)](const std::u32string& codes) {
        if (pattern.empty()) return codes;
        std::u32string out;
        std::size_t at = 0;
        for (std::size_t found; (found = codes.find(pattern, at)) != std::u32string::npos; at = found + pattern.size()) {
            out.append(codes, at, found - at);
            out += content;
            if (out.size() > kMostTextBytes) return codes;
        }
        return out.append(codes, at, std::u32string::npos);
    };
}

Normalize squeeze_blanks(std::u32string content) {
    return [content = std::move(content)](const std::u32string& codes) {
        std::u32string out;
        for (std::size_t at = 0; at < codes.size();) {
            std::size_t end = at;
            while (end < codes.size() && codes[end] == kBlank) ++end;
            if (end - at >= 2)
                out += content;
            else
                out.append(codes, at, std::max<std::size_t>(1, end - at));
            at = std::max(end, at + 1);
        }
        return out;
    };
}

Result<Normalize> compiled_table(std::string_view bytes) {
    if (bytes.empty()) return Normalize([](std::u32string codes) { return codes; });
    std::uint32_t size = 0;
    if (bytes.size() > sizeof size) std::memcpy(&size, bytes.data(), sizeof size);
    if (bytes.size() <= sizeof size || size == 0 || size % 4 != 0 || size > bytes.size() - sizeof size)
        return invalid_input("the compiled table of the normaliser is broken");
    const auto table = std::make_shared<const DoubleArray>(bytes.substr(sizeof size, size),
                                                           std::string(bytes.substr(sizeof size + size)));
    return Normalize([table](const std::u32string& codes) {
        const std::string text = encode_utf8(codes);
        std::string out;
        for (std::size_t at = 0; at < text.size() && out.size() < kMostTextBytes;) {
            std::size_t length = table->take(std::string_view(text).substr(at), out);
            if (length == 0) {
                length = 1;
                while (at + length < text.size() && (static_cast<unsigned char>(text[at + length]) & 0xc0U) == 0x80U)
                    ++length;
                out.append(text, at, length);
            }
            at += length;
        }
        const auto decoded = decode_utf8(out);
        return decoded.ok() ? *decoded : codes;  // a table that makes broken text is not applied
    });
}

Normalize sentencepiece_blanks(bool remove_extra, bool add_prefix, bool escape) {
    return [=](const std::u32string& codes) {
        std::u32string out;
        for (const char32_t code : codes) {
            if (remove_extra && code == kBlank && (out.empty() || out.back() == kBlank)) continue;
            out.push_back(code);
        }
        if (remove_extra && !out.empty() && out.back() == kBlank) out.pop_back();
        if (add_prefix && !out.empty()) out.insert(out.begin(), kBlank);
        if (escape) std::ranges::replace(out, kBlank, kMark);
        return out;
    };
}

}  // namespace bartizan::text
