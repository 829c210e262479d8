#include "oip/message.h"

#include <cmath>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "core/json.h"
#include "core/random.h"
#include "oip/metadata.h"

namespace bartizan::oip {
namespace {

template <class T>
std::vector<T> values_of(const Tensor& tensor) {
    std::vector<T> out(tensor.bytes().size() / sizeof(T));
    std::memcpy(out.data(), tensor.bytes().data(), tensor.bytes().size());
    return out;
}

Result<InferRequest> read(std::string_view text) { return parse_request(text, std::nullopt); }
std::string fault(std::string_view text) {
    const auto request = read(text);
    return request.ok() ? "" : request.error().line();
}

/// A request with one FP32 input, its keys in the given order.
std::string one_input(const std::string& shape, const std::string& data, const std::string& type = "FP32") {
    return R"({"inputs":[{"name":"x","shape":)" + shape + R"(,"datatype":")" + type + R"(","data":)" + data + "}]}";
}

TEST(OipRequest, ReadsTheProtocolsOwnForm) {
    const auto request = read(R"({
        "id" : "42",
        "parameters": {"priority": 3, "binary_data_output": true},
        "inputs" : [
            { "name" : "input0", "shape" : [ 2, 2 ], "datatype" : "UINT32", "data" : [ 1, 2, 3, 4 ] },
            { "name" : "input1", "shape" : [ 3 ], "datatype" : "BOOL", "data" : [ true, false, 1 ] }
        ],
        "outputs" : [ { "name" : "output0", "parameters": {"binary_data": false} }, {"name": "output1"} ]
    })");
    ASSERT_TRUE(request.ok()) << request.error().line();
    EXPECT_EQ(request->id, "42");
    ASSERT_EQ(request->inputs.size(), 2U);
    EXPECT_EQ(request->inputs[0].name, "input0");
    EXPECT_EQ(request->inputs[0].shape, (Shape{2, 2}));
    EXPECT_EQ(values_of<std::uint32_t>(request->inputs[0]), (std::vector<std::uint32_t>{1, 2, 3, 4}));
    EXPECT_EQ(values_of<std::uint8_t>(request->inputs[1]), (std::vector<std::uint8_t>{1, 0, 1}));
    EXPECT_FALSE(request->wants_binary("output0"));
    EXPECT_TRUE(request->wants_binary("output1"));
    EXPECT_EQ(request->parameters[0], (std::pair<std::string, std::string>{"priority", "3"}));
}

TEST(OipRequest, TakesNestedRowsAndKeysInAnyOrder) {
    const auto nested = read(one_input("[2,1,3]", "[[[1,2,3]],[[4,5,6]]]"));
    ASSERT_TRUE(nested.ok()) << nested.error().line();
    EXPECT_EQ(values_of<float>(nested->inputs[0]), (std::vector<float>{1, 2, 3, 4, 5, 6}));
    const auto turned = read(R"({"inputs":[{"data":[[1],[2]],"datatype":"INT64","name":"x","shape":[2,1]}]})");
    ASSERT_TRUE(turned.ok()) << turned.error().line();
    EXPECT_EQ(values_of<std::int64_t>(turned->inputs[0]), (std::vector<std::int64_t>{1, 2}));
}

TEST(OipRequest, ReadsEveryNumberAsAnotherReaderDoes) {
    Random random(1, 2);
    std::string data = "[";
    std::vector<double> truth;
    for (int i = 0; i < 2000; ++i) {
        const double value = (random.uniform53() - 0.5) * std::pow(10.0, static_cast<double>(random.below(40)) - 20);
        const std::string text = Json(value).dump();
        data += (i == 0 ? "" : ",") + text;
        truth.push_back(Json::parse(text).get<double>());
    }
    const auto request = read(one_input("[2000]", data + "]", "FP64"));
    ASSERT_TRUE(request.ok()) << request.error().line();
    EXPECT_EQ(values_of<double>(request->inputs[0]), truth);
}

TEST(OipRequest, ReadsBytesBehindTheJson) {
    const std::string json =
        R"({"inputs":[{"name":"x","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}},)"
        R"({"name":"s","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":11}}]})";
    const float numbers[] = {1.5F, -2};
    std::string body = json + std::string(reinterpret_cast<const char*>(numbers), 8);
    body += std::string("\x03\0\0\0abc\0\0\0\0", 11);
    const auto request = parse_request(body, json.size());
    ASSERT_TRUE(request.ok()) << request.error().line();
    EXPECT_EQ(values_of<float>(request->inputs[0]), (std::vector<float>{1.5F, -2}));
    EXPECT_EQ(request->inputs[1].bytes().size(), 11U);
    EXPECT_FALSE(parse_request(body + "x", json.size()).ok());  // bytes behind the last tensor
    EXPECT_FALSE(parse_request(body.substr(0, body.size() - 1), json.size()).ok());
    body[json.size() + 8] = 4;  // a length that runs past its tensor
    EXPECT_FALSE(parse_request(body, json.size()).ok());
}

TEST(OipRequest, SizesThatDoNotFitAreRefused) {
    const auto binary = [](const std::string& size, const std::string& shape) {
        const std::string json = R"({"inputs":[{"name":"x","shape":)" + shape +
                                 R"(,"datatype":"FP32","parameters":{"binary_data_size":)" + size + "}}]}";
        const auto request = parse_request(json + std::string(8, '\0'), json.size());
        return request.ok() ? std::string() : request.error().line();
    };
    EXPECT_EQ(binary("8", "[2]"), "");
    EXPECT_NE(binary("8", "[3]"), "");
    EXPECT_NE(binary("4", "[1]"), "");
    EXPECT_NE(binary("16", "[4]"), "");
    EXPECT_NE(binary("-8", "[2]"), "");
    EXPECT_NE(binary("8.0", "[2]"), "");
    EXPECT_NE(binary("18446744073709551616", "[2]"), "");
    EXPECT_NE(binary("8", "[2,-1]"), "");
    EXPECT_NE(binary("8", "[4294967296,4294967296,2]"), "");
}

TEST(OipRequest, FaultsAreToldWithTheirPlace) {
    EXPECT_NE(fault(one_input("[2]", "[1]")).find("fewer values"), std::string::npos);
    EXPECT_NE(fault(one_input("[2]", "[1,2,3]")).find("more values"), std::string::npos);
    EXPECT_NE(fault(one_input("[2,2]", "[[1,2],[3]]")).find("row"), std::string::npos);
    EXPECT_NE(fault(one_input("[2,2]", "[[1,2],[3,4],[5,6]]")).find("more values"), std::string::npos);
    EXPECT_NE(fault(one_input("[1]", "[1e999]")).find("cannot hold"), std::string::npos);
    EXPECT_NE(fault(one_input("[1]", "[256]", "UINT8")).find("cannot hold"), std::string::npos);
    EXPECT_NE(fault(one_input("[1]", "[1.5]", "INT32")).find("cannot hold"), std::string::npos);
    EXPECT_NE(fault(one_input("[1]", "[01]")).find("begins with 0"), std::string::npos);
    EXPECT_NE(fault(one_input("[1]", "[NaN]")), "");
    EXPECT_NE(fault(one_input("[1]", "[1]", "FP99")).find("unknown datatype"), std::string::npos);
    EXPECT_NE(fault(one_input("[1]", "[1]", "FP16")).find("as bytes"), std::string::npos);
    EXPECT_NE(fault(R"({"inputs":[]})").find("no inputs"), std::string::npos);
    EXPECT_NE(fault(one_input("[1]", "[1]") + "x").find("behind the end"), std::string::npos);
    EXPECT_NE(fault(R"({"inputs":[{"name":"x","name":"y"}]})").find("twice"), std::string::npos);
}

TEST(OipRequest, BombsAreRefusedBeforeTheyGrow) {
    EXPECT_NE(fault(R"({"x":)" + std::string(100'000, '[')), "");
    EXPECT_NE(fault(one_input("[1]", std::string(100'000, '['))), "");
    EXPECT_NE(fault(one_input("[4000000000000]", "[1]")).find("elements"), std::string::npos);
    EXPECT_NE(fault(one_input("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[1]")).find("dimensions"), std::string::npos);
    std::string many = R"({"inputs":[)";
    for (int i = 0; i < 100; ++i)
        many += (i == 0 ? "" : ",") + std::string(R"({"name":"x)") + std::to_string(i) +
                R"(","shape":[1],"datatype":"INT8","data":[1]})";
    EXPECT_NE(fault(many + "]}").find("too many tensors"), std::string::npos);
    std::string keys = "{";
    for (int i = 0; i < 100'000; ++i) keys += "\"k" + std::to_string(i) + "\":1,";
    EXPECT_NE(fault(keys + "\"inputs\":[]}").find("too many keys"), std::string::npos);
}

TEST(OipRequest, NothingReachesBesideTheRequest) {
    const std::string shared = R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP32",)"
                               R"("parameters":{"shared_memory_region":"r","shared_memory_byte_size":4}}]})";
    EXPECT_NE(fault(shared).find("shared_memory_region"), std::string::npos);
    EXPECT_NE(fault(R"({"inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[1]},)"
                    R"({"name":"x","shape":[1],"datatype":"INT8","data":[2]}]})")
                  .find("two tensors"),
              std::string::npos);
}

TEST(OipRequest, CutAnywhereItIsAnErrorAndNeverMore) {
    const std::string whole = R"({"id":"\u00e9\ud83d\ude00","inputs":[{"name":"x","shape":[1,2],"datatype":"BYTES",)"
                              R"("data":[["a\n","b"]]}],"outputs":[{"name":"y"}]})";
    ASSERT_TRUE(read(whole).ok()) << fault(whole);
    for (std::size_t end = 0; end < whole.size(); ++end) EXPECT_FALSE(read(whole.substr(0, end)).ok()) << end;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string broken = whole;
        for (const char c : {'\0', '"', '[', '}', '\xff', '9'}) {
            broken[at] = c;
            (void)read(broken).ok();
        }
    }
}

TEST(OipLength, TheHeaderIsALengthWithinTheBody) {
    EXPECT_EQ(*json_length("", 10), std::nullopt);
    EXPECT_EQ(*json_length("7", 10), 7U);
    for (const char* bad : {"11", "-1", "abc", "1 ", "0", "99999999999999999999"})
        EXPECT_FALSE(json_length(bad, 10).ok()) << bad;
}

/// What goes out comes in again, in both forms.
TEST(OipMessages, GoThereAndBack) {
    for (const bool binary : {false, true}) {
        InferRequest request;
        request.id = "a\"b\n";
        request.binary_outputs = binary;
        request.outputs.push_back({"y", std::nullopt});
        Tensor tensor;
        tensor.name = "x";
        tensor.shape = {3};
        const float values[] = {1.25F, -0.1F, std::numeric_limits<float>::max()};
        const auto* const bytes = reinterpret_cast<const char*>(values);
        tensor.own({bytes, bytes + sizeof values});
        request.inputs.push_back(std::move(tensor));
        const auto body = serialize(request, binary);
        ASSERT_TRUE(body.ok());
        EXPECT_EQ(body->has_binary(), binary);
        const auto back = parse_request(body->text, body->json_bytes);
        ASSERT_TRUE(back.ok()) << back.error().line();
        EXPECT_EQ(back->id, request.id);
        EXPECT_EQ(values_of<float>(back->inputs[0]), values_of<float>(request.inputs[0]));

        InferResponse response{"m", "1", request.id, {}};
        response.outputs.push_back(std::move(request.inputs[0]));
        response.outputs[0].name = "y";
        const auto answer = serialize(response, request);
        ASSERT_TRUE(answer.ok());
        const auto heard = parse_response(answer->text, answer->json_bytes);
        ASSERT_TRUE(heard.ok()) << heard.error().line();
        EXPECT_EQ(heard->model_name, "m");
        EXPECT_EQ(values_of<float>(heard->outputs[0]), values_of<float>(response.outputs[0]));
        EXPECT_TRUE(Json::accept(answer->text.substr(0, answer->json_bytes)));
    }
}

TEST(OipMessages, NumbersThatJsonLacksAreAskedForAsBytes) {
    InferResponse response{"m", "", "", {}};
    response.outputs.emplace_back();
    response.outputs[0].shape = {1};
    const float nan = std::numeric_limits<float>::quiet_NaN();
    response.outputs[0].own({reinterpret_cast<const char*>(&nan), reinterpret_cast<const char*>(&nan) + 4});
    EXPECT_EQ(serialize(response, {}).error().code(), Errc::unsupported);
    InferRequest binary;
    binary.binary_outputs = true;
    EXPECT_TRUE(serialize(response, binary).ok());
    EXPECT_TRUE(std::isnan(number_at(response.outputs[0], 0)));
}

TEST(OipMetadata, GoesThereAndBack) {
    const Metadata metadata{
        "m", {"1", "2"}, "onnx_onnxv1", {{"x", Datatype::fp32, {-1, 3}}}, {{"y", Datatype::i64, {-1}}}};
    const auto back = parse_metadata(to_json(metadata));
    ASSERT_TRUE(back.ok()) << back.error().line();
    EXPECT_EQ(back->versions, metadata.versions);
    EXPECT_EQ(back->inputs[0].shape, (Shape{-1, 3}));
    EXPECT_EQ(back->outputs[0].type, Datatype::i64);
    EXPECT_TRUE(fits({-1, 3}, {7, 3}));
    EXPECT_FALSE(fits({-1, 3}, {7, 4}));
    EXPECT_FALSE(fits({-1, 3}, {7}));
    EXPECT_FALSE(parse_metadata("[]").ok());
    EXPECT_FALSE(parse_metadata(R"({"inputs":7,"outputs":[]})").ok());
}

TEST(OipTensor, TypesKeepTheirNamesAndSizes) {
    for (const char* name : {"BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16",
                             "BF16", "FP32", "FP64", "BYTES"}) {
        const auto type = datatype_of(name);
        ASSERT_TRUE(type) << name;
        EXPECT_EQ(to_string(*type), name);
        if (const auto dtype = dtype_of(*type)) {
            EXPECT_EQ(size_of(*type), bartizan::size_of(*dtype)) << name;
            EXPECT_EQ(datatype_of(*dtype), *type) << name;
        }
    }
    EXPECT_FALSE(datatype_of("fp32"));
}

}  // namespace
}  // namespace bartizan::oip
