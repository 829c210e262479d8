#include <algorithm>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/fixtures_testing.h"
#include "formats/jpeg.h"
#include "formats/npy.h"
#include "formats/png.h"

namespace bartizan::formats {
namespace {

using testing::HasSubstr;

using Decode = Result<NdArray> (*)(Bytes);

/// The pixels of `name` are within `tolerance` of what Pillow decoded.
void expect_pixels(const std::string& name, Decode decode, int tolerance) {
    const std::string content = fixture(name), truth_file = fixture(name + ".pixels.npy");
    const auto truth = parse_npy_array(as_bytes(truth_file), nullptr);
    ASSERT_TRUE(truth.ok()) << name;
    const auto pixels = decode(as_bytes(content));
    ASSERT_TRUE(pixels.ok()) << name << ": " << pixels.error().line();
    ASSERT_EQ(pixels->shape(), truth->shape()) << name;
    for (std::size_t i = 0; i < static_cast<std::size_t>(pixels->size()); ++i)
        ASSERT_LE(std::abs(pixels->values<std::uint8_t>()[i] - truth->values<std::uint8_t>()[i]), tolerance)
            << name << " at " << i;
}

TEST(Png, ReadsWhatPillowReads) {
    for (const char* name :
         {"grey.png", "rgb.png", "rgba.png", "grey_alpha.png", "palette.png", "one_bit.png", "gamma.png", "rgb16.png"})
        expect_pixels(name, decode_png, 0);
}

TEST(Png, WritesWhatItReadsAgain) {
    for (const Shape& shape : {Shape{5, 7, 3}, Shape{5, 7, 1}}) {
        NdArray pixels = *NdArray::zeros(DType::u8, shape);
        for (std::int64_t i = 0; i < pixels.size(); ++i)
            pixels.mutable_values<std::uint8_t>()[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(i * 37);
        const auto png = encode_png(pixels);
        ASSERT_TRUE(png.ok()) << png.error().line();
        const auto again = decode_png(as_bytes(*png));
        ASSERT_TRUE(again.ok()) << again.error().line();
        EXPECT_EQ(again->shape(), shape);
        EXPECT_TRUE(std::ranges::equal(again->bytes(), pixels.bytes()));
    }
    EXPECT_TRUE(encode_png(*NdArray::zeros(DType::u8, {4, 4})).ok());
    EXPECT_TRUE(encode_png(*NdArray::zeros(DType::u8, {4, 4, 4})).ok());
}

TEST(Png, RefusesToWriteWhatIsNoPicture) {
    for (const Shape& shape : {Shape{4}, Shape{4, 4, 2}, Shape{0, 4}, Shape{1, 4, 4, 3}})
        EXPECT_EQ(encode_png(*NdArray::zeros(DType::u8, shape)).error().code(), Errc::invalid_input);
    EXPECT_EQ(encode_png(*NdArray::zeros(DType::f32, {4, 4})).error().code(), Errc::invalid_input);
}

TEST(Png, ChecksDimensionsBeforeItAllocates) {
    const auto pixels = decode_png(as_bytes(fixture("bad_huge.png")));
    ASSERT_FALSE(pixels.ok());
    EXPECT_EQ(pixels.error().code(), Errc::exhausted);
    EXPECT_THAT(pixels.error().line(), HasSubstr("60000 x 60000"));
}

TEST(Png, RefusesCutFilesAndSurvivesDamagedOnes) {
    const Accepts accepts = [](Bytes bytes) { return decode_png(bytes).ok(); };
    for (const char* name : {"rgb.png", "palette.png", "rgb16.png"}) {
        expect_refuses_every_beginning(fixture(name), accepts);
        expect_survives_damage(fixture(name), accepts);
    }
}

TEST(Png, SeesDamagedPixelsByTheirChecksum) {
    std::string content = fixture("rgb.png");
    const std::size_t at = content.find("IDAT") + 20;
    content[at] = static_cast<char>(content[at] ^ 1);
    EXPECT_FALSE(decode_png(as_bytes(content)).ok());
}

TEST(Jpeg, ReadsWhatPillowReads) {
    // Releases of libjpeg round the inverse transform differently.
    for (const char* name : {"grey.jpg", "rgb.jpg", "progressive.jpg"}) expect_pixels(name, decode_jpeg, 2);
}

TEST(Jpeg, ChecksDimensionsBeforeItAllocates) {
    const auto pixels = decode_jpeg(as_bytes(fixture("bad_huge.jpg")));
    ASSERT_FALSE(pixels.ok());
    EXPECT_EQ(pixels.error().code(), Errc::exhausted);
    EXPECT_THAT(pixels.error().line(), HasSubstr("60000 x 60000"));
}

TEST(Jpeg, RefusesPrintersColours) {
    const auto pixels = decode_jpeg(as_bytes(fixture("bad_cmyk.jpg")));
    ASSERT_FALSE(pixels.ok());
    EXPECT_EQ(pixels.error().code(), Errc::unsupported);
    EXPECT_THAT(pixels.error().line(), HasSubstr("4 colour components"));
}

TEST(Jpeg, RefusesCutFilesAndSurvivesDamagedOnes) {
    const Accepts accepts = [](Bytes bytes) { return decode_jpeg(bytes).ok(); };
    for (const char* name : {"tiny.jpg", "progressive.jpg"}) {
        const std::string content = fixture(name);
        // Without its last marker alone, all pixels are there.
        expect_refuses_every_beginning(content.substr(0, content.size() - 2), accepts);
        expect_survives_damage(content, accepts);
    }
}

TEST(Jpeg, RefusesEndlessScans) {
    // The last scan of a progressive picture, over and over.
    std::string content = fixture("progressive.jpg");
    const std::size_t last = content.rfind("\xff\xda");
    const std::string scan = content.substr(last, content.size() - 2 - last);
    for (int i = 0; i < 200; ++i) content.insert(last, scan);
    EXPECT_FALSE(decode_jpeg(as_bytes(content)).ok());
}

TEST(Pictures, AreKnownByTheirFirstBytes) {
    EXPECT_TRUE(is_png(as_bytes(fixture("rgb.png"))));
    EXPECT_TRUE(is_jpeg(as_bytes(fixture("rgb.jpg"))));
    EXPECT_FALSE(is_png(as_bytes("\x89PN")));
    EXPECT_FALSE(is_jpeg(as_bytes("\xff\xd8")));
}

}  // namespace
}  // namespace bartizan::formats
