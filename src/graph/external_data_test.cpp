#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/graph.h"
#include "graph/graph_testing.h"

namespace bartizan::graph {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

class ExternalData : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "bartizan_graph_XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        root_ = pattern;
        fs::create_directories(root_ / "model" / "weights");
        write("secret.bin", "AAAAAAAAAAAA");
        write("model/weights/w.bin", std::string("....\0\0\x80\x3f\0\0\0\x40", 12));
    }
    void TearDown() override { fs::remove_all(root_); }

    void write(const std::string& name, const std::string& content) const {
        std::ofstream(root_ / name, std::ios::binary) << content;
    }

    /// Loads a model with one tensor of two floats at this place.
    Result<Graph> load(const std::string& location, const std::string& more = {}) const {
        write("model/m.onnx",
              testing::model_with_graph(testing::kEnds + R"(node { op_type: "Relu" input: "x" output: "y" }
            initializer { name: "w" dims: 2 data_type: 1 data_location: EXTERNAL
                          external_data { key: "location" value: ")" +
                                        location + "\" } " + more + " }"));
        return load_onnx(root_ / "model" / "m.onnx");
    }

    fs::path root_;
};

std::string entry(const std::string& key, const std::string& value) {
    return "external_data { key: '" + key + "' value: '" + value + "' } ";
}

TEST_F(ExternalData, IsReadFromTheModelsFolder) {
    const auto graph = load("weights/w.bin", entry("offset", "4") + entry("length", "8"));
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    EXPECT_THAT(graph->initializers.at("w").values<float>(), ElementsAre(1.0F, 2.0F));
    // Without a length, what the shape asks for is read.
    const auto without = load("weights/w.bin", entry("offset", "4"));
    ASSERT_TRUE(without.ok()) << error_of(without);
    EXPECT_THAT(without->initializers.at("w").values<float>(), ElementsAre(1.0F, 2.0F));
}

TEST_F(ExternalData, NeverLeavesTheModelsFolder) {
    fs::create_symlink(root_ / "secret.bin", root_ / "model" / "link.bin");
    fs::create_directory_symlink(root_, root_ / "model" / "up");
    for (const std::string& location :
         {std::string("../secret.bin"), std::string("weights/../../secret.bin"), (root_ / "secret.bin").string(),
          std::string("link.bin"), std::string("up/secret.bin"), std::string("weights/../weights/w.bin"),
          std::string("weights/w.bin\\000.png")}) {
        const auto graph = load(location);
        ASSERT_FALSE(graph.ok()) << location;
        EXPECT_EQ(graph.error().code(), Errc::denied) << error_of(graph);
        EXPECT_THAT(error_of(graph), HasSubstr("leads out of the model's folder"));
    }
}

TEST_F(ExternalData, FollowsALinkThatStaysInside) {
    fs::create_symlink("weights/w.bin", root_ / "model" / "alias.bin");
    EXPECT_TRUE(load("alias.bin", entry("offset", "4")).ok());
}

TEST_F(ExternalData, MustLieInsideItsFile) {
    EXPECT_THAT(error_of(load("weights/w.bin", entry("offset", "8"))),
                HasSubstr("has 12 bytes, the tensor asks for offset 8, length 8"));
    EXPECT_FALSE(load("weights/w.bin", entry("offset", "13")).ok());
    EXPECT_FALSE(load("weights/w.bin", entry("offset", "18446744073709551615")).ok());
    EXPECT_THAT(error_of(load("weights/w.bin", entry("length", "4"))), HasSubstr("needs 8 bytes, the file has 4"));
    EXPECT_THAT(error_of(load("weights/w.bin", entry("offset", "-4"))), HasSubstr("offset '-4' is not a whole number"));
    EXPECT_FALSE(load("weights/w.bin", entry("length", "8x")).ok());
}

TEST_F(ExternalData, MustBeARegularFileThatIsThere) {
    EXPECT_EQ(load("gone.bin").error().code(), Errc::not_found);
    EXPECT_FALSE(load("weights").ok());
    EXPECT_THAT(error_of(load("")), HasSubstr("without a location"));
}

TEST_F(ExternalData, IsRefusedFromMemory) {
    ASSERT_TRUE(load("weights/w.bin").ok());
    const std::string model = testing::content_of(root_ / "model" / "m.onnx");
    EXPECT_EQ(parse_onnx(testing::bytes_of(model)).error().code(), Errc::denied);
    EXPECT_TRUE(parse_onnx(testing::bytes_of(model), root_ / "model").ok());
}

TEST_F(ExternalData, IsInsideTheFileOnceSaved) {
    const auto graph = load("weights/w.bin", entry("offset", "4"));
    ASSERT_TRUE(graph.ok());
    ASSERT_TRUE(save_onnx(*graph, root_ / "whole.onnx").ok());
    const auto again = load_onnx(root_ / "whole.onnx");
    ASSERT_TRUE(again.ok()) << error_of(again);
    EXPECT_EQ(testing::difference(*graph, *again), "");
    EXPECT_EQ(again->producer.substr(0, 8), "bartizan");
    EXPECT_EQ(save_onnx(*graph, root_ / "gone" / "m.onnx").error().code(), Errc::not_found);
}

}  // namespace
}  // namespace bartizan::graph
