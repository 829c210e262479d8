#pragma once
/// What the tests of `formats` and `data` share: the fixture files, and ways to damage them.

#include <functional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/file.h"
#include "core/random.h"
#include "formats/bytes.h"

namespace bartizan::formats {

inline std::string fixture_path(std::string_view name) {
    return std::string(BARTIZAN_SOURCE_DIR "/tests/fixtures/formats/") + std::string(name);
}

inline std::string fixture(std::string_view name) {
    auto content = read_file(fixture_path(name), 1 << 20);
    EXPECT_TRUE(content.ok()) << name;
    return content.ok() ? *content : std::string();
}

inline Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

/// Says whether a parser took the bytes. Whatever it says, it must come back.
using Accepts = std::function<bool(Bytes)>;

/// Every beginning of `content`, each in memory of its own so that a read past its end is seen, is refused.
inline void expect_refuses_every_beginning(const std::string& content, const Accepts& accepts) {
    for (std::size_t length = 0; length < content.size(); ++length) {
        const std::vector<char> cut(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_FALSE(accepts(std::as_bytes(std::span(cut)))) << "cut to " << length << " bytes";
    }
}

/// Each byte in turn replaced by four others: the parser may take the result or refuse it.
inline void expect_survives_damage(const std::string& content, const Accepts& accepts) {
    Random random(7, content.size());
    for (std::size_t at = 0; at < content.size(); ++at)
        for (const unsigned flip : {0x01U, 0x80U, 0xffU, 1 + static_cast<unsigned>(random.below(255))}) {
            std::vector<char> damaged(content.begin(), content.end());
            damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ flip);
            (void)accepts(std::as_bytes(std::span(damaged)));
        }
}

}  // namespace bartizan::formats
