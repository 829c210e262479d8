/// ONNX models (onnx.proto3), walked over the wire without building them: where they read data from, which libraries
/// they need, which shapes they claim.
#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "scan/archive/member.h"
#include "scan/binary/onnx_tensor.h"
#include "scan/binary/weights.h"
#include "scan/binary/wire.h"
#include "scan/hunt.h"
#include "scan/judges.h"
#include "scan/say.h"
#include "scan/tensors/tensor.h"
#include "scan/text/words.h"

namespace bartizan::scan {
namespace {

constexpr int kMaxDepth = 64;
/// More elements in one tensor than this are absurd: 2^46.
constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 46;

enum class Message { model, graph, node, attribute, tensor, sparse_tensor, function, entry, training, other };

/// What the field of a message holds, as far as it matters here.
Message inner_message(Message outer, std::uint32_t field) {
    switch (outer) {
        case Message::model:
            return field == 7    ? Message::graph
                   : field == 25 ? Message::function
                   : field == 20 ? Message::training
                   : field == 14 ? Message::entry
                                 : Message::other;
        case Message::training:
            return field == 1 || field == 2 ? Message::graph : Message::other;
        case Message::graph:
            return field == 1    ? Message::node
                   : field == 5  ? Message::tensor
                   : field == 15 ? Message::sparse_tensor
                   : field == 16 ? Message::entry
                                 : Message::other;
        case Message::function:
            return field == 7 ? Message::node : field == 11 ? Message::attribute : Message::other;
        case Message::node:
            return field == 5 ? Message::attribute : field == 9 ? Message::entry : Message::other;
        case Message::attribute:
            if (field == 5 || field == 10) return Message::tensor;
            if (field == 6 || field == 11) return Message::graph;
            return field == 22 || field == 23 ? Message::sparse_tensor : Message::other;
        case Message::sparse_tensor:
            return field == 1 || field == 2 ? Message::tensor : Message::other;
        default:
            return Message::other;
    }
}

bool is_standard(std::string_view domain) {
    constexpr std::array kDomains = {"",
                                     "ai.onnx",
                                     "ai.onnx.ml",
                                     "ai.onnx.training",
                                     "ai.onnx.preview.training",
                                     "ai.onnx.preview",
                                     "org.pytorch.aten",
                                     "com.microsoft",
                                     "com.microsoft.experimental",
                                     "com.microsoft.nchwc",
                                     "com.microsoft.nhwc",
                                     "com.ms.internal.nhwc",
                                     "com.microsoft.mlfeaturizers",
                                     "pkg.onnxscript.torch_lib",
                                     "pkg.onnxscript.torch_lib.common",
                                     "ai.onnx.contrib",
                                     "pkg.torch"};
    return std::ranges::find(kDomains, domain) != kDomains.end() || domain.starts_with("pkg.torch.") ||
           domain.starts_with("pkg.transformers.");
}

class OnnxJudge {
public:
    explicit OnnxJudge(Context& context) : context_(context), weights_(context) {}

    void run(Bytes content, Message kind) {
        if (kind == Message::model) find_functions(content);
        walk(content, kind, 0, 0);
        if (faulty_) broken(context_, "a message that breaks off or is none", 0);
    }

private:
    /// Domains that the model itself brings the functions of.
    void find_functions(Bytes content) {
        WireReader reader(content);
        for (WireField field; reader.next(field);) {
            if (field.number != 25 || field.type != WireType::bytes) continue;
            WireReader function(field.content);
            for (WireField inner; function.next(inner);)
                if (inner.number == 10) own_domains_.insert(std::string(inner.text().substr(0, 256)));
        }
    }

    void walk(Bytes message, Message kind, std::uint64_t at, int depth) {
        if (depth > kMaxDepth) return context_.incomplete("messages nested too deep", at);
        if (kind == Message::node) judge_node(message, at);
        if (kind == Message::tensor) judge_tensor(message, at);
        if (kind == Message::entry) judge_entry(message, at);
        WireReader reader(message);
        for (WireField field; reader.next(field);) {
            if (context_.budget.steps == 0) return context_.incomplete("too many messages", at);
            --context_.budget.steps;
            if (field.type != WireType::bytes) continue;
            const Message inner = inner_message(kind, field.number);
            if (inner != Message::other) walk(field.content, inner, at + field.at, depth + 1);
        }
        faulty_ |= reader.faulty();
    }

    void judge_node(Bytes message, std::uint64_t at) {
        std::string_view op, domain;
        WireReader reader(message);
        for (WireField field; reader.next(field);) {
            if (field.number == 4) op = field.text();
            if (field.number == 7) domain = field.text();
        }
        constexpr std::array kPython = {"PyOp", "PythonOp", "PythonOpGrad", "PyCustomOp", "PyFunc", "PyCustomOpDef"};
        if (std::ranges::find(kPython, op) != kPython.end())
            malicious(context_, rule::kRunsCode, "an operator that runs Python code", at, excerpt(op));
        else if (!is_standard(domain) && !own_domains_.contains(std::string(domain.substr(0, 256))) &&
                 said_.insert(std::string(domain.substr(0, 256))).second)
            unproven(context_, rule::kUnprovenCode, "an operator that a library of its own must bring", at,
                     excerpt(domain) + "::" + excerpt(op));
    }

    void judge_entry(Bytes message, std::uint64_t at) {
        WireReader reader(message);
        for (WireField field; reader.next(field);) {
            if (field.number != 2 || field.type != WireType::bytes) continue;
            report_secrets(field.text(), context_, at + field.at);
            if (const std::string_view command = command_in(field.text()); !command.empty())
                unproven(context_, rule::kUnprovenCode, "code or a command in the metadata", at, excerpt(command));
        }
    }

    void judge_tensor(Bytes message, std::uint64_t at) {
        std::uint64_t elements = 1;
        bool absurd = false;
        const auto extent = [&](std::uint64_t value) {
            absurd |=
                value > kMaxElements || __builtin_mul_overflow(elements, value, &elements) || elements > kMaxElements;
        };
        WireReader reader(message);
        for (WireField field; reader.next(field);) {
            if (field.number == 13 && field.type == WireType::bytes) judge_location(field.content, at + field.at);
            if (field.number != 1) continue;
            if (field.type == WireType::varint) extent(field.value);
            if (field.type == WireType::bytes) for_each_varint(field.content, extent);
        }
        if (absurd) return unproven(context_, rule::kExhausts, "a tensor of an absurd shape", at);
        judge_values(message, at);
    }

    void judge_values(Bytes message, std::uint64_t at) {
        const OnnxTensor tensor = onnx_tensor(message);
        if (const auto kind = float_of(tensor.tensor.type); kind && !tensor.tensor.values.empty())
            weights_.tensor(tensor.tensor.values, *kind, tensor.tensor.name, at + tensor.at);
        if (context_.tensors == nullptr || tensor.tensor.name.empty()) return;
        if (tensor.why_not.empty())
            context_.tensors->add(tensor.tensor);
        else
            context_.tensors->leave_out(tensor.tensor.name, std::string(tensor.why_not));
    }

    void judge_location(Bytes message, std::uint64_t at) {
        std::string_view key, value;
        WireReader reader(message);
        for (WireField field; reader.next(field);) {
            if (field.number == 1) key = field.text();
            if (field.number == 2) value = field.text();
        }
        if (key != "location") return;
        if (leaves_folder(value) || value.find("://") != std::string_view::npos)
            malicious(context_, rule::kOutsideFolder, "external data outside the model's folder", at, excerpt(value));
    }

    Context& context_;
    WeightsJudge weights_;
    std::set<std::string> own_domains_, said_;
    bool faulty_ = false;
};

}  // namespace

bool looks_like_onnx(Bytes content) {
    // ModelProto: each field has one wire type; the graph and a version or an operator set must be there.
    constexpr std::uint32_t kTexts[] = {2, 3, 4, 6, 7, 8, 14, 20, 25, 26};
    WireReader reader(content);
    bool graph = false, version = false;
    for (WireField field; reader.next(field);) {
        const bool text = std::ranges::find(kTexts, field.number) != std::end(kTexts);
        const bool number = field.number == 1 || field.number == 5;
        if (!(text && field.type == WireType::bytes) && !(number && field.type == WireType::varint)) return false;
        graph |= field.number == 7;
        version |= (field.number == 1 && field.value >= 1 && field.value < 1'000) || field.number == 8;
    }
    return graph && version;
}

void judge_onnx(Bytes content, Context& context) { OnnxJudge(context).run(content, Message::model); }

bool looks_like_onnx_tensor(Bytes content) {
    // TensorProto, as test data and weights are stored one by one.
    constexpr std::uint64_t kTypes = 32;
    WireReader reader(content);
    bool type = false, data = false;
    for (WireField field; reader.next(field);) {
        const bool number = field.number == 1 || field.number == 2 || field.number == 14;
        const bool fits = field.type == WireType::bytes ? field.number != 2 && field.number != 14
                                                        : number && field.type == WireType::varint;
        if (field.number > 14 || !fits) return false;
        if (field.number == 2) {
            if (field.value == 0 || field.value > kTypes) return false;
            type = true;
        }
        data |= (field.number >= 4 && field.number <= 11) || field.number == 13 || field.number == 1;
    }
    return type && data && !reader.faulty();
}
void judge_onnx_tensor(Bytes content, Context& context) { OnnxJudge(context).run(content, Message::tensor); }

}  // namespace bartizan::scan
