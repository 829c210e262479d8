/// TensorFlow SavedModel, frozen GraphDef and keras_metadata.pb, walked over the wire: operators that run Python, touch
/// files or talk to the network, wherever they hide, and the Keras configuration that lies in the object graph.
#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "scan/archive/member.h"
#include "scan/binary/wire.h"
#include "scan/config/config_events.h"
#include "scan/judges.h"
#include "scan/say.h"

namespace bartizan::scan {
namespace {

constexpr int kMaxDepth = 32;

enum class Message { saved_model, meta_graph, graph, node, library, function, objects, object, asset, metadata, other };

Message inner_message(Message outer, std::uint32_t field) {
    switch (outer) {
        case Message::saved_model:
            return field == 2 ? Message::meta_graph : Message::other;
        case Message::meta_graph:
            return field == 2   ? Message::graph
                   : field == 6 ? Message::asset
                   : field == 7 ? Message::objects
                                : Message::other;
        case Message::graph:
            return field == 1 ? Message::node : field == 2 ? Message::library : Message::other;
        case Message::library:
            return field == 1 ? Message::function : Message::other;
        case Message::function:
            return field == 3 ? Message::node : Message::other;
        case Message::objects:
            return field == 1 ? Message::object : Message::other;
        case Message::object:
            return field == 4 ? Message::metadata : Message::other;
        default:
            return Message::other;
    }
}

constexpr std::array kPython = {"PyFunc", "PyFuncStateless", "EagerPyFunc"};
constexpr std::array kWrites = {"WriteFile", "ReadFile", "FileSystemSetConfiguration"};
constexpr std::array kReads = {"MatchingFiles",
                               "WholeFileReader",
                               "WholeFileReaderV2",
                               "TextLineReader",
                               "TextLineReaderV2",
                               "TextLineDataset",
                               "TFRecordDataset",
                               "TFRecordDatasetV2",
                               "TFRecordReader",
                               "TFRecordReaderV2",
                               "FixedLengthRecordDataset",
                               "SqlDataset",
                               "SaveDataset",
                               "SaveDatasetV2",
                               "LoadDataset",
                               "SnapshotDataset",
                               "CreateSummaryFileWriter",
                               "CreateSummaryDbWriter",
                               "DecodeProtoV2",
                               "DumpTensor",
                               "RemoteFusedGraphExecute",
                               "AudioMicrofrontendFile",
                               "DatasetToTFRecord",
                               "PrintV2File"};
constexpr std::array kNetwork = {"RpcCall",
                                 "RpcClient",
                                 "RpcServer",
                                 "RpcServerStart",
                                 "DataServiceDataset",
                                 "DataServiceDatasetV2",
                                 "RegisterDataset",
                                 "RegisterDatasetV2",
                                 "DebugIdentity",
                                 "DebugIdentityV2",
                                 "DebugIdentityV3",
                                 "DebugNanCount",
                                 "DebugNumericSummary",
                                 "RemoteCall",
                                 "BigQueryReader",
                                 "GenerateBigQueryReaderPartitions",
                                 "ZMQDataset",
                                 "KafkaDataset",
                                 "CloudBigtableClient",
                                 "IO>BigQueryClient"};
/// No operator of TensorFlow has such a name.
constexpr std::array kForeign = {"Shell", "Execute", "System", "Command", "Python", "Spawn", "Subprocess", "Eval"};

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<const char*, N>& list) {
    return std::ranges::find(list, text) != list.end();
}

class GraphJudge {
public:
    explicit GraphJudge(Context& context) : context_(context) {}

    void run(Bytes content, Message kind) {
        walk(content, kind, 0, 0);
        if (faulty_) broken(context_, "a message that breaks off or is none", 0);
    }

private:
    void walk(Bytes message, Message kind, std::uint64_t at, int depth) {
        if (depth > kMaxDepth) return context_.incomplete("messages nested too deep", at);
        WireReader reader(message);
        for (WireField field; reader.next(field);) {
            if (context_.budget.steps == 0) return context_.incomplete("too many messages", at);
            --context_.budget.steps;
            if (field.type != WireType::bytes) continue;
            if (kind == Message::node && field.number == 2) judge_op(field.text(), at + field.at);
            if (kind == Message::node && field.number == 5) judge_attribute(field.text(), at + field.at);
            if (kind == Message::asset && field.number == 2 && leaves_folder(field.text()))
                malicious(context_, rule::kOutsideFolder, "an asset outside the model's folder", at + field.at,
                          excerpt(field.text()));
            if (kind == Message::metadata) judge_configuration(field.content, at + field.at);
            const Message inner = inner_message(kind, field.number);
            if (inner != Message::other) walk(field.content, inner, at + field.at, depth + 1);
        }
        faulty_ |= reader.faulty();
    }

    void judge_op(std::string_view op, std::uint64_t at) {
        // What is cut off is judged by what it would be.
        if (op.size() > 128 || !said_.insert(std::string(op)).second) return;
        if (is_one_of(op, kPython))
            malicious(context_, rule::kRunsCode, "an operator that runs Python code", at, excerpt(op));
        else if (is_one_of(op, kWrites))
            malicious(context_, rule::kTouchesFiles, "an operator that reads or writes files", at, excerpt(op));
        else if (is_one_of(op, kReads))
            unproven(context_, rule::kTouchesFiles, "an operator that opens files", at, excerpt(op));
        else if (is_one_of(op, kNetwork))
            unproven(context_, rule::kTouchesNetwork, "an operator that talks to other machines", at, excerpt(op));
        else if (std::ranges::any_of(kForeign,
                                     [&](const char* part) { return op.find(part) != std::string_view::npos; }))
            unproven(context_, rule::kUnprovenCode, "an operator that a library of its own must bring", at,
                     excerpt(op));
    }

    /// PrintV2 and the debugging operators write to where an attribute says.
    void judge_attribute(std::string_view text, std::uint64_t at) {
        const bool stream = text.starts_with("\n\routput_stream") || text.starts_with("\n\ndebug_urls");
        if (stream &&
            (text.find("file://") != std::string_view::npos || text.find("grpc://") != std::string_view::npos))
            malicious(context_, rule::kTouchesFiles, "an operator that writes to a file or an address", at,
                      excerpt(text));
    }

    void judge_configuration(Bytes content, std::uint64_t at) {
        if (!looks_like_json(content)) return;
        Context inner = context_;
        inner.base += at;
        ConfigEvents events(inner, 0);
        read_json({reinterpret_cast<const char*>(content.data()), content.size()}, 0, events);
    }

    Context& context_;
    std::set<std::string> said_;
    bool faulty_ = false;
};

struct Shape {
    int fields = 0;
    bool fits = true;
};

/// The fields of a message are all among `texts` (bytes) and `numbers` (varint).
Shape shape_of(Bytes message, std::string_view texts, std::string_view numbers) {
    WireReader reader(message);
    Shape shape;
    for (WireField field; reader.next(field) && shape.fits; ++shape.fields) {
        const char number = field.number < 10 ? static_cast<char>('0' + field.number) : '?';
        shape.fits = (field.type == WireType::bytes && texts.find(number) != std::string_view::npos) ||
                     (field.type == WireType::varint && numbers.find(number) != std::string_view::npos);
    }
    shape.fits = shape.fits && shape.fields > 0;
    return shape;
}

bool is_identifier(std::string_view text) {
    return !text.empty() && text.size() < 4'096 &&
           std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

/// A node has a name and an operator.
bool is_node(Bytes message) {
    WireReader reader(message);
    bool name = false, op = false;
    for (WireField field; reader.next(field);) {
        if (field.type != WireType::bytes || field.number > 7) return false;
        name |= field.number == 1 && is_identifier(field.text());
        op |= field.number == 2 && is_identifier(field.text());
    }
    return name && op;
}

bool is_graph(Bytes message) {
    if (!shape_of(message, "124", "3").fits) return false;
    WireReader reader(message);
    for (WireField field; reader.next(field);)
        if (field.number == 1) return is_node(field.content);
    return false;
}

bool is_saved_model(Bytes content) {
    if (!shape_of(content, "2", "1").fits) return false;
    WireReader reader(content);
    for (WireField field; reader.next(field);)
        if (field.number == 2 && shape_of(field.content, "1234567", "").fits) return true;
    return false;
}

/// SavedMetadata: nodes whose identifier is one of Keras.
bool is_keras_metadata(Bytes content) {
    if (!shape_of(content, "1", "").fits) return false;
    WireReader reader(content);
    WireField node;
    return reader.next(node) && node.text().find("_tf_keras") != std::string_view::npos;
}

/// The fields of all nodes, each of which may be a configuration.
void judge_keras_metadata(Bytes content, Context& context) {
    WireReader reader(content);
    for (WireField node; reader.next(node);) {
        WireReader inner(node.content);
        for (WireField field; inner.next(field);) {
            if (field.type != WireType::bytes || !looks_like_json(field.content)) continue;
            Context here = context;
            here.base += node.at + field.at;
            ConfigEvents events(here, 0);
            read_json(field.text(), 0, events);
        }
    }
    if (reader.faulty()) broken(context, "a message that breaks off or is none", reader.at());
}

}  // namespace

bool looks_like_tensorflow(Bytes content) {
    return is_saved_model(content) || is_graph(content) || is_keras_metadata(content);
}

void judge_tensorflow(Bytes content, Context& context) {
    if (is_saved_model(content))
        GraphJudge(context).run(content, Message::saved_model);
    else if (is_keras_metadata(content))
        judge_keras_metadata(content, context);
    else
        GraphJudge(context).run(content, Message::graph);
}

}  // namespace bartizan::scan
