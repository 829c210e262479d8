#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "data/scratch_testing.h"

namespace bartizan::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<std::int64_t> counts_of(std::span<const std::int64_t> labels, std::size_t classes) {
    std::vector<std::int64_t> counts(classes, 0);
    for (const std::int64_t label : labels) ++counts[static_cast<std::size_t>(label)];
    return counts;
}

using Content = Scratch;

TEST_F(Content, NamesThePlaceOfNumbersThatAreNotFinite) {
    const std::vector<std::int64_t> y{0, 1};
    EXPECT_THAT(refusal(write_xy<float, std::int64_t>({2, 3}, {1, 2, 3, 4, 5, kNaN}, y)),
                HasSubstr("row 1, [2] is NaN"));
    EXPECT_THAT(refusal(write_xy<double, std::int64_t>({2, 1, 2}, {1, kInfinity, 3, 4}, y)),
                HasSubstr("row 0, [0, 1] is infinite"));
    EXPECT_THAT(refusal(write_xy<double, std::int64_t>({2, 1}, {1, 1e300}, y)), HasSubstr("row 1, [0] is infinite"));
}

TEST_F(Content, RefusesLabelsThatAreNoClassNumbers) {
    const std::vector<float> x{1, 2};
    EXPECT_THAT(refusal(write_xy<float, std::int64_t>({2, 1}, x, {0, -1})), HasSubstr("label of row 1 is -1"));
    EXPECT_THAT(refusal(write_xy<float, std::int8_t>({2, 1}, x, {-5, 0})), HasSubstr("label of row 0 is -5"));
    EXPECT_THAT(refusal(write_xy<float, float>({2, 1}, x, {0, 0.5F})), HasSubstr("label of row 1 is 0.5"));
    EXPECT_THAT(refusal(write_xy<float, float>({2, 1}, x, {kNaN, 1})), HasSubstr("label of row 0 is nan"));
    EXPECT_THAT(refusal(write_xy<float, std::uint64_t>({2, 1}, x, {0, ~0ULL})), HasSubstr("18446744073709551615"));
    EXPECT_THAT(refusal(write_xy<float, std::int64_t>({2, 1}, x, {0, 1'000'000})), HasSubstr("0 to 999999"));
    EXPECT_EQ(refusal(write_xy<float, double>({2, 1}, x, {0, 3})), "");
}

TEST_F(Content, RefusesCountsThatDiffer) {
    EXPECT_THAT(refusal(write_xy<float, std::int64_t>({2, 1}, {1, 2}, {0, 1, 0})), HasSubstr("x has 2 rows, y has 3"));
    const NdArray x = *NdArray::zeros(DType::f32, {4, 2}), one_hot = *NdArray::zeros(DType::f32, {4, 3});
    ASSERT_TRUE(formats::write_npz(path("hot.npz"), {{"x", x}, {"y", one_hot}}).ok());
    EXPECT_THAT(refusal(path("hot.npz")), HasSubstr("argmax"));
}

TEST_F(Content, RefusesLabelsBeyondTheNames) {
    const std::string classes = formats::make_npy_text({"cat", "dog"});
    const std::string x = *formats::make_npy(*NdArray::zeros(DType::f32, {2, 1}));
    const std::string y = *formats::make_npy(*NdArray::from<std::int64_t>({2}, std::vector<std::int64_t>{1, 2}));
    const auto zip = formats::make_zip({{"x.npy", x}, {"y.npy", y}, {"classes.npy", classes}});
    EXPECT_THAT(refusal(write("named.npz", *zip)), HasSubstr("label of row 1 is 2, but only 2 classes"));
}

TEST_F(Content, RefusesEmptyData) {
    EXPECT_THAT(refusal(write_xy<float, std::int64_t>({0, 3}, {}, {})), HasSubstr("empty"));
    EXPECT_THAT(refusal(write_xy<float, std::int64_t>({2, 0}, {}, {0, 1})), HasSubstr("empty"));
}

TEST_F(Content, ScalesBytesOfTwoOrMoreDimensionsAlone) {
    std::vector<std::uint8_t> bytes(48, 255);
    const std::vector<std::int64_t> y{0, 1, 0};
    const auto first = [&](const Shape& shape) {
        return read_all(**open(write_xy<std::uint8_t, std::int64_t>(shape, bytes, y)))->x.values<float>()[0];
    };
    EXPECT_EQ(first({3, 4, 4}), 1.0F);
    EXPECT_EQ(first({3, 4, 2, 2}), 1.0F);
    EXPECT_EQ(first({3, 16}), 255.0F) << "a table keeps its numbers";
    const std::vector<std::int32_t> tokens(48, 255);
    EXPECT_EQ(read_all(**open(write_xy<std::int32_t, std::int64_t>({3, 4, 4}, tokens, y)))->x.values<float>()[0],
              255.0F);
}

TEST_F(Content, TellsPicturesFromTables) {
    const auto kind = [&](const Shape& item) {
        Shape shape = item;
        shape.insert(shape.begin(), 1);
        const std::vector<float> x(static_cast<std::size_t>(*element_count(shape)), 0.5F);
        return (*open(write_xy<float, std::int64_t>(shape, x, {0})))->info().kind;
    };
    EXPECT_EQ(kind({28, 28}), Kind::image);
    EXPECT_EQ(kind({3, 32, 32}), Kind::image);
    EXPECT_EQ(kind({32, 32, 3}), Kind::image);
    EXPECT_EQ(kind({32, 32, 1}), Kind::image);
    EXPECT_EQ(kind({30}), Kind::table);
    EXPECT_EQ(kind({7, 32, 32}), Kind::other);
    EXPECT_EQ(kind({1, 784, 1}), Kind::other);
    EXPECT_EQ(kind({2, 3, 8, 8}), Kind::other);
}

TEST_F(Content, TakesTheFirstRowsOrAStratifiedSample) {
    std::vector<float> x(1000);
    std::iota(x.begin(), x.end(), 0.0F);
    std::vector<std::int64_t> y(1000);  // 700 of class 0, 290 of class 1, 10 of class 2
    for (std::size_t i = 0; i < 1000; ++i) y[i] = i < 700 ? 0 : i < 990 ? 1 : 2;
    const std::string set = write_xy<float, std::int64_t>({1000, 1}, x, y);
    const auto limited = open(set, {.limit = 3});
    EXPECT_THAT(read_all(**limited)->x.values<float>(), ElementsAre(0, 1, 2));
    const auto sample = open(set, {.sample = 100, .seed = 5});
    EXPECT_THAT(counts_of((*sample)->labels(), 3), ElementsAre(70, 29, 1));
    const auto batch = read_all(**sample);
    for (std::size_t i = 0; i < 100; ++i) {
        EXPECT_EQ(batch->x.values<float>()[i], static_cast<float>(batch->ids[i]));
        EXPECT_EQ(batch->y[i], y[static_cast<std::size_t>(batch->ids[i])]);
    }
    const auto ids = [&](std::uint64_t seed) { return read_all(**open(set, {.sample = 100, .seed = seed}))->ids; };
    EXPECT_EQ(ids(5), batch->ids);
    EXPECT_NE(ids(6), batch->ids);
    std::vector<std::int64_t> unique = batch->ids;
    std::ranges::sort(unique);
    EXPECT_EQ(std::ranges::adjacent_find(unique), unique.end()) << "no row twice";
    EXPECT_EQ((*open(set, {.limit = 5000, .sample = 5000}))->info().items, 1000);
    EXPECT_EQ((*open(set, {.limit = 500, .sample = 30}))->info().items, 30);
}

TEST_F(Content, GivesEveryClassItsShareByLargestRemainders) {
    const std::vector<float> x(10, 1);
    const std::string set = write_xy<float, std::int64_t>({10, 1}, x, {0, 0, 0, 0, 0, 0, 1, 1, 2, 2});
    // Shares of 7: 4.2, 1.4, 1.4: the remaining row goes to class 1, the first of the largest remainders.
    EXPECT_THAT(counts_of((*open(set, {.sample = 7}))->labels(), 3), ElementsAre(4, 2, 1));
    EXPECT_THAT(counts_of((*open(set, {.sample = 9}))->labels(), 3), ElementsAre(5, 2, 2));
}

TEST_F(Content, RefusesToLeaveNothing) {
    EXPECT_THAT(refusal(fixture("images.npz"), {.limit = 0}), HasSubstr("--limit 0"));
    EXPECT_THAT(refusal(fixture("images.npz"), {.sample = -3}), HasSubstr("--sample -3"));
}

TEST_F(Content, RefusesRowsThatAreNotThere) {
    for (const char* name : {"images.npz", "folder", "split_codes.npz:test"}) {
        const auto dataset = open(fixture(name));
        for (const std::int64_t position : {std::int64_t{-1}, (*dataset)->info().items})
            EXPECT_EQ((*dataset)->read(std::vector{position}).error().code(), Errc::invalid_input) << name;
        EXPECT_EQ((*dataset)->read({})->x.shape()[0], 0) << name;
    }
}

TEST_F(Content, ReadsHalfPrecision) {
    // 1.0, -2.0, the smallest subnormal, 65504 (IEEE 754-2019, table 3.5), then infinity.
    const std::vector<std::uint16_t> bits{0x3c00, 0xc000, 0x0001, 0x7bff};
    const auto file = [&](std::uint16_t last) {
        NdArray x = *NdArray::zeros(DType::f16, {2, 2});
        std::memcpy(x.mutable_bytes().data(), bits.data(), 8);
        std::memcpy(x.mutable_bytes().data() + 6, &last, 2);
        return write("half.npy", *formats::make_npy(x));
    };
    EXPECT_THAT(read_all(**open(file(bits[3])))->x.values<float>(), ElementsAre(1, -2, 0x1p-24F, 65504));
    EXPECT_THAT(refusal(file(0x7c00)), HasSubstr("row 1, [1] is infinite"));
}

TEST_F(Content, SurvivesCutFiles) {
    for (const char* name : {"images.npz", "split_codes.npz"}) {
        const std::string content = *read_file(fixture(name), 1 << 20);
        for (std::size_t length = 0; length < content.size(); length += 7)
            EXPECT_NE(refusal(write("cut.npz", content.substr(0, length))), "") << name << " cut to " << length;
    }
    const std::string images = *read_file(fixture("idx/t10k-images-idx3-ubyte"), 1 << 20);
    write("t10k-labels-idx1-ubyte", *read_file(fixture("idx/t10k-labels-idx1-ubyte"), 1 << 20));
    for (std::size_t length = 0; length < images.size(); ++length) {
        write("t10k-images-idx3-ubyte", images.substr(0, length));
        EXPECT_THAT(refusal(path("t10k-images-idx3-ubyte")), HasSubstr("'t10k-images-idx3-ubyte'")) << length;
    }
}

}  // namespace
}  // namespace bartizan::data
