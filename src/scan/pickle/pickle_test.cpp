#include "scan/pickle/pickle.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "crypto/base64.h"
#include "scan/pickle/assembler_testing.h"
#include "scan/rules.h"

namespace bartizan::scan::pickle {
namespace {

std::string payload() { return p4().call("os", "system", "id").stop(); }

std::string deflated(const std::string& bytes) {
    std::string out(compressBound(bytes.size()), '\0');
    uLongf size = out.size();
    compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    out.resize(size);
    return out;
}

#define EXPECT_MALICIOUS(stream, shown)                                               \
    do {                                                                              \
        const FileResult result = judge(stream);                                      \
        EXPECT_EQ(result.verdict, Verdict::malicious) << details(result);             \
        EXPECT_NE(details(result).find(shown), std::string::npos) << details(result); \
    } while (false)

TEST(Pickle, PlainDataIsClean) {
    const std::string stream =
        p4().raw("}\x94(").text("a").integer(1).text("b").raw("]\x94(K\1K\2K\3e").raw("u").stop();
    const FileResult result = judge(stream);
    EXPECT_EQ(result.verdict, Verdict::clean) << details(result);
    EXPECT_TRUE(result.issues.empty());
    EXPECT_TRUE(result.complete);
}

TEST(Pickle, ShowsTheCommandThatWouldRun) {
    EXPECT_MALICIOUS(payload(), "os.system('id')");
    EXPECT_EQ(judge(payload()).issues.size(), 1U);
}

TEST(Pickle, FollowsEveryOpcodeThatCalls) {
    EXPECT_MALICIOUS(Assembler().raw("(S'id'\nios\nsystem\n").stop(), "os.system('id')");
    EXPECT_MALICIOUS(Assembler().raw("(").old_global("posix", "system").raw("S'id'\no0N").stop(), "posix.system('id')");
    EXPECT_MALICIOUS(p4().global("subprocess", "Popen").text("id").tuple1().newobj().stop(), "subprocess.Popen('id')");
    EXPECT_MALICIOUS(p4().global("subprocess", "Popen").text("id").tuple1().dict().raw("\x92").stop(),
                     "subprocess.Popen('id')");
    EXPECT_MALICIOUS(Assembler().old_global("nt", "system").raw("(S'id'\ntR").stop(), "nt.system('id')");
}

TEST(Pickle, AReferenceWithoutACallIsSeen) {
    EXPECT_MALICIOUS(p4().global("os", "system").stop(), "os.system");
    EXPECT_MALICIOUS(p4().global("idlelib.idle", "x").pop().raw("N").stop(), "idlelib.idle");
}

TEST(Pickle, NamesThroughTheMemoAreTheOnesLoaded) {
    // PUT numbers by its argument, MEMOIZE by the count of entries: slot 1 is overwritten by the second MEMOIZE.
    const std::string stream = p4().text("math")
                                   .raw("q")
                                   .byte(1)
                                   .text("os")
                                   .memoize()
                                   .text("os")
                                   .memoize()
                                   .raw("000")
                                   .get(1)
                                   .text("system")
                                   .raw("\x93")
                                   .text("id")
                                   .tuple1()
                                   .reduce()
                                   .stop();
    EXPECT_MALICIOUS(stream, "os.system('id')");
}

TEST(Pickle, NamesInLinesAreUnescaped) {
    EXPECT_MALICIOUS(Assembler().raw("S'o\\x73'\nS'\\163ystem'\n\x93S'id'\n\x85R").stop(), "os.system('id')");
    EXPECT_MALICIOUS(Assembler().raw("V\\u006fs\nVsystem\n\x93Vid\n\x85R").stop(), "os.system('id')");
}

TEST(Pickle, WhatRanBeforeABreakCounts) {
    for (const std::string_view ending : {"", "\xff", "0000", "h\x77", "X\xff\xff\xff\x7f", "\x80\x09", "t"}) {
        const FileResult result = judge(p4().call("os", "system", "id").raw(ending).unfinished());
        EXPECT_EQ(result.verdict, Verdict::malicious) << ending;
        EXPECT_FALSE(result.complete) << ending;
    }
    EXPECT_EQ(verdict(p4().text("harmless").unfinished()), Verdict::incomplete);
}

TEST(Pickle, ProtocolNumbersHideNothing) {
    const std::string body = payload().substr(2);
    for (const int protocol : {0, 1, 2, 3, 5, 9}) {
        const std::string stream = Assembler().proto(protocol).raw(body).unfinished();
        EXPECT_EQ(verdict(stream), Verdict::malicious) << protocol;
        EXPECT_TRUE(looks_like_pickle(std::as_bytes(std::span(stream)))) << protocol;
    }
    EXPECT_EQ(verdict(p4().proto(4).proto(2).raw(body).unfinished()), Verdict::malicious);
    EXPECT_EQ(verdict(Assembler().proto(9).raw("N").stop()), Verdict::incomplete);
}

TEST(Pickle, EveryPickleBehindAnotherIsJudged) {
    const std::string benign = p4().text("weights").stop();
    EXPECT_EQ(verdict(benign + benign), Verdict::clean);
    EXPECT_EQ(verdict(benign + payload()), Verdict::malicious);
    std::string seventh;
    for (int i = 0; i < 6; ++i) seventh += benign;
    EXPECT_EQ(verdict(seventh + payload()), Verdict::malicious);
}

TEST(Pickle, PayloadsBehindOtherBytesAreFound) {
    const std::string benign = p4().text("weights").stop();
    for (const std::size_t gap : {1U, 100U, 70'000U, 3'000'000U})
        for (const char filler : {'\0', '\xe6', '\xff', 'A'}) {
            const std::string padding(gap, filler);
            EXPECT_EQ(verdict(benign + padding + payload()), Verdict::malicious) << gap;
            EXPECT_EQ(verdict(benign + padding + Assembler().old_global("os", "system").raw("(S'id'\ntR").stop()),
                      Verdict::malicious)
                << gap;
            EXPECT_EQ(verdict(benign + padding + Assembler().call("os", "system", "id").stop()), Verdict::malicious);
        }
    EXPECT_EQ(verdict(benign + std::string(512, '\0')), Verdict::clean) << "padding is no finding";
    EXPECT_EQ(verdict(benign + "some other data"), Verdict::unproven);
    EXPECT_EQ(verdict(benign + "raw storage bytes", {.torch = true}), Verdict::clean);
}

TEST(Pickle, PayloadsInStringsAreFound) {
    const auto inside = [](const std::string& text) { return p4().text(text).stop(); };
    EXPECT_MALICIOUS(p4().bytes(payload()).stop(), "os.system('id')");
    EXPECT_MALICIOUS(inside(crypto::to_base64(payload())), "os.system('id')");
    EXPECT_MALICIOUS(p4().bytes(deflated(payload())).stop(), "os.system('id')");
    EXPECT_MALICIOUS(inside(crypto::to_base64(deflated(payload()))), "os.system('id')");
    EXPECT_MALICIOUS(p4().bytes(p4().bytes(payload()).stop()).stop(), "os.system('id')");
    EXPECT_MALICIOUS(inside(crypto::to_base64("cos\nsystem\n(S'id'\ntR.")), "os.system('id')");
    std::string hexadecimal;
    for (const char c : payload()) {
        hexadecimal += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
        hexadecimal += "0123456789abcdef"[c & 15];
    }
    EXPECT_MALICIOUS(inside(hexadecimal), "os.system('id')");
}

TEST(Pickle, WordsOfDangerInDataAreNoFinding) {
    const std::string stream =
        p4().raw("]\x94(").text("eval").text("os.system").text("exec(").text("rm -rf /").raw("e").stop();
    EXPECT_EQ(verdict(stream), Verdict::clean);
}

TEST(Pickle, AStraddlingFrameIsReadInBothWays) {
    // Linear: a string that swallows the payload. The reader of files drops what is left of the frame and finds the
    // line's end behind it, so that the payload runs.
    const std::string hidden = Assembler().call("os", "system", "id").unfinished();
    const std::string frame = "NVaaaa";
    const std::string stream =
        Assembler().proto(4).raw("\x95").number(frame.size(), 8).raw(frame + "\n" + hidden).stop();
    const FileResult straddling = judge(stream);
    EXPECT_NE(details(straddling).find(rule::kTwoReadings), std::string::npos);
    EXPECT_EQ(straddling.verdict, Verdict::malicious);
    // A length that is read from behind the frame is another length.
    const std::string argument = Assembler().raw("T").raw(std::string(2, '\0')).unfinished();
    const std::string two = Assembler()
                                .proto(4)
                                .raw("\x95")
                                .number(argument.size(), 8)
                                .raw(argument)
                                .raw(std::string(4, '\0'))
                                .raw("0")
                                .raw(hidden)
                                .stop();
    EXPECT_EQ(verdict(two), Verdict::malicious);
    const std::string whole = Assembler().proto(4).raw("\x95").number(3, 8).raw("NN.").unfinished();
    EXPECT_EQ(verdict(whole), Verdict::clean);
}

TEST(Pickle, ABombOfReferencesIsCheapToJudge) {
    Assembler bomb;
    bomb.proto(4).raw("]\x94");
    for (int level = 0; level < 30; ++level) {
        bomb.raw("(");
        for (int i = 0; i < 6; ++i) bomb.get(level);
        bomb.raw("l\x94");
    }
    const FileResult result = judge(bomb.stop(), {}, {.steps = 1'000});
    EXPECT_EQ(result.verdict, Verdict::malicious);
    EXPECT_NE(details(result).find(rule::kExhausts), std::string::npos);
}

TEST(Pickle, StaysWithinItsBudget) {
    const std::string many = p4().raw(std::string(100'000, 'N')).stop();
    EXPECT_EQ(judge(many, {}, {.steps = 1'000}).verdict, Verdict::incomplete);
    EXPECT_EQ(judge(many).verdict, Verdict::clean);
    const std::string deep = Assembler().raw(std::string(200'000, '(')).stop();
    EXPECT_EQ(verdict(deep), Verdict::incomplete);
    EXPECT_EQ(verdict(Assembler().raw("\x8b\xff\xff\xff\x7f").stop()), Verdict::incomplete);
    EXPECT_EQ(verdict(p4().raw("Nr\xff\xff\xff\x7f").stop()), Verdict::unproven) << "an absurd memo index";
    // With no room for nodes the calls are judged all the same.
    EXPECT_EQ(judge(payload(), {}, {.memory = 0}).verdict, Verdict::malicious);
    std::string nested = payload();
    for (int i = 0; i < 12; ++i) nested = p4().bytes(nested).stop();
    EXPECT_NE(verdict(nested), Verdict::clean);
}

TEST(Pickle, TellsPicklesFromOtherBytes) {
    const auto looks = [](std::string_view text) {
        return looks_like_pickle(std::as_bytes(std::span(text.data(), text.size())));
    };
    EXPECT_TRUE(looks(payload()));
    EXPECT_TRUE(looks("cos\nsystem\n(S'id'\ntR."));
    EXPECT_TRUE(looks("cos\nsystem\n(S'id'\ntR\xff")) << "it runs before it breaks";
    EXPECT_TRUE(looks("(lp0\nI1\naI2\na."));
    EXPECT_TRUE(looks("N."));
    for (const std::string_view other :
         {"", "N.B. a text", "class Foo:\n    pass\n", "import os\nos.system('id')\n", "0.5,0.25\n", "{\"a\": 1}",
          "cmod\n\xf8\n", "config\nvalue\nother\n", "PK\3\4\n", "\x89PNG\r\n\x1a\n"})
        EXPECT_FALSE(looks(other)) << other;
}

TEST(Pickle, ExplainsWhatLoadingWouldDo) {
    const FileResult result = judge(payload(), {}, {}, true);
    ASSERT_EQ(result.program.size(), 3U);
    EXPECT_EQ(result.program[0], "import os.system");
    EXPECT_NE(result.program[1].find("= os.system('id')"), std::string::npos);
    EXPECT_NE(result.program[2].find("return v"), std::string::npos);
}

}  // namespace
}  // namespace bartizan::scan::pickle
