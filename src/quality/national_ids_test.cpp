#include "quality/national_ids.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "quality/personal_data.h"

namespace bartizan::quality {
namespace {

std::string found(std::string_view text, std::string_view beside = {}) {
    std::string out;
    for (const Sighting& sighting : find_personal_data(text, beside))
        out += (out.empty() ? "" : ", ") + std::string(sighting.what.empty() ? sighting.kind : sighting.what);
    return out;
}

// Numbers that the issuing bodies, Wikipedia's articles on them or their standards print as valid examples.
TEST(NationalIds, ArePublishedExamples) {
    EXPECT_EQ(found("943 476 5919"), "NHS number (GB)");
    EXPECT_EQ(found("AB 12 34 56 C"), "national insurance number (GB)");
    EXPECT_EQ(found("AB123456C"), "national insurance number (GB)");
    EXPECT_EQ(found("2 95 10 99 126 111 93"), "social security number (FR)");
    EXPECT_EQ(found("295109912611193"), "social security number (FR)");
    EXPECT_EQ(found("36 574 261 809"), "tax number (DE)");
    EXPECT_EQ(found("Steuer-ID: 86095742719"), "tax number (DE)");
    EXPECT_EQ(found("12345678Z"), "DNI (ES)");
    EXPECT_EQ(found("54362315-K"), "DNI (ES)");
    EXPECT_EQ(found("X1234567L"), "NIE (ES)");
    EXPECT_EQ(found("RSSMRA85T10A562S"), "codice fiscale (IT)");
    EXPECT_EQ(found("MRTMTT25D09F205Z"), "codice fiscale (IT)");
    EXPECT_EQ(found("BSN 111222333"), "citizen service number (NL)");
    EXPECT_EQ(found("1112.22.333"), "citizen service number (NL)");
    EXPECT_EQ(found("PESEL: 44051401359"), "PESEL (PL)");
    EXPECT_EQ(found("2341 2341 2346"), "Aadhaar (IN)");
    EXPECT_EQ(found("390.533.447-05"), "tax number (BR)");
    EXPECT_EQ(found("123-456-782"), "social insurance number (CA)");
    EXPECT_EQ(found("811218-9876"), "personal number (SE)");
    EXPECT_EQ(found("11010519491231002X"), "resident identity number (CN)");
    EXPECT_EQ(found("078-05-1120"), "social security number (US)");
    EXPECT_EQ(found("219099999", "ssn"), "social security number (US)");
    EXPECT_TRUE(verhoeff_holds("2363"));
}

TEST(NationalIds, AreNotThoseWithAnotherLastCharacter) {
    for (const char* text : {"2 95 10 99 126 111 94", "36 574 261 808", "12345678A", "X1234567M", "RSSMRA85T10A562T",
                             "BSN 111222334", "PESEL: 44051401358", "2341 2341 2347", "390.533.447-06", "123-456-783",
                             "811218-9877", "110105194912310021", "078-00-1120", "BG123456C", "AB123456E", "DA123456C"})
        EXPECT_EQ(found(text), "") << text;
    EXPECT_EQ(found("943 476 5918"), "phone") << "which has the same form";
    EXPECT_FALSE(verhoeff_holds("2364"));
    EXPECT_FALSE(verhoeff_holds("236x"));
}

TEST(NationalIds, OfBareDigitsNeedAWordThatNamesThem) {
    EXPECT_EQ(found("44051401359"), "");
    EXPECT_EQ(found("111222333"), "");
    EXPECT_EQ(found("44051401359", "pesel"), "PESEL (PL)");
    EXPECT_EQ(found("123456782", "price"), "");
    EXPECT_EQ(found("his sin is 123456782"), "social insurance number (CA)");
    EXPECT_EQ(found("since 123456782"), "") << "a part of a word names nothing";
}

TEST(NationalIds, AreNotPartsOfLongerNumbers) {
    for (const char* text : {"9 123-456-782", "123-456-782-1", "1,123 456 782", "x12345678Z", "12345678Zx"})
        EXPECT_EQ(found(text), "") << text;
    EXPECT_EQ(found("(123-456-782), then"), "social insurance number (CA)");
    EXPECT_EQ(found("4111 1111 1111 1111"), "payment_card");
    EXPECT_EQ(found("212-555-0123"), "phone");
}

/// What the catalogue says of the false alarms of each form is what random strings of the form show.
TEST(NationalIds, HoldByChanceAsOftenAsStated) {
    constexpr int kDrawn = 200'000;
    for (const IdRule& rule : id_rules()) {
        Random random(5, 0);
        int held = 0;
        for (int i = 0; i < kDrawn; ++i) {
            std::string compact;
            for (const char c : rule.pattern) {
                if (c == '0') compact += static_cast<char>('0' + random.below(10));
                if (c == 'A') compact += static_cast<char>('A' + random.below(26));
                if (c == 'X') compact += static_cast<char>('0' + random.below(10));
            }
            held += rule.holds(compact) ? 1 : 0;
        }
        const double rate = double(held) / kDrawn;
        EXPECT_NEAR(rate, rule.chance, 0.15 * rule.chance + 4 * std::sqrt(rule.chance / kDrawn)) << rule.name;
    }
}

}  // namespace
}  // namespace bartizan::quality
