#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "data/scratch_testing.h"

namespace bartizan::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// The fixtures' pictures: pixel (n, h, w) is 10 n + 4 h + w, and their labels.
constexpr std::int64_t kLabels[] = {2, 0, 1, 2, 0, 1};
float pixel(std::int64_t n, std::int64_t h, std::int64_t w) { return static_cast<float>(10 * n + 4 * h + w); }

/// All rows are the fixtures' pictures `first`, `first` + 1 ..., times `scale`, with their labels.
void expect_pictures(const Dataset& dataset, std::int64_t first, std::int64_t count, float scale) {
    ASSERT_EQ(dataset.info().items, count);
    ASSERT_TRUE(dataset.has_labels());
    const auto batch = read_all(dataset);
    ASSERT_TRUE(batch.ok()) << batch.error().line();
    ASSERT_EQ(batch->x.size(), count * 20);
    const auto values = batch->x.values<float>();
    std::size_t at = 0;
    for (std::int64_t n = first; n < first + count; ++n) {
        EXPECT_EQ(batch->y[static_cast<std::size_t>(n - first)], kLabels[n]);
        for (std::int64_t h = 0; h < 4; ++h)
            for (std::int64_t w = 0; w < 5; ++w) EXPECT_FLOAT_EQ(values[at++], scale * pixel(n, h, w));
    }
}

std::unique_ptr<Dataset> opened(const std::string& spec, const OpenOptions& options = {}) {
    auto dataset = open(spec, options);
    EXPECT_TRUE(dataset.ok()) << spec << ": " << dataset.error().line();
    return dataset.ok() ? std::move(dataset).value() : nullptr;
}

using OpenData = Scratch;

TEST_F(OpenData, ReadsAnNpzOfPicturesScaledToOne) {
    const auto dataset = opened(fixture("images.npz"));
    ASSERT_TRUE(dataset);
    expect_pictures(*dataset, 0, 6, 1.0F / 255);
    EXPECT_EQ(dataset->info().kind, Kind::image);
    EXPECT_EQ(dataset->info().item_shape, (Shape{4, 5}));
    EXPECT_EQ(dataset->info().stored, DType::u8);
    EXPECT_EQ(dataset->info().classes, 3);
    EXPECT_THAT(dataset->info().class_names, ElementsAre("cat", "dog", "emu"));
}

TEST_F(OpenData, ReadsTheArrayNamesOfKerasAndMedMnist) {
    for (const char* name : {"keras.npz", "medmnist.npz"}) {
        expect_pictures(*opened(fixture(name)), 4, 2, 1.0F / 255);
        expect_pictures(*opened(fixture(name) + std::string(":train")), 0, 4, 1.0F / 255);
        EXPECT_THAT(refusal(fixture(name) + std::string(":val")), HasSubstr("no split called 'val'"));
    }
}

TEST_F(OpenData, PicksRowsByASplitArray) {
    const auto test = opened(fixture("split_codes.npz:test"));
    ASSERT_TRUE(test);
    EXPECT_EQ(test->info().kind, Kind::table);
    EXPECT_THAT(test->labels(), ElementsAre(0, 2));
    EXPECT_THAT(read_all(*test)->ids, ElementsAre(1, 3));
    EXPECT_THAT(read_all(*test)->x.values<float>(), ElementsAre(0.5F, 0.75F, 1.5F, 1.75F));
    EXPECT_THAT(test->info().column_names, ElementsAre("age", "income"));
    EXPECT_EQ(opened(fixture("split_codes.npz"))->info().items, 6);
    EXPECT_EQ(opened(fixture("split_names.npz:a"))->info().items, 4);
    EXPECT_THAT(refusal(fixture("split_names.npz:c")), HasSubstr("no row into 'c'"));
}

TEST_F(OpenData, ReadsDataWithoutLabels) {
    const auto dataset = opened(fixture("unlabelled.npz"));
    ASSERT_TRUE(dataset);
    EXPECT_FALSE(dataset->has_labels());
    const auto batch = read_all(*dataset);
    ASSERT_TRUE(batch.ok());
    EXPECT_TRUE(batch->y.empty());
    EXPECT_EQ(batch->x.values<float>()[11], 2.75F);
}

TEST_F(OpenData, ReadsAnNpyPairWithoutScalingItsDoubles) {
    const auto dataset = opened(fixture("pair/x.npy"));
    ASSERT_TRUE(dataset);
    expect_pictures(*dataset, 0, 6, 1);
    EXPECT_EQ(dataset->info().format, "npy");
    EXPECT_THAT(refusal(fixture("pair/x.npy:test")), HasSubstr("no splits"));
}

TEST_F(OpenData, ReadsIdxFoldersAndPairsPlainAndCompressed) {
    expect_pictures(*opened(fixture("idx")), 4, 2, 1.0F / 255);
    expect_pictures(*opened(fixture("idx:test")), 4, 2, 1.0F / 255);
    expect_pictures(*opened(fixture("idx:train")), 0, 4, 1.0F / 255);
    expect_pictures(*opened(fixture("idx/train-images-idx3-ubyte.gz")), 0, 4, 1.0F / 255);
    EXPECT_THAT(refusal(fixture("idx:val")), HasSubstr("there are train and test"));
    EXPECT_THAT(refusal(fixture("idx/t10k-labels-idx1-ubyte")), HasSubstr("images-idx3-ubyte"));
}

TEST_F(OpenData, ReadsImageFoldersWithTheClassesOfAllSplits) {
    const auto test = opened(fixture("folder"));
    ASSERT_TRUE(test);
    EXPECT_THAT(test->info().class_names, ElementsAre("cat", "dog", "emu")) << "emu is in train alone";
    EXPECT_EQ(test->info().item_shape, (Shape{1, 4, 5}));
    expect_pictures(*test, 4, 2, 1.0F / 255);
    const auto train = opened(fixture("folder:train"));
    ASSERT_TRUE(train);
    EXPECT_THAT(train->labels(), ElementsAre(0, 1, 2, 2));
    EXPECT_FLOAT_EQ(read_all(*train)->x.values<float>()[0], pixel(1, 0, 0) / 255);
    EXPECT_EQ(opened(fixture("folder/train"))->info().items, 4);
    EXPECT_THAT(refusal(fixture("folder:val")), HasSubstr("no split called 'val'"));
}

TEST_F(OpenData, PutsTheChannelsOfPicturesFirst) {
    const std::string png = *read_file(fixture("colour.png"), 1 << 20), jpeg = *read_file(fixture("even.jpg"), 1 << 20);
    write("colours/one/a.PNG", png);
    write("jpegs/one/a.jpeg", jpeg);
    const auto colour = opened(path("colours"));
    ASSERT_TRUE(colour);
    ASSERT_EQ(colour->info().item_shape, (Shape{3, 4, 5}));
    const auto batch = read_all(*colour);
    for (std::int64_t channel = 0; channel < 3; ++channel)
        EXPECT_FLOAT_EQ(batch->x.values<float>()[static_cast<std::size_t>(20 * channel + 7)],
                        pixel(channel, 1, 2) / 255);
    const auto even = opened(path("jpegs"));
    ASSERT_TRUE(even);
    ASSERT_EQ(even->info().item_shape, (Shape{3, 8, 8}));
    EXPECT_NEAR(read_all(*even)->x.values<float>()[0], 200.0 / 255, 0.02);
    EXPECT_NEAR(read_all(*even)->x.values<float>()[191], 50.0 / 255, 0.02);
}

TEST_F(OpenData, NamesThePictureThatDiffersOrIsBroken) {
    write("sizes/a/1.png", *read_file(fixture("folder/train/cat/1.png"), 1 << 20));
    write("sizes/b/2.png", *read_file(fixture("colour.png"), 1 << 20));
    EXPECT_THAT(refusal(path("sizes")), HasSubstr("b/2.png' is [4, 5, 3]"));
    write("sizes/b/2.png", "\x89PNG\r\n\x1a\nrubbish");
    EXPECT_THAT(refusal(path("sizes")), HasSubstr("b/2.png': PNG:"));
    write("sizes/b/2.png", "GIF89a");
    EXPECT_THAT(refusal(path("sizes")), HasSubstr("b/2.png' is neither PNG nor JPEG"));
    std::filesystem::create_directories(path("empty/class"));
    EXPECT_THAT(refusal(path("empty")), HasSubstr("no class folders"));
}

TEST_F(OpenData, SaysWhatIsMissing) {
    EXPECT_THAT(refusal(path("nothing.npz")), HasSubstr("no data at"));
    EXPECT_THAT(refusal(path("nothing.npz:train")), HasSubstr("nothing.npz'"));
    EXPECT_THAT(refusal(write("a.txt", "text")), HasSubstr("fashion-mnist"));
    EXPECT_THAT(refusal(fixture("images.npz:")), HasSubstr("PATH:train"));
    EXPECT_THAT(refusal(fixture("images.npz:test")), HasSubstr("no split called 'test'"));
    EXPECT_THAT(refusal(fixture("images.npz"), {.label_column = "y"}), HasSubstr("--label"));
    EXPECT_THAT(refusal(std::string(5000, 'x')), HasSubstr("no data at"));
    write("half/t10k-images-idx3-ubyte", *read_file(fixture("idx/t10k-images-idx3-ubyte"), 1 << 20));
    EXPECT_THAT(refusal(path("half")), HasSubstr("no file t10k-labels-idx1-ubyte[.gz]"));
}

TEST_F(OpenData, ReadsFashionMnistOfTheDebianPackage) {
    if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
        EXPECT_THAT(refusal("fashion-mnist"), HasSubstr("dataset-fashion-mnist"));
        GTEST_SKIP() << "dataset-fashion-mnist is not installed";
    }
    const auto test = opened("fashion-mnist", {.limit = 100});
    ASSERT_TRUE(test);
    EXPECT_EQ(test->info().items, 100);
    EXPECT_EQ(test->info().item_shape, (Shape{28, 28}));
    EXPECT_THAT(test->info().class_names, testing::SizeIs(10));
    // The first test picture is the ankle boot of every tutorial.
    EXPECT_EQ(test->info().class_names[static_cast<std::size_t>(test->labels()[0])], "ankle boot");
    const auto values = read_all(*test)->x;
    EXPECT_LE(*std::ranges::max_element(values.values<float>()), 1.0F);
    const auto train = opened("fashion-mnist:train");
    ASSERT_TRUE(train);
    EXPECT_EQ(train->info().items, 60'000);
}

TEST_F(OpenData, ReadsMappedFilesWithoutHoldingThem) {
    // 600 million bytes of zeros that the disk never holds either; the limit on memory is one mebibyte.
    const std::string big = write("big_x.npy", *formats::make_npy(*NdArray::zeros(DType::u8, {1, 1})));
    std::string header = formats::make_npy(*NdArray::zeros(DType::u8, {0, 1000, 1000})).value();
    header.replace(header.find("(0,"), 3, "(600,");
    header.erase(header.find("  ", header.find('}')), 2);
    write("big_x.npy", header);
    std::filesystem::resize_file(big, header.size() + 600'000'000);
    const auto dataset = opened(big, {.byte_limit = 1 << 20});
    ASSERT_TRUE(dataset);
    EXPECT_EQ(dataset->info().items, 600);
    const std::int64_t last[] = {599};
    EXPECT_EQ(dataset->read(last)->x.shape(), (Shape{1, 1000, 1000}));
}

}  // namespace
}  // namespace bartizan::data
