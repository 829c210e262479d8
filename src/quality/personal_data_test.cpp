#include "quality/personal_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quality/scratch_testing.h"

namespace bartizan::quality {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> kinds(std::string_view text) {
    std::vector<std::string> out;
    for (const Sighting& sighting : find_personal_data(text)) out.emplace_back(sighting.kind);
    return out;
}

TEST(Luhn, HoldsForTheExampleOfTheStandardAndNoOtherLastDigit) {
    for (char last = '0'; last <= '9'; ++last)
        EXPECT_EQ(luhn_holds(std::string("7992739871") + last), last == '3') << last;
    EXPECT_FALSE(luhn_holds(""));
}

TEST(Iban, HoldsForTheExamplesOfTheRegistry) {
    for (const char* iban : {"GB29NWBK60161331926819", "DE89370400440532013000", "FR1420041010050500013M02606",
                             "NO9386011117947", "MT84MALT011000012345MTLCAST001S"})
        EXPECT_TRUE(iban_holds(iban)) << iban;
    EXPECT_FALSE(iban_holds("GB29NWBK60161331926891"));  // two digits changed places
    EXPECT_FALSE(iban_holds("DE8937040044053201300"));   // one short
    EXPECT_FALSE(iban_holds("ZZ89370400440532013000"));  // no such country
}

TEST(PersonalData, FindsEachKind) {
    EXPECT_THAT(kinds("write to Anna.Smith+x@mail.example.org."), ElementsAre("email"));
    EXPECT_THAT(kinds("4111 1111 1111 1111"), ElementsAre("payment_card"));
    EXPECT_THAT(kinds("378282246310005"), ElementsAre("payment_card"));
    EXPECT_THAT(kinds("to GB29 NWBK 6016 1331 9268 19, please"), ElementsAre("iban"));
    EXPECT_THAT(kinds("+49 30 901820"), ElementsAre("phone"));
    EXPECT_THAT(kinds("(212) 555-0123 or 212-555-0123"), ElementsAre("phone", "phone"));
    EXPECT_THAT(kinds("SSN 078-05-1120"), ElementsAre("national_id"));
    EXPECT_THAT(kinds("AKIAIOSFODNN7EXAMPLE"), ElementsAre("secret"));
    EXPECT_THAT(kinds("-----BEGIN RSA PRIVATE KEY-----"), ElementsAre("secret"));
}

TEST(PersonalData, LeavesOrdinaryTextAndNumbersAlone) {
    for (const char* text :
         {"a @ b", "user@localhost", "4111 1111 1111 1112", "3.141592653589793", "2026-11-23 14:03:27", "000-12-3456",
          "version 1.2.3.4", "skating is fun", "1234567890123456789012345", "sk-", "x4111111111111111y", "", "+1",
          "GB29 NWBK 6016 1331 9268 91", "0000 0000 0000 0000", "10-20-30", "size 212x555"})
        EXPECT_THAT(kinds(text), IsEmpty()) << text;
}

TEST(PersonalData, TellsTheKindAndThePlaceButNeverTheValue) {
    EXPECT_EQ(masked("bob@example.com"), "b***@***");
    EXPECT_EQ(masked("4111111111111111"), "41***11");
    EXPECT_EQ(masked("abc"), "****");
    const auto sightings = find_personal_data("call 212-555-0123 now");
    ASSERT_EQ(sightings.size(), 1U);
    EXPECT_EQ(sightings[0].offset, 5U);
    EXPECT_EQ(sightings[0].length, 12U);
}

TEST(PersonalData, TakesLinearTimeOnHostileText) {
    EXPECT_THAT(kinds(std::string(1 << 20, '9')), IsEmpty());
    EXPECT_THAT(kinds(std::string(1 << 18, '@')), IsEmpty());
    std::string text;
    for (int i = 0; i < (1 << 16); ++i) text += "+1 (";
    (void)kinds(text);
    EXPECT_EQ(kinds("a@" + std::string(1 << 18, '.')).size(), 0U);
}

class PersonalDataOfTables : public Scratch {};

TEST_F(PersonalDataOfTables, AreCountedByColumnWithLongNumbersToo) {
    const Subject table = subject("note,card\nhello,4111111111111111\nbob@example.com,5\nx,5500005555555559\n");
    const auto issues = personal_data_issues(table);
    const Issue* cards = find(issues, "payment_card");
    ASSERT_NE(cards, nullptr);
    EXPECT_THAT(cards->indices, ElementsAre(0, 2));
    EXPECT_EQ(cards->severity, Severity::high);
    ASSERT_EQ(cards->places.size(), 2U);
    EXPECT_EQ(cards->places[0].column, "card");
    EXPECT_THAT(cards->places[0].shown, Not(HasSubstr("1111")));
    EXPECT_THAT(find(issues, "email")->indices, ElementsAre(1));
}

}  // namespace
}  // namespace bartizan::quality
