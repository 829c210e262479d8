/// The gRPC form against Google's own reading and writing of it: messages of docs/inference.proto, made at run time.
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "oip/grpc_answer.h"
#include "oip/grpc_client.h"
#include "oip/grpc_request.h"

namespace bartizan::oip {
namespace {

namespace pb = google::protobuf;

/// docs/inference.proto, as protoc reads it.
class Protocol {
public:
    Protocol() {
        std::string folder = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
        if (::mkdtemp(folder.data()) == nullptr) return;
        const std::string set = folder + "/set";
        const std::string source = BARTIZAN_SOURCE_DIR "/docs";
        const std::string command = "protoc -I" + source + " --descriptor_set_out=" + set + " inference.proto";
        pb::FileDescriptorSet files;
        std::ifstream in;
        if (std::system(command.c_str()) == 0) in.open(set, std::ios::binary);
        if (in.is_open() && files.ParseFromIstream(&in)) file_ = pool_.BuildFile(files.file(0));
        std::filesystem::remove_all(folder);
    }
    bool there() const { return file_ != nullptr; }
    std::unique_ptr<pb::Message> make(const std::string& name, const std::string& text = {}) {
        std::unique_ptr<pb::Message> out(factory_.GetPrototype(file_->FindMessageTypeByName(name))->New());
        EXPECT_TRUE(pb::TextFormat::ParseFromString(text, out.get())) << text;
        return out;
    }
    std::string wire(const std::string& name, const std::string& text) { return make(name, text)->SerializeAsString(); }
    std::string request(const std::string& text) { return wire("ModelInferRequest", text); }

private:
    pb::DescriptorPool pool_;
    pb::DynamicMessageFactory factory_{&pool_};
    const pb::FileDescriptor* file_ = nullptr;
};

Result<GrpcInference> read(std::string_view bytes, const Limits& limits = {}) {
    const std::string_view pieces[] = {bytes};
    return read_grpc_inference(WireReader(pieces), limits);
}
/// The message as the REST form reads it.
Result<InferRequest> request_of(const GrpcInference& inference) {
    return parse_request(inference.body.text, inference.body.json_bytes);
}
std::string joined(const WireMessage& message) {
    std::string out;
    for (const WirePiece& piece : message) out.append(piece.text).append(piece.bytes);
    return out;
}
template <class T>
std::vector<T> values_of(const Tensor& tensor) {
    std::vector<T> out(tensor.bytes().size() / sizeof(T));
    std::memcpy(out.data(), tensor.bytes().data(), tensor.bytes().size());
    return out;
}

class Grpc : public testing::Test {
protected:
    void SetUp() override {
        if (!protocol().there()) GTEST_SKIP() << "protoc is not installed";
    }
    static Protocol& protocol() {
        static Protocol one;
        return one;
    }
    static std::string fault(const std::string& text) {
        const auto inference = read(protocol().request(text));
        if (!inference.ok()) return inference.error().line();
        const auto request = request_of(*inference);
        return request.ok() ? "" : request.error().line();
    }
};

constexpr char kRaw[] = R"(model_name: "fashion" model_version: "3" id: "42"
    parameters { key: "priority" value { int64_param: -7 } } parameters { key: "who" value { string_param: "a\"b" } }
    parameters { key: "on" value { bool_param: true } } parameters { key: "scale" value { double_param: 0.5 } }
    parameters { key: "seed" value { uint64_param: 18446744073709551615 } }
    inputs { name: "x" datatype: "FP32" shape: [1, 2] } inputs { name: "y" datatype: "BYTES" shape: [2] }
    outputs { name: "scores" }
    raw_input_contents: "\x00\x00\x80\x3f\x00\x00\x00\xc0" raw_input_contents: "\x02\x00\x00\x00ab\x00\x00\x00\x00")";

TEST_F(Grpc, ReadsRawRequests) {
    const auto inference = read(protocol().request(kRaw));
    ASSERT_TRUE(inference.ok()) << inference.error().line();
    EXPECT_EQ(inference->model.name, "fashion");
    EXPECT_EQ(inference->model.version, "3");
    EXPECT_TRUE(inference->raw);
    const auto request = request_of(*inference);
    ASSERT_TRUE(request.ok()) << request.error().line();
    EXPECT_EQ(request->id, "42");
    EXPECT_EQ(values_of<float>(request->inputs[0]), (std::vector<float>{1, -2}));
    EXPECT_EQ(request->inputs[1].bytes(), std::string_view("\x02\x00\x00\x00"
                                                           "ab\x00\x00\x00\x00",
                                                           10));
    EXPECT_EQ(request->outputs.at(0).name, "scores");
    EXPECT_TRUE(request->wants_binary("scores"));
    std::map<std::string, std::string> parameters(request->parameters.begin(), request->parameters.end());
    EXPECT_EQ(parameters["priority"], "-7");
    EXPECT_EQ(parameters["who"], R"("a\"b")");
    EXPECT_EQ(parameters["on"], "true");
    EXPECT_EQ(parameters["scale"], "0.5");
    EXPECT_EQ(parameters["seed"], "18446744073709551615");
}

TEST_F(Grpc, ReadsTheSameHoweverTheMessageIsCut) {
    const std::string bytes = protocol().request(kRaw);
    const auto whole = read(bytes);
    ASSERT_TRUE(whole.ok());
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        std::vector<std::string_view> pieces;
        for (std::size_t at = 0; at < bytes.size(); at += size) {
            pieces.push_back(std::string_view(bytes).substr(at, size));
            pieces.emplace_back();
        }
        const auto cut = read_grpc_inference(WireReader(pieces));
        ASSERT_TRUE(cut.ok()) << size << cut.error().line();
        EXPECT_EQ(cut->body.text, whole->body.text);
    }
}

TEST_F(Grpc, ReadsTheListOfEveryType) {
    const auto check = [](const std::string& type, const std::string& contents, const auto& expected) {
        const auto inference =
            read(protocol().request("inputs { name: 'x' datatype: '" + type + "' shape: [" +
                                    std::to_string(expected.size()) + "] contents { " + contents + " } }"));
        ASSERT_TRUE(inference.ok()) << type << inference.error().line();
        EXPECT_FALSE(inference->raw);
        const auto request = request_of(*inference);
        ASSERT_TRUE(request.ok()) << type << request.error().line();
        using Value = typename std::decay_t<decltype(expected)>::value_type;
        EXPECT_EQ(values_of<Value>(request->inputs[0]), expected) << type;
    };
    check("BOOL", "bool_contents: [true, false, true]", std::vector<std::uint8_t>{1, 0, 1});
    check("INT8", "int_contents: [-128, 127, 0]", std::vector<std::int8_t>{-128, 127, 0});
    check("INT16", "int_contents: [-32768, 32767]", std::vector<std::int16_t>{-32768, 32767});
    check("INT32", "int_contents: [-2147483648, 2147483647]",
          std::vector<std::int32_t>{std::numeric_limits<std::int32_t>::min(), 2147483647});
    check("INT64", "int64_contents: [-9223372036854775808, 5]",
          std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min(), 5});
    check("UINT8", "uint_contents: [255]", std::vector<std::uint8_t>{255});
    check("UINT16", "uint_contents: [65535, 1]", std::vector<std::uint16_t>{65535, 1});
    check("UINT32", "uint_contents: [4294967295]", std::vector<std::uint32_t>{4294967295U});
    check("UINT64", "uint64_contents: [18446744073709551615]", std::vector<std::uint64_t>{~0ULL});
    check("FP32", "fp32_contents: [1.5, -0.25]", std::vector<float>{1.5F, -0.25F});
    check("FP64", "fp64_contents: [0.1, -1e300]", std::vector<double>{0.1, -1e300});
    const auto strings = read(protocol().request(
        "inputs { name: 'x' datatype: 'BYTES' shape: [2] contents { bytes_contents: ['abc', ''] } }"));
    ASSERT_TRUE(strings.ok());
    EXPECT_EQ(request_of(*strings)->inputs[0].bytes(), std::string_view("\x03\x00\x00\x00"
                                                                        "abc\x00\x00\x00\x00",
                                                                        11));
}

TEST_F(Grpc, TakesListsThatAreNotPacked) {
    // fp32_contents: 1, -2, each with a tag of its own, and a shape of two fields.
    const std::string contents = std::string("\x35\x00\x00\x80\x3f\x35\x00\x00\x00\xc0", 10);
    std::string tensor, message;
    append_item(tensor, 5, contents);
    append_item(tensor, 1, "x");
    append_number(tensor, 3, 1);
    append_number(tensor, 3, 2);
    append_item(tensor, 2, "FP32");
    append_item(message, 5, tensor);
    const auto theirs = protocol().make("ModelInferRequest");
    ASSERT_TRUE(theirs->ParseFromString(message));
    const auto inference = read(message);
    ASSERT_TRUE(inference.ok()) << inference.error().line();
    EXPECT_EQ(values_of<float>(request_of(*inference)->inputs[0]), (std::vector<float>{1, -2}));
    EXPECT_EQ(request_of(*inference)->inputs[0].shape, (Shape{1, 2}));
}

TEST_F(Grpc, RefusesWhatCouldBeReadInTwoWaysOrDoesNotFit) {
    const std::string x = "inputs { name: 'x' datatype: 'FP32' shape: [1] ";
    EXPECT_NE(fault("model_name: 'm'"), "");
    EXPECT_NE(fault(x + "contents { fp32_contents: 1 } } raw_input_contents: '\\000\\000\\000\\000'"), "");
    EXPECT_NE(fault(x + "} " + x + "} raw_input_contents: '1234'"), "");
    EXPECT_NE(fault(x + "} raw_input_contents: '123'"), "");
    EXPECT_NE(fault(x + "contents { fp64_contents: 1 } }"), "");
    EXPECT_NE(fault(x + "contents { fp32_contents: [1, 2] } }"), "");
    EXPECT_NE(fault(x + "}"), "");
    EXPECT_NE(fault("inputs { name: 'x' datatype: 'FP16' shape: [1] contents { fp32_contents: 1 } }"), "");
    EXPECT_NE(fault("inputs { name: 'x' datatype: 'INT8' shape: [1] contents { int_contents: 128 } }"), "");
    EXPECT_NE(fault("inputs { name: 'x' datatype: 'UINT8' shape: [1] contents { uint_contents: 256 } }"), "");
    EXPECT_NE(fault("inputs { name: 'x' datatype: 'FP33' shape: [1] }"), "");
    EXPECT_NE(fault("inputs { name: 'x' datatype: 'FP32' shape: [-1] }"), "");
    EXPECT_NE(fault("inputs { name: 'x' datatype: 'FP32' shape: [1000000, 1000000] }"), "");
    EXPECT_NE(fault(x + "parameters { key: 'shared_memory_region' value { string_param: 'a' } } }").find("not taken"),
              std::string::npos);
    EXPECT_NE(fault(x + "contents { fp32_contents: 1 } } parameters { key: 'a' value { double_param: inf } }"), "");
    // Twice the same field, parameter or tensor.
    const std::string good = protocol().request(x +
                                                "contents { fp32_contents: 1 } } model_name: 'm' parameters "
                                                "{ key: 'a' value { int64_param: 1 } }");
    EXPECT_TRUE(read(good).ok());
    for (const char* more :
         {"model_name: 'n'", "model_version: '1' id: 'a'", "parameters { key: 'a' value { bool_param: true } }"}) {
        const std::string twice = good + protocol().request(more) + protocol().request(more);
        EXPECT_FALSE(read(twice).ok()) << more;
    }
    EXPECT_NE(fault(x + "contents { fp32_contents: 1 } } " + x + "contents { fp32_contents: 1 } }"), "");
}

TEST_F(Grpc, BoundsWhatItReads) {
    const Limits tight{.tensors = 2, .rank = 3, .name_bytes = 8, .parameters = 1, .elements = 4, .bytes = 12};
    const auto refused = [&](const std::string& text) {
        const auto out = read(protocol().request(text), tight);
        return !out.ok();
    };
    const std::string x = "inputs { datatype: 'FP32' shape: [1] contents { fp32_contents: 1 } name: ";
    EXPECT_FALSE(refused(x + "'a' } " + x + "'b' }"));
    EXPECT_TRUE(refused(x + "'a' } " + x + "'b' } " + x + "'c' }"));
    EXPECT_TRUE(refused(x + "'123456789' }"));
    EXPECT_TRUE(refused("inputs { name: 'a' datatype: 'FP32' shape: [1, 1, 1, 1] contents { fp32_contents: 1 } }"));
    EXPECT_TRUE(refused("inputs { name: 'a' datatype: 'FP32' shape: [5] }"));
    EXPECT_TRUE(refused("inputs { name: 'a' datatype: 'FP64' shape: [2] contents { fp64_contents: [1, 2] } }"));
    // A byte of the message for each eight of the tensor.
    EXPECT_TRUE(refused("inputs { name: 'a' datatype: 'INT64' shape: [2] contents { int64_contents: [1, 2] } }"));
    EXPECT_TRUE(refused("inputs { name: 'a' datatype: 'BYTES' shape: [1] contents { bytes_contents: '123456789' } }"));
    EXPECT_TRUE(refused("inputs { name: 'a' datatype: 'UINT8' shape: [4] } raw_input_contents: '1234567890123'"));
    EXPECT_TRUE(refused(x + "'a' } parameters { key: 'a' value { bool_param: true } } parameters { key: 'b' value "
                            "{ bool_param: true } }"));
}

TEST_F(Grpc, CorruptMessagesEndInAnErrorOrInWhatFits) {
    const std::string typed = protocol().request(
        "model_name: 'm' inputs { name: 'x' datatype: 'INT32' shape: [3] contents { int_contents: [1, 300, -1] } } "
        "inputs "
        "{ name: 'y' datatype: 'BYTES' shape: [1] contents { bytes_contents: 'abc' } }");
    Random random(3, 4);
    for (const std::string& good : {protocol().request(kRaw), typed}) {
        for (std::size_t size = 0; size < good.size(); ++size) (void)read(std::string_view(good).substr(0, size)).ok();
        for (int round = 0; round < 20'000; ++round) {
            std::string bad = good;
            for (int i = 0; i < 3; ++i) bad[random.below(bad.size())] = static_cast<char>(random.below(256));
            const auto inference = read(bad);
            if (!inference.ok()) continue;
            const auto request = request_of(*inference);
            for (std::size_t i = 0; request.ok() && i < request->inputs.size(); ++i)
                EXPECT_TRUE(check_bytes(request->inputs[i]).ok());
            // What we take, Protocol Buffers take too.
            EXPECT_TRUE(protocol().make("ModelInferRequest")->ParsePartialFromString(bad));
        }
    }
}

InferResponse answer_of_all_types() {
    InferResponse out{.model_name = "m", .model_version = "2", .id = "7"};
    for (const Datatype type :
         {Datatype::boolean, Datatype::i8, Datatype::i16, Datatype::i32, Datatype::i64, Datatype::u8, Datatype::u16,
          Datatype::u32, Datatype::u64, Datatype::fp32, Datatype::fp64}) {
        Tensor tensor;
        tensor.name = std::string(to_string(type));
        tensor.type = type;
        tensor.shape = {2, 1};
        std::vector<char> bytes(2 * size_of(type), '\0');
        bytes.back() = type == Datatype::boolean
                           ? 1
                           : static_cast<char>(type == Datatype::fp32 || type == Datatype::fp64 ? 0x40 : 0x85);
        tensor.own(std::move(bytes));
        out.outputs.push_back(std::move(tensor));
    }
    Tensor strings;
    strings.name = "BYTES";
    strings.type = Datatype::bytes;
    strings.shape = {2};
    const std::string_view text("\x00\x00\x00\x00\x02\x00\x00\x00hi", 10);
    strings.own({text.begin(), text.end()});
    out.outputs.push_back(std::move(strings));
    return out;
}

TEST_F(Grpc, WritesAnswersThatProtocolBuffersRead) {
    const InferResponse response = answer_of_all_types();
    for (const bool raw : {true, false}) {
        const std::string bytes = joined(grpc_answer(response, raw));
        const auto message = protocol().make("ModelInferResponse");
        ASSERT_TRUE(message->ParseFromString(bytes));
        EXPECT_EQ(message->SerializeAsString().size(), bytes.size());
        // Input and output tensors are alike on the wire: what was written reads back.
        std::string text, request;
        pb::TextFormat::PrintToString(*message, &text);
        EXPECT_NE(text.find("model_version: \"2\""), std::string::npos);
        for (const auto& [from, to] :
             {std::pair("outputs {", "inputs {"), std::pair("raw_output_contents", "raw_input_contents")})
            for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += std::strlen(to))
                text.replace(at, std::strlen(from), to);
        const auto again = read(protocol().request(text));
        ASSERT_TRUE(again.ok()) << again.error().line();
        const auto tensors = request_of(*again);
        ASSERT_TRUE(tensors.ok()) << tensors.error().line();
        ASSERT_EQ(tensors->inputs.size(), response.outputs.size());
        for (std::size_t i = 0; i < response.outputs.size(); ++i) {
            EXPECT_EQ(tensors->inputs[i].bytes(), response.outputs[i].bytes()) << response.outputs[i].name;
            EXPECT_EQ(tensors->inputs[i].shape, response.outputs[i].shape);
        }
    }
}

TEST_F(Grpc, HalfFloatsGoBackRawWhateverTheRequestWas) {
    InferResponse response;
    response.outputs.emplace_back();
    response.outputs[0].name = "h";
    response.outputs[0].type = Datatype::fp16;
    response.outputs[0].shape = {1};
    response.outputs[0].refer("\x00\x3c");
    response.outputs[0].refer(std::string_view("\x00\x3c", 2));
    const auto message = protocol().make("ModelInferResponse");
    ASSERT_TRUE(message->ParseFromString(joined(grpc_answer(response, false))));
    EXPECT_NE(message->ShortDebugString().find("raw_output_contents"), std::string::npos);
}

TEST_F(Grpc, WritesMetadata) {
    const Metadata metadata{
        "m", {"1", "2"}, "onnx_onnxv1", {{"x", Datatype::fp32, {-1, 3}}}, {{"y", Datatype::i64, {}}}};
    const auto model = protocol().make("ModelMetadataResponse");
    ASSERT_TRUE(model->ParseFromString(joined(grpc_answer(metadata))));
    EXPECT_EQ(
        model->ShortDebugString(),
        R"(name: "m" versions: "1" versions: "2" platform: "onnx_onnxv1" inputs { name: "x" datatype: "FP32" shape: -1 )"
        R"(shape: 3 } outputs { name: "y" datatype: "INT64" })");
    const auto server = protocol().make("ServerMetadataResponse");
    const std::string extensions[] = {"a", "b"};
    ASSERT_TRUE(server->ParseFromString(joined(grpc_server("bartizan", "0.1", extensions))));
    EXPECT_EQ(server->ShortDebugString(), R"(name: "bartizan" version: "0.1" extensions: "a" extensions: "b")");
    const auto ready = protocol().make("ModelReadyResponse");
    ASSERT_TRUE(ready->ParseFromString(joined(grpc_flag(true))));
    EXPECT_EQ(ready->ShortDebugString(), "ready: true");
    EXPECT_EQ(joined(grpc_flag(false)), "");
}

TEST_F(Grpc, ReadsTheNameOfAModel) {
    const std::string bytes = protocol().wire("ModelReadyRequest", "name: 'fashion' version: '2'");
    const std::string_view pieces[] = {bytes};
    const auto model = read_grpc_model(WireReader(pieces));
    ASSERT_TRUE(model.ok());
    EXPECT_EQ(model->name + "@" + model->version, "fashion@2");
    const std::string_view bad[] = {std::string_view(bytes).substr(0, 5)};
    EXPECT_FALSE(read_grpc_model(WireReader(bad)).ok());
}

TEST_F(Grpc, WritesQuestionsThatProtocolBuffersRead) {
    const auto inference = read(protocol().request(kRaw));
    const auto request = request_of(*inference);
    ASSERT_TRUE(request.ok()) << request.error().line();
    const std::string bytes = grpc_question(inference->model, *request);
    EXPECT_TRUE(protocol().make("ModelInferRequest")->ParseFromString(bytes));
    const auto again = read(bytes);
    ASSERT_TRUE(again.ok()) << again.error().line();
    EXPECT_EQ(again->model.name + "@" + again->model.version, "fashion@3");
    const auto back = request_of(*again);
    ASSERT_TRUE(back.ok()) << back.error().line();
    EXPECT_EQ(back->id, "42");
    EXPECT_EQ(back->parameters, request->parameters);
    ASSERT_EQ(back->inputs.size(), 2U);
    EXPECT_EQ(back->inputs[0].bytes(), request->inputs[0].bytes());
    EXPECT_EQ(back->inputs[1].bytes(), request->inputs[1].bytes());
    EXPECT_EQ(back->outputs[0].name, "scores");
}

TEST_F(Grpc, ReadsAnswersThatProtocolBuffersWrite) {
    const InferResponse response = answer_of_all_types();
    for (const bool raw : {true, false}) {
        const std::string bytes = joined(grpc_answer(response, raw));
        const std::string_view pieces[] = {std::string_view(bytes).substr(0, 7), std::string_view(bytes).substr(7)};
        const auto back = read_grpc_answer(WireReader(pieces));
        ASSERT_TRUE(back.ok()) << back.error().line();
        EXPECT_EQ(back->model_name + back->model_version + back->id,
                  response.model_name + response.model_version + response.id);
        ASSERT_EQ(back->outputs.size(), response.outputs.size());
        for (std::size_t i = 0; i < response.outputs.size(); ++i) {
            EXPECT_EQ(back->outputs[i].name, response.outputs[i].name);
            EXPECT_EQ(back->outputs[i].type, response.outputs[i].type);
            EXPECT_EQ(back->outputs[i].shape, response.outputs[i].shape);
            EXPECT_EQ(back->outputs[i].bytes(), response.outputs[i].bytes()) << response.outputs[i].name;
        }
    }
    const auto fault = [&](const std::string& text) {
        const std::string bytes = protocol().wire("ModelInferResponse", text);
        const std::string_view pieces[] = {bytes};
        const auto answer = read_grpc_answer(WireReader(pieces));
        return answer.ok() ? std::string() : answer.error().line();
    };
    EXPECT_NE(fault(R"(outputs { name: "y" datatype: "FP32" shape: 2 } raw_output_contents: "abc")"), "");
    EXPECT_NE(fault(R"(outputs { name: "y" datatype: "FP32" shape: 99999999 } raw_output_contents: "abcd")"), "");
    EXPECT_NE(fault(R"(outputs { name: "y" datatype: "FP32" shape: 1 } raw_output_contents: ["abcd", "abcd"])"), "");
    EXPECT_NE(fault(R"(outputs { name: "y" datatype: "WHAT" shape: 1 } raw_output_contents: "abcd")"), "");
}

TEST_F(Grpc, ReadsMetadataAndFlags) {
    const Metadata metadata{
        "m", {"1", "2"}, "onnx_onnxv1", {{"x", Datatype::fp32, {-1, 3}}}, {{"y", Datatype::i64, {}}}};
    const std::string bytes = joined(grpc_answer(metadata));
    const std::string_view pieces[] = {bytes};
    const auto back = read_grpc_metadata(WireReader(pieces));
    ASSERT_TRUE(back.ok()) << back.error().line();
    EXPECT_EQ(to_json(*back), to_json(metadata));
    const std::string strange = protocol().wire("ModelMetadataResponse", R"(inputs { name: "x" datatype: "WHAT" })");
    const std::string_view strange_pieces[] = {strange};
    EXPECT_TRUE(read_grpc_metadata(WireReader(strange_pieces))->inputs.empty());
    const std::string yes = joined(grpc_flag(true));
    const std::string_view yes_pieces[] = {yes}, bad_pieces[] = {"\x0a"};
    EXPECT_TRUE(*read_grpc_flag(WireReader(yes_pieces)));
    EXPECT_FALSE(*read_grpc_flag(WireReader()));
    EXPECT_FALSE(read_grpc_flag(WireReader(bad_pieces)).ok());
}

TEST(Wire, RefusesNumbersThatDoNotEnd) {
    const std::string_view pieces[] = {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"};
    WireReader reader(pieces);
    std::uint64_t value = 0;
    EXPECT_FALSE(reader.varint(value));
    const std::string_view largest[] = {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"};
    WireReader good(largest);
    EXPECT_TRUE(good.varint(value));
    EXPECT_EQ(value, ~0ULL);
    EXPECT_TRUE(good.at_end());
    const std::string_view group[] = {"\x0b"};
    WireReader groups(group);
    WireReader::Field field;
    EXPECT_FALSE(groups.next(field));
    EXPECT_TRUE(groups.failed());
}

}  // namespace
}  // namespace bartizan::oip
