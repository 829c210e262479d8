#include <gtest/gtest.h>

#include <random>

#include "scan/rules.h"
#include "scan/scan_testing.h"

namespace bartizan::scan {
namespace {

using namespace std::string_literals;

std::string safetensors(const std::string& header, std::size_t data) {
    return number(header.size(), 8) + header + std::string(data, '\1');
}
std::string gguf_string(const std::string& text) { return number(text.size(), 8) + text; }
std::string gguf(const std::string& pairs, int count, const std::string& tensors = {}, int tensor_count = 0) {
    return "GGUF" + number(3, 4) + number(static_cast<unsigned>(tensor_count), 8) +
           number(static_cast<unsigned>(count), 8) + pairs + tensors;
}
std::string pair(const std::string& key, const std::string& value) {
    return gguf_string(key) + number(8, 4) + gguf_string(value);
}
/// A field of bytes of a protobuf message, shorter than 128.
std::string field(int id, const std::string& content) {
    return static_cast<char>(id * 8 + 2) + std::string(1, static_cast<char>(content.size())) + content;
}
std::string onnx(const std::string& graph) { return "\x08\x08"s + field(7, graph) + field(8, "\x10\x0d"s); }
std::string npy(const std::string& header, const std::string& data) {
    return "\x93NUMPY\1\0"s + number(header.size(), 2) + header + data;
}

TEST(ScanSafetensors, AnHonestFileIsClean) {
    const FileResult result =
        judged(safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  )", 8), "m.safetensors");
    EXPECT_EQ(result.verdict, Verdict::clean);
    EXPECT_EQ(result.format, "safetensors");
}

TEST(ScanSafetensors, EveryContradictionIsReported) {
    const std::pair<std::string, std::string_view> cases[] = {
        {safetensors(
             R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
             8),
         rule::kTwoReadings},
        {safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 12), rule::kHiddenData},
        {safetensors(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}})", 6), rule::kHiddenData},
        {safetensors(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8), rule::kTwoReadings},
        {safetensors(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}})", 8),
         rule::kBroken},
        {safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4), rule::kBroken},
        {safetensors(R"({"__metadata__":{"x":"import os; os.system('id') "}})", 0), rule::kUnprovenCode},
    };
    for (const auto& [content, rule] : cases) {
        const FileResult result = judged(content, "m.safetensors");
        EXPECT_NE(result.verdict, Verdict::clean) << content;
        EXPECT_TRUE(has_rule(result, rule)) << content;
    }
    EXPECT_EQ(judged(safetensors("{}", 0) + harm(), "m.safetensors").verdict, Verdict::malicious);
}

TEST(ScanGguf, TemplatesAndNumbersAreChecked) {
    EXPECT_EQ(judged(gguf(pair("tokenizer.chat_template", "{{ messages[0]['role'] }}"), 1), "m.gguf").verdict,
              Verdict::clean);
    EXPECT_EQ(judged(gguf(pair("a", "{{ x.__class__ }}"), 1), "m.gguf").verdict, Verdict::malicious);
    EXPECT_TRUE(has_rule(judged(gguf(pair("a", "1") + pair("a", "2"), 2), "m.gguf"), rule::kTwoReadings));
    const std::string huge =
        gguf_string("t") + number(2, 4) + number(1ULL << 40, 8) + number(1ULL << 40, 8) + number(0, 12);
    EXPECT_EQ(judged(gguf("", 0, huge, 1), "m.gguf").verdict, Verdict::incomplete);
    const std::string outside = gguf_string("t") + number(1, 4) + number(64, 8) + number(0, 12);
    EXPECT_EQ(judged(gguf("", 0, outside, 1), "m.gguf").verdict, Verdict::incomplete);
    EXPECT_EQ(
        judged("GGUF" + number(3, 4) + number(0, 8) + number(1ULL << 60, 8) + std::string(64, '\0'), "m.gguf").verdict,
        Verdict::incomplete);
    EXPECT_EQ(judged("GGUF" + number(3, 4) + number(0, 8) + number(1, 8) + number(~0ULL, 8), "m.gguf").verdict,
              Verdict::incomplete);
}

TEST(ScanOnnx, ExternalDataAndOperatorsAreChecked) {
    const auto located = [](const std::string& path) {
        return onnx(field(5, field(13, field(1, "location") + field(2, path))));
    };
    EXPECT_EQ(judged(located("weights.bin"), "m.onnx").verdict, Verdict::clean);
    for (const char* path : {"/etc/passwd", "../x", "a/../../x", "..\\x", "file:///x"})
        EXPECT_EQ(judged(located(path), "m.onnx").verdict, Verdict::malicious) << path;
    // In the attribute of a node, not among the initializers.
    const std::string attribute = field(5, field(1, "v") + field(5, field(13, field(1, "location") + field(2, "/x"))));
    EXPECT_EQ(judged(onnx(field(1, field(4, "Constant") + attribute)), "m.onnx").verdict, Verdict::malicious);
    EXPECT_EQ(judged(onnx(field(1, field(4, "Relu"))), "m.onnx").verdict, Verdict::clean);
    EXPECT_EQ(judged(onnx(field(1, field(4, "Mine") + field(7, "mine.ops"))), "m.onnx").verdict, Verdict::unproven);
    EXPECT_EQ(judged(onnx(field(1, field(4, "PyOp") + field(7, "x"))), "m.onnx").verdict, Verdict::malicious);
    EXPECT_TRUE(has_rule(judged(onnx(field(5, "\x08\xff\xff\xff\xff\xff\xff\xff\x7f"s)), "m.onnx"), rule::kExhausts));
}

TEST(ScanOnnx, SingleTensorsAreRecognised) {
    const std::string located = field(13, field(1, "location") + field(2, "../x"));
    EXPECT_EQ(judged("\x08\2\x10\1"s + field(8, "x") + field(9, "12345678"), "input_0.pb").verdict, Verdict::clean);
    EXPECT_EQ(judged("\x08\2\x10\1"s + located, "input_0.pb").verdict, Verdict::malicious);
}

TEST(ScanOpaque, WhatCannotBeLookedIntoIsUnproven) {
    EXPECT_EQ(judged("\x6f\x0d\r\n"s + std::string(20, '\0'), "x.pyc").verdict, Verdict::unproven);
    EXPECT_EQ(judged("ftrt" + std::string(40, '\1'), "m.engine").verdict, Verdict::unproven);
    EXPECT_EQ(judged("\1\2\3\4\5\6\0\0 of a kind that nobody knows"s, "x.foo").verdict, Verdict::unproven);
    EXPECT_EQ(judged("\0\0\0\0TFL3"s + std::string(40, '\0'), "m.tflite").verdict, Verdict::clean);
    EXPECT_EQ(judged("\0\0\0\0TFL3..FlexWriteFile"s, "m.tflite").verdict, Verdict::malicious);
    const std::string piece = field(1, "\x0a\1a\x15\0\0\0\0"s);
    EXPECT_EQ(judged(piece + piece + piece, "spiece.model").format, "sentencepiece");
}

TEST(ScanTensorflow, OperatorsAreFoundWhereverTheyHide) {
    const auto node = [](const std::string& op) { return field(1, "n") + field(2, op); };
    const auto saved = [](const std::string& graph) { return "\x08\1"s + field(2, field(2, graph)); };
    EXPECT_EQ(judged(saved(field(1, node("MatMul")) + field(1, node("RestoreV2"))), "saved_model.pb").verdict,
              Verdict::clean);
    EXPECT_EQ(judged(saved(field(1, node("EagerPyFunc"))), "saved_model.pb").verdict, Verdict::malicious);
    EXPECT_EQ(
        judged(saved(field(1, node("X")) + field(2, field(1, field(3, node("WriteFile"))))), "saved_model.pb").verdict,
        Verdict::malicious);
    EXPECT_EQ(judged(field(1, node("PyFunc")) + field(1, node("Const")), "frozen.pb").verdict, Verdict::malicious);
    const std::string cut = saved(field(1, node("MatMul")));
    EXPECT_EQ(judged(cut.substr(0, cut.size() - 2), "saved_model.pb").verdict, Verdict::incomplete);
}

TEST(ScanHdf5, ConfigurationsAndForeignFilesAreFound) {
    const std::string head = "\x89HDF\r\n\x1a\n"s + std::string(40, '\0');
    EXPECT_EQ(judged(head + R"({"class_name": "Sequential", "config": {}})", "m.h5").verdict, Verdict::clean);
    EXPECT_EQ(
        judged(head + R"({"class_name": "Lambda", "config": {"function": "lambda x: exec('') "}})", "m.h5").verdict,
        Verdict::malicious);
    std::string external =
        head + "HEAP" + std::string(20, '\0') + number(head.size() + 40, 8) + std::string(8, '\0') + "/etc/passwd\0"s;
    external += "\1\0\0\0"s + number(1, 2) + number(1, 2) + number(head.size(), 8) + number(0, 24);
    EXPECT_EQ(judged(external, "m.h5").verdict, Verdict::malicious);
    const std::string link = "\1\x08\x40\4link"s + number(13, 2) + "\0/etc/x\0/d\0\0\0"s;
    EXPECT_EQ(judged(head + link, "m.h5").verdict, Verdict::malicious);
}

TEST(ScanNumpy, SizesAndObjectsAreChecked) {
    EXPECT_EQ(judged(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", std::string(8, '\0')), "a.npy")
                  .verdict,
              Verdict::clean);
    EXPECT_EQ(judged(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", std::string(4, '\0')), "a.npy")
                  .verdict,
              Verdict::incomplete);
    EXPECT_EQ(judged(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", std::string(8, '\0') + harm()),
                     "a.npy")
                  .verdict,
              Verdict::malicious);
    const std::string pickle = "\x80\2cos\nsystem\nU\2id\x85R.";
    EXPECT_NE(judged(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", pickle), "a.npy").verdict,
              Verdict::clean);
    EXPECT_NE(judged(npy("{'descr': [('a', '<i4'), ('b', '|O')], 'fortran_order': False, 'shape': (1,), }\n", pickle),
                     "a.npy")
                  .verdict,
              Verdict::clean);
}

TEST(ScanBinaries, DamagedOnesNeverEndTheScan) {
    std::mt19937 random(5);
    const std::string files[] = {safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8),
                                 gguf(pair("a", "{{ x }}") + pair("b", "c"), 2),
                                 onnx(field(1, field(4, "Relu")) + field(5, field(13, field(1, "location")))),
                                 npy("{'descr': '<f4', 'shape': (2,), }\n", "12345678"),
                                 "\x82\xa1"
                                 "a\x93\1\2\3\xa1"
                                 "b\xc7\2\1xy"s,
                                 "\x89HDF\r\n\x1a\n{\"class_name\": \"Lambda\"}\1\x08\x40\4abcd"s};
    for (const std::string& file : files)
        for (int i = 0; i < 2'000; ++i) {
            std::string damaged = file.substr(0, 1 + random() % file.size());
            for (int flips = 0; flips < 2; ++flips) damaged[random() % damaged.size()] = static_cast<char>(random());
            EXPECT_LE(judged(damaged).issues.size(), kMaxIssues);
        }
}

}  // namespace
}  // namespace bartizan::scan
