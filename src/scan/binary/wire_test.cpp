#include "scan/binary/wire.h"

#include <gtest/gtest.h>

#include "scan/binary/msgpack.h"
#include "scan/judges.h"

namespace bartizan::scan {
namespace {

using namespace std::string_literals;

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text.data(), text.size())); }

TEST(ScanWire, ReadsTheExamplesOfTheSpecification) {
    // protobuf.dev, "Encoding": test1.a = 150; test2.b = "testing"; then the two fixed widths.
    const std::string message = "\x08\x96\x01\x12\x07testing\x1d\1\0\0\0\x21\1\0\0\0\0\0\0\0"s;
    WireReader reader(bytes_of(message));
    WireField field;
    ASSERT_TRUE(reader.next(field));
    EXPECT_EQ(field.number, 1U);
    EXPECT_EQ(field.value, 150U);
    ASSERT_TRUE(reader.next(field));
    EXPECT_EQ(field.text(), "testing");
    ASSERT_TRUE(reader.next(field));
    EXPECT_EQ(field.type, WireType::fixed32);
    ASSERT_TRUE(reader.next(field));
    EXPECT_EQ(field.type, WireType::fixed64);
    EXPECT_FALSE(reader.next(field));
    EXPECT_FALSE(reader.faulty());
}

TEST(ScanWire, WhatBreaksOffIsGivenAsFarAsItGoesAndIsAFault) {
    const std::string cut = "\x12\x7ftesti"s;
    WireReader reader(bytes_of(cut));
    WireField field;
    ASSERT_TRUE(reader.next(field));
    EXPECT_EQ(field.text(), "testi");
    EXPECT_FALSE(reader.next(field));
    EXPECT_TRUE(reader.faulty());
    for (const std::string& bad :
         {"\x08"s, "\x08\xff\xff"s, "\x0b"s, "\x00\x01"s, "\x1d\1"s, std::string(12, '\xff')}) {
        WireReader other(bytes_of(bad));
        while (other.next(field)) {
        }
        EXPECT_TRUE(other.faulty());
    }
}

TEST(ScanMsgpack, WalksEveryKindOfItemToTheEnd) {
    const std::string document = "\x86\xa1"s + "a\x93\x01\xff\xc3\xa1"s + "b\xcb\0\0\0\0\0\0\0\0\xa1"s +
                                 "c\xc4\x02xy\xa1"s + "d\xd9\x01z\xa1"s + "e\xd6\x01\x31\x32\x33\x34\xa1"s +
                                 "f\xdc\0\x01\xc0"s;
    FileResult result;
    Budget budget;
    Context context{result, budget};
    EXPECT_TRUE(looks_like_msgpack(bytes_of(document)));
    const MsgpackEnd end = walk_msgpack(bytes_of(document), context);
    EXPECT_FALSE(end.fault);
    EXPECT_EQ(end.at, document.size());
    for (std::size_t size = 1; size < document.size(); ++size)
        EXPECT_TRUE(walk_msgpack(bytes_of(document).first(size), context).fault) << size;
}

}  // namespace
}  // namespace bartizan::scan
