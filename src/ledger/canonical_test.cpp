/// Against the examples of RFC 8785: section 3.2.2 (numbers, text), section 3.2.3 (order), appendix B (doubles).
#include "ledger/canonical.h"

#include <bit>

#include <gtest/gtest.h>

namespace bartizan::ledger {
namespace {

std::string of(std::string_view text) { return canonical(*parse_json(text)).value_or("refused"); }
std::string of_bits(std::uint64_t bits) { return canonical(Json(std::bit_cast<double>(bits))).value_or("refused"); }

TEST(Canonical, spells_the_example_of_the_rfc) {
    EXPECT_EQ(of(R"({"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                     "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
                     "literals": [null, true, false]})"),
              "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
              "\"string\":\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST(Canonical, sorts_keys_by_their_utf16_code_units) {
    EXPECT_EQ(of(R"({"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7})"),
              "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"\u00f6\":7,\"\u20ac\":1,\"\U0001F600\":5,\"\ufb33\":3}");
    EXPECT_EQ(of(R"({"ab":1,"a":2,"":3,"b":{}, "c":[]})"), R"({"":3,"a":2,"ab":1,"b":{},"c":[]})");
}

TEST(Canonical, prints_doubles_as_appendix_b_does) {
    EXPECT_EQ(of_bits(0x0000000000000000), "0");
    EXPECT_EQ(of_bits(0x8000000000000000), "0");
    EXPECT_EQ(of_bits(0x0000000000000001), "5e-324");
    EXPECT_EQ(of_bits(0x8000000000000001), "-5e-324");
    EXPECT_EQ(of_bits(0x7fefffffffffffff), "1.7976931348623157e+308");
    EXPECT_EQ(of_bits(0x4340000000000000), "9007199254740992");
    EXPECT_EQ(of_bits(0xc340000000000000), "-9007199254740992");
    EXPECT_EQ(of_bits(0x4430000000000000), "295147905179352830000");
    EXPECT_EQ(of_bits(0x44b52d02c7e14af5), "9.999999999999997e+22");
    EXPECT_EQ(of_bits(0x44b52d02c7e14af6), "1e+23");
    EXPECT_EQ(of_bits(0x444b1ae4d6e2ef4f), "999999999999999900000");
    EXPECT_EQ(of_bits(0x444b1ae4d6e2ef50), "1e+21");
    EXPECT_EQ(of_bits(0x3eb0c6f7a0b5ed8c), "9.999999999999997e-7");
    EXPECT_EQ(of_bits(0x3eb0c6f7a0b5ed8d), "0.000001");
    EXPECT_EQ(of_bits(0x41b3de4355555555), "333333333.3333333");
    EXPECT_EQ(of_bits(0xbecbf647612f3696), "-0.0000033333333333333333");
    EXPECT_EQ(of_bits(0x43143ff3c1cb0959), "1424953923781206.2");
}

TEST(Canonical, refuses_what_has_no_canonical_spelling) {
    EXPECT_EQ(of_bits(0x7fffffffffffffff), "refused");
    EXPECT_EQ(of_bits(0x7ff0000000000000), "refused");
    EXPECT_EQ(of("[9007199254740993]"), "refused");
    EXPECT_EQ(of("[-9007199254740993]"), "refused");
    EXPECT_EQ(of("[9007199254740992, -9007199254740992]"), "[9007199254740992,-9007199254740992]");
    EXPECT_FALSE(canonical(Json("\xff")).ok());
    EXPECT_FALSE(canonical(Json{{"\xff", 1}}).ok());
}

}  // namespace
}  // namespace bartizan::ledger
