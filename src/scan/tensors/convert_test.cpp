#include "scan/tensors/convert.h"

#include <zlib.h>

#include <gtest/gtest.h>

#include "core/file.h"
#include "scan/pickle/assembler_testing.h"
#include "scan/tensors/diff.h"
#include "scan/tensors/tensor_testing.h"

namespace bartizan::scan {
namespace {

using pickle::Assembler;

/// torch._utils._rebuild_tensor_v2(storage "0" of `elements` floats, offset, (rows, 2), strides, False, OrderedDict())
void tensor(Assembler& out, int elements, int offset, int rows, std::pair<int, int> strides) {
    out.global("torch._utils", "_rebuild_tensor_v2").mark();
    out.mark().text("storage").global("torch", "FloatStorage").text("0").text("cpu").integer(elements).tuple().raw("Q");
    out.integer(offset).integer(rows).integer(2).tuple2().integer(strides.first).integer(strides.second).tuple2();
    out.raw("\x89").global("collections", "OrderedDict").empty_tuple().reduce().tuple().reduce();
}

std::string with_checksums(std::vector<StoredMember> members) {
    for (StoredMember& member : members)
        member.crc = static_cast<std::uint32_t>(
            crc32(0, reinterpret_cast<const Bytef*>(member.content.data()), static_cast<uInt>(member.content.size())));
    return stored_zip(members);
}

std::string checkpoint(const std::string& pickle, const std::string& storage) {
    return with_checksums({{.name = "m/data.pkl", .content = pickle},
                           {.name = "m/byteorder", .content = "little"},
                           {.name = "m/data/0", .content = storage}});
}

const std::vector<float> kNumbers = {0, 1, 2, 3, 4, 5, 6, 7};

std::string state_dict() {
    Assembler out = pickle::p4();
    out.global("collections", "OrderedDict").empty_tuple().reduce();
    out.text("weight");
    tensor(out, 8, 0, 3, {2, 1});
    out.setitem().text("turned");
    tensor(out, 8, 2, 3, {1, 3});
    out.setitem();
    return out.stop();
}

Result<Converted> converted(const TensorFolder& folder, const std::string& content) {
    auto file = TensorFile::open(folder.write("in.pt", content));
    if (!file.ok()) return file.error();
    return convert_to_safetensors(*file, folder / "out.safetensors", RunContext());
}

std::vector<float> numbers(const StoredTensor& tensor) {
    std::vector<float> out(tensor.values.size() / 4);
    std::memcpy(out.data(), tensor.values.data(), tensor.values.size());
    return out;
}

TEST(Convert, ViewsOfOneStorageBecomeTensorsOfTheirOwn) {
    const TensorFolder folder;
    const auto done = converted(folder, checkpoint(state_dict(), bytes_of(kNumbers)));
    ASSERT_TRUE(done.ok()) << done.error().line();
    EXPECT_EQ(done->bytes, 48U);
    const auto file = TensorFile::open(folder / "out.safetensors");
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(file->judged().verdict, Verdict::clean);
    ASSERT_EQ(file->tensors().size(), 2U);
    EXPECT_EQ(file->tensors()[0].name, "turned");
    EXPECT_EQ(numbers(file->tensors()[0]), (std::vector<float>{2, 5, 3, 6, 4, 7}));
    EXPECT_EQ(numbers(file->tensors()[1]), (std::vector<float>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(file->tensors()[1].shape, (std::vector<std::uint64_t>{3, 2}));
}

TEST(Convert, WhatIsNotProvenCleanIsRefused) {
    const TensorFolder folder;
    const std::string harmful = pickle::p4().call("os", "system", "id").stop();
    const auto refused = converted(folder, checkpoint(harmful, bytes_of(kNumbers)));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Errc::denied);
    EXPECT_NE(refused.error().line().find("malicious"), std::string::npos) << refused.error().line();
    EXPECT_FALSE(std::filesystem::exists(folder / "out.safetensors"));
    EXPECT_EQ(converted(folder, "cmodule\nname\n.").error().code(), Errc::denied) << "unproven";
}

TEST(Convert, WhatIsNoTensorIsLeftOutByName) {
    const TensorFolder folder;
    Assembler out = pickle::p4();
    out.dict().text("epoch").integer(3).setitem().text("model").raw(state_dict().substr(2)).unfinished();
    const std::string pickle = out.unfinished().substr(0, out.unfinished().size() - 1) + "s.";
    const auto done = converted(folder, checkpoint(pickle, bytes_of(kNumbers)));
    ASSERT_TRUE(done.ok()) << done.error().line();
    ASSERT_EQ(done->left_out.size(), 1U);
    EXPECT_EQ(done->left_out[0].name, "epoch");
    EXPECT_EQ(done->tensors[1].name, "model.weight");
}

TEST(Convert, StoragesThatAreMissingOrShortAreSaid) {
    const TensorFolder folder;
    const auto missing = converted(folder, with_checksums({{.name = "m/data.pkl", .content = state_dict()}}));
    EXPECT_FALSE(missing.ok());
    const auto foreign = converted(folder, with_checksums({{.name = "m/data.pkl", .content = state_dict()},
                                                           {.name = "m/byteorder", .content = "big"},
                                                           {.name = "m/data/0", .content = bytes_of(kNumbers)}}));
    EXPECT_FALSE(foreign.ok()) << "the bytes lie the other way round";
    EXPECT_FALSE(converted(folder, checkpoint(state_dict(), "1234")).ok());
}

TEST(Convert, ViewsThatUnfoldToFarMoreThanTheFileAreRefused) {
    const TensorFolder folder;
    Assembler out = pickle::p4();
    out.dict();
    for (int i = 0; i < 6; ++i) {
        out.text("w" + std::to_string(i));
        tensor(out, 8, 0, 4'000'000, {0, 0});
        out.setitem();
    }
    const auto refused = converted(folder, checkpoint(out.stop(), bytes_of(kNumbers)));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Errc::exhausted) << refused.error().line();
}

TEST(Convert, AFileWithoutTensorsSaysSo) {
    const TensorFolder folder;
    EXPECT_EQ(converted(folder, "# a model\n").error().code(), Errc::invalid_input);
}

TEST(Diff, FoldersAreComparedByTheirTensorsAndTheirOtherFiles) {
    const TensorFolder folder;
    const std::vector<float> one(64, 0.5F);
    std::vector<float> two = one;
    two[3] = 9;
    folder.write("a/1.safetensors", safetensors_of({{"x", "F32", {64}, bytes_of(one)}, {"old", "F32", {1}, "1234"}}));
    folder.write("a/config.json", "{\"hidden_size\": 1}");
    folder.write("b/x.safetensors", safetensors_of({{"x", "F32", {64}, bytes_of(two)}}));
    folder.write("b/config.json", "{\"hidden_size\": 2}");
    folder.write("b/more.txt", "new");
    const auto diff = diff_models(folder / "a", folder / "b", RunContext());
    ASSERT_TRUE(diff.ok()) << diff.error().line();
    const Json document = diff_json(*diff);
    EXPECT_EQ(document["counts"]["patched"], 1);
    EXPECT_EQ(document["counts"]["removed"], 1);
    EXPECT_EQ(document["tensors"][0]["patched_rows"], Json::array({3}));
    EXPECT_EQ(document["files"].size(), 2U);
    EXPECT_EQ(gravest(*diff), Severity::medium);
    EXPECT_NE(diff_text(*diff).find("rows 3"), std::string::npos) << diff_text(*diff);
}

TEST(Diff, NothingIsReadOfAMaliciousSide) {
    const TensorFolder folder;
    const auto good = folder.write("a.safetensors", safetensors_of({{"x", "F32", {1}, "1234"}}));
    const auto bad = folder.write("b.pt", checkpoint(pickle::p4().call("os", "system", "id").stop(), "1234"));
    EXPECT_FALSE(diff_models(good, bad, RunContext()).ok());
    EXPECT_EQ(diff_models(good, folder / "none", RunContext()).error().code(), Errc::not_found);
    EXPECT_TRUE(diff_models(good, good, RunContext()).ok());
    EXPECT_EQ(diff_models(good, good, RunContext())->summary, "the same");
}

}  // namespace
}  // namespace bartizan::scan
