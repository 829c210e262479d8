#include "formats/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/fixtures_testing.h"

namespace bartizan::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<NpyContent> parse(const std::string& content) {
    const auto owner = std::make_shared<const std::string>(content);
    return parse_npy(as_bytes(*owner), owner);
}

Result<NdArray> numbers_of(const std::string& content) {
    const auto owner = std::make_shared<const std::string>(content);
    return parse_npy_array(as_bytes(*owner), owner);
}

/// A .npy file of version 1 whose header is `header`.
std::string with_header(const std::string& header, const std::string& data = {}) {
    std::string out("\x93NUMPY\x01\x00", 8);
    out += static_cast<char>(header.size() & 0xff);
    out += static_cast<char>(header.size() >> 8);
    return out + header + data;
}

template <class T>
void expect_counts(const NdArray& array, const std::string& name) {
    ASSERT_EQ(array.dtype(), dtype_of<T>()) << name;
    EXPECT_EQ(array.shape(), (Shape{2, 3, 4})) << name;
    for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(array.values<T>()[i], static_cast<T>(i)) << name << " at " << i;
}

template <class T>
void expect_reads_counts(const std::string& code) {
    for (const char* variant : {"", "_big"}) {
        if (sizeof(T) == 1 && *variant != '\0') continue;
        const std::string name = "count_" + code + variant + ".npy";
        const auto array = numbers_of(fixture(name));
        ASSERT_TRUE(array.ok()) << name << ": " << array.error().line();
        expect_counts<T>(*array, name);
    }
}

TEST(Npy, ReadsEveryNumberTypeThatNumpyWroteInBothByteOrders) {
    expect_reads_counts<std::uint8_t>("u1");
    expect_reads_counts<std::int8_t>("i1");
    expect_reads_counts<std::uint16_t>("u2");
    expect_reads_counts<std::int16_t>("i2");
    expect_reads_counts<std::uint32_t>("u4");
    expect_reads_counts<std::int32_t>("i4");
    expect_reads_counts<std::uint64_t>("u8");
    expect_reads_counts<std::int64_t>("i8");
    expect_reads_counts<float>("f4");
    expect_reads_counts<double>("f8");
}

TEST(Npy, ReadsHalfPrecisionAsItsBits) {
    for (const char* name : {"count_f2.npy", "count_f2_big.npy"}) {
        const auto array = numbers_of(fixture(name));
        ASSERT_TRUE(array.ok()) << array.error().line();
        EXPECT_EQ(array->dtype(), DType::f16);
        EXPECT_EQ(read_number<std::uint16_t>(array->bytes(), 2), 0x3c00);       // 1.0
        EXPECT_EQ(read_number<std::uint16_t>(array->bytes(), 23 * 2), 0x4dc0);  // 23.0
    }
}

TEST(Npy, ReadsBoolsAndRefusesOtherBytes) {
    std::string content = fixture("count_b1.npy");
    const auto array = numbers_of(content);
    ASSERT_TRUE(array.ok());
    EXPECT_EQ(array->dtype(), DType::boolean);
    EXPECT_FALSE(array->values<bool>()[0]);
    EXPECT_TRUE(array->values<bool>()[23]);
    content.back() = 2;
    EXPECT_FALSE(numbers_of(content).ok());
}

TEST(Npy, TurnsFortranOrderRound) {
    const auto floats = numbers_of(fixture("count_f4_fortran.npy"));
    ASSERT_TRUE(floats.ok());
    expect_counts<float>(*floats, "f4 fortran");
    const auto shorts = numbers_of(fixture("count_i2_big_fortran.npy"));
    ASSERT_TRUE(shorts.ok());
    expect_counts<std::int16_t>(*shorts, "i2 big fortran");
}

TEST(Npy, ReadsVersionsTwoAndThree) {
    for (const char* name : {"count_f4_v2.npy", "count_f4_v3.npy"}) {
        const auto array = numbers_of(fixture(name));
        ASSERT_TRUE(array.ok()) << name;
        expect_counts<float>(*array, name);
    }
}

TEST(Npy, ReadsScalarsAndEmptyArrays) {
    const auto scalar = numbers_of(fixture("scalar_f8.npy"));
    ASSERT_TRUE(scalar.ok());
    EXPECT_EQ(scalar->rank(), 0);
    EXPECT_EQ(scalar->values<double>()[0], 2.5);
    const auto empty = numbers_of(fixture("empty_f4.npy"));
    ASSERT_TRUE(empty.ok());
    EXPECT_EQ(empty->shape(), (Shape{0, 3}));
}

TEST(Npy, ReadsTextAsUtf8) {
    const auto text = [](const char* name) {
        const auto content = parse(fixture(name));
        EXPECT_TRUE(content.ok()) << name;
        return std::get<TextArray>(*content).values;
    };
    EXPECT_THAT(text("text_u.npy"), ElementsAre("cat", "großer Hund", "鳥", "🐟"));
    EXPECT_THAT(text("text_u_big.npy"), ElementsAre("cat", "鳥"));
    EXPECT_THAT(text("text_s.npy"), ElementsAre("cat", "horse"));
}

TEST(Npy, IsAViewOfTheBytesWhenNothingNeedsConverting) {
    const auto owner = std::make_shared<const std::string>(fixture("count_u1.npy"));
    const auto array = parse_npy_array(as_bytes(*owner), owner);
    ASSERT_TRUE(array.ok());
    EXPECT_EQ(reinterpret_cast<const char*>(array->bytes().data()), owner->data() + owner->size() - 24);
}

TEST(Npy, RefusesPickledObjectsWithoutLoadingThem) {
    const auto content = parse(fixture("object.npy"));
    ASSERT_FALSE(content.ok());
    EXPECT_EQ(content.error().code(), Errc::unsupported);
    EXPECT_THAT(content.error().line(), HasSubstr("pickled"));
}

TEST(Npy, RefusesRecordsAndComplexNumbers) {
    EXPECT_EQ(parse(fixture("record.npy")).error().code(), Errc::unsupported);
    EXPECT_EQ(parse(fixture("complex.npy")).error().code(), Errc::unsupported);
}

TEST(Npy, RefusesHeadersThatAreNoPlainDict) {
    for (const char* header :
         {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': [1]}",
          "{'descr': '', 'fortran_order': False, 'shape': ()}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 'x'}", "__import__('os').system('true')"}) {
        const auto content = parse(with_header(header, std::string(4, '\0')));
        ASSERT_FALSE(content.ok()) << header;
        EXPECT_EQ(content.error().code(), Errc::invalid_input) << header;
    }
}

TEST(Npy, RefusesShapesThatAskForMoreThanIsThere) {
    for (const char* shape : {"(4611686018427387904, 4)", "(1099511627776, 1099511627776)", "(7,)", "(5,)"}) {
        const auto content = parse(with_header(
            std::string("{'descr': '<f4', 'fortran_order': True, 'shape': ") + shape + "}", std::string(24, '\0')));
        EXPECT_FALSE(content.ok()) << shape;
    }
    const auto cut = parse(with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", "1234"));
    EXPECT_THAT(cut.error().line(), HasSubstr("needs 24 bytes, found 4"));
}

TEST(Npy, RefusesTextThatIsNotUnicode) {
    EXPECT_FALSE(
        parse(with_header("{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}", "\xff\xff\xff\xff")).ok());
    EXPECT_FALSE(parse(with_header("{'descr': '<U99999', 'fortran_order': False, 'shape': (0,)}")).ok());
}

TEST(Npy, SurvivesCutAndDamagedFiles) {
    const Accepts accepts = [](Bytes bytes) { return parse_npy(bytes, nullptr).ok(); };
    for (const char* name : {"count_i2_big_fortran.npy", "text_u.npy", "count_f4_v3.npy"}) {
        expect_refuses_every_beginning(fixture(name), accepts);
        expect_survives_damage(fixture(name), accepts);
    }
}

TEST(Npy, WritesTheBytesThatNumpyWrites) {
    for (const char* code : {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"}) {
        const std::string numpys = fixture(std::string("count_") + code + ".npy");
        const auto ours = make_npy(*numbers_of(numpys));
        ASSERT_TRUE(ours.ok());
        EXPECT_EQ(numbers_of(*ours)->shape(), (Shape{2, 3, 4})) << code;
        EXPECT_EQ(ours->substr(ours->size() - 24), numpys.substr(numpys.size() - 24)) << code;
        EXPECT_EQ((ours->size() - 24) % 8, 0U) << "the numbers are aligned";
    }
    EXPECT_FALSE(make_npy(*NdArray::zeros(DType::bf16, {1})).ok());
}

TEST(Npy, WritesTextThatItReadsAgain) {
    const std::vector<std::string> names{"cat", "großer Hund", "鳥", "🐟", ""};
    const auto content = parse(make_npy_text(names));
    ASSERT_TRUE(content.ok()) << content.error().line();
    EXPECT_EQ(std::get<TextArray>(*content).values, names);
}

}  // namespace
}  // namespace bartizan::formats
