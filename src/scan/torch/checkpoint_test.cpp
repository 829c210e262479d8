#include "scan/torch/checkpoint.h"

#include <gtest/gtest.h>

#include "scan/judges.h"
#include "scan/rules.h"
#include "scan/scan_testing.h"
#include "scan/torch/opcode.h"

namespace bartizan::scan {
namespace {

using namespace std::string_literals;

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text.data(), text.size())); }

TEST(ScanTorch, FindsTheEndsOfPickles) {
    const std::string first = "\x80\2X\3\0\0\0abcq\0."s;
    const std::string second = "cos\nsystem\n(U\2idtR."s;
    EXPECT_EQ(pickle_end(bytes_of(first + second), 0, 100), first.size());
    EXPECT_EQ(pickle_end(bytes_of(first + second), first.size(), 100), first.size() + second.size());
    EXPECT_EQ(pickle_end(bytes_of(first.substr(0, 8)), 0, 100), 0U);
    EXPECT_EQ(pickle_end(bytes_of("\x80\2X\xff\xff\xff\xff"s), 0, 100), 0U);
}

TEST(ScanTorch, ReadsTheKeysOfStorages) {
    const auto keys = torch_keys(bytes_of("\x80\2X\1\0\0\0007\x8c\00212X\xff\xff\xff\xff."s));
    EXPECT_EQ(keys, (std::vector<std::string>{"7", "12"}));
}

TEST(ScanTorch, StoragesThatAPickleNamesAreNotReadOthersAre) {
    const std::string pickle = "\x80\2X\1\0\0\0000q\0."s;
    const auto archive = [&](const char* name) {
        return stored_zip({{.name = "m/data.pkl", .content = pickle}, {.name = name, .content = harm()}});
    };
    EXPECT_FALSE(has_rule(judged(archive("m/data/0")), rule::kHiddenExecutable));
    EXPECT_TRUE(has_rule(judged(archive("m/data/1")), rule::kHiddenExecutable));
    EXPECT_TRUE(has_rule(judged(archive("other/0")), rule::kHiddenExecutable));
    EXPECT_EQ(judged(archive("m/data/0")).format, "torch zip");
}

TEST(ScanTorch, CodeOfTorchScriptIsReadForForeignOperators) {
    const std::string pickle = "\x80\2}."s;
    const auto of_code = [&](const std::string& code) {
        return judged(stored_zip({{.name = "m/data.pkl", .content = pickle},
                                  {.name = "m/constants.pkl", .content = pickle},
                                  {.name = "m/code/__torch__.py", .content = code}}));
    };
    EXPECT_FALSE(has_rule(of_code("def f(x):\n  return torch.relu(ops.prim.NumToTensor(x))\n"), rule::kUnprovenCode));
    EXPECT_TRUE(has_rule(of_code("def f(x):\n  return ops.mine.run(x)\n"), rule::kUnprovenCode));
    EXPECT_TRUE(has_rule(of_code("def f(x):\n  torch.save(x, \"/tmp/x\")\n"), rule::kTouchesFiles));
    EXPECT_EQ(of_code("").format, "torchscript");
}

TEST(ScanTorch, LegacyFilesAreToldByTheirMagic) {
    const std::string magic = "\x80\2\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19."s;
    EXPECT_TRUE(looks_like_torch_legacy(bytes_of(magic)));
    EXPECT_FALSE(looks_like_torch_legacy(bytes_of("\x80\2."s)));
    const std::string pickles = magic + "\x80\2M\xe9\3." + "\x80\2}." + "\x80\2}." + "\x80\2]q\0."s;
    EXPECT_EQ(judged(pickles + number(2, 8) + "12345678").format, "torch legacy");
}

}  // namespace
}  // namespace bartizan::scan
