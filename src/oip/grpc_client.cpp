#include "oip/grpc_client.h"

#include <bit>
#include <utility>

#include "core/json.h"
#include "oip/grpc_reader.h"

namespace bartizan::oip {
namespace grpc_client {
namespace {

class Reader final : GrpcReader {
public:
    explicit Reader(const Limits& limits) : GrpcReader(limits) {}

    Result<InferResponse> answer(WireReader message) {
        InferResponse out;
        fields(
            message,
            [&](Field field) {
                switch (field.number) {
                    case 1:
                        return message.text(field, out.model_name, limits_.name_bytes);
                    case 2:
                        return message.text(field, out.model_version, limits_.name_bytes);
                    case 3:
                        return message.text(field, out.id, limits_.name_bytes);
                    case 5:
                        return tensor(message, field);
                    case 6:
                        return raw(message, field);
                    default:
                        return message.skip(field);
                }
            },
            repeated_fields({4, 5, 6}));
        BARTIZAN_TRY(outcome(message));
        BARTIZAN_TRY(settle());
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            if (!raw_.empty()) raw_[i].append_to(tensors_[i].values);
            out.outputs.push_back(BARTIZAN_TRY(finished(tensors_[i])));
        }
        return out;
    }

    Result<Metadata> metadata(WireReader message) {
        Metadata out;
        fields(
            message,
            [&](Field field) {
                switch (field.number) {
                    case 1:
                        return message.text(field, out.name, limits_.name_bytes);
                    case 2:
                        if (out.versions.size() >= kMostVersions) return message.fail("too many versions");
                        return message.text(field, out.versions.emplace_back(), limits_.name_bytes);
                    case 3:
                        return message.text(field, out.platform, limits_.name_bytes);
                    case 4:
                        return signature(message, field, out.inputs);
                    case 5:
                        return signature(message, field, out.outputs);
                    default:
                        return message.skip(field);
                }
            },
            repeated_fields({2, 4, 5, 6}));
        BARTIZAN_TRY(outcome(message));
        return out;
    }

private:
    static constexpr std::size_t kMostVersions = 10'000;

    static Result<Tensor> finished(Draft& draft) {
        Tensor tensor;
        tensor.name = std::move(draft.name);
        tensor.type = *draft.type;
        tensor.shape = std::move(draft.shape);
        tensor.own({draft.values.begin(), draft.values.end()});
        BARTIZAN_TRY(check_bytes(tensor));
        return tensor;
    }

    bool signature(WireReader& message, Field field, std::vector<Signature>& out) {
        WireReader declared;
        if (!message.inside(field, declared)) return false;
        if (out.size() >= limits_.tensors) return message.fail("too many tensors");
        Signature one;
        std::string type;
        fields(
            declared,
            [&](Field at) {
                if (at.number == 1) return declared.text(at, one.name, limits_.name_bytes);
                if (at.number == 2) return declared.text(at, type, limits_.name_bytes);
                return at.number == 3 ? shape(declared, at, one.shape, -1) : declared.skip(at);
            },
            repeated_fields({3}));
        if (error_ || !passed(message, declared)) return false;
        if (const auto known = datatype_of(type)) {
            one.type = *known;
            out.push_back(std::move(one));
        }
        return true;
    }
};

/// InferParameter. Its value is the JSON of a scalar.
std::string parameter(const std::string& json) {
    std::string out;
    const Result<Json> value = parse_json(json);
    if (!value.ok()) return out;
    if (value->is_boolean()) {
        append_tag(out, 1, WireReader::Kind::varint);
        append_varint(out, value->get<bool>() ? 1 : 0);
    } else if (value->is_number_integer()) {
        const bool beyond = value->is_number_unsigned() && value->get<std::uint64_t>() >> 63 != 0;
        append_tag(out, beyond ? 5 : 2, WireReader::Kind::varint);
        append_varint(out, value->get<std::uint64_t>());
    } else if (value->is_string()) {
        append_item(out, 3, value->get<std::string>());
    } else if (value->is_number()) {
        const auto bits = std::bit_cast<std::uint64_t>(value->get<double>());
        append_tag(out, 4, WireReader::Kind::fixed64);
        for (int i = 0; i < 8; ++i) out += static_cast<char>(bits >> (8 * i));
    }
    return out;
}

std::string input(const Tensor& tensor) {
    std::string out, packed;
    append_bytes(out, 1, tensor.name);
    append_bytes(out, 2, to_string(tensor.type));
    for (const std::int64_t size : tensor.shape) append_varint(packed, static_cast<std::uint64_t>(size));
    append_bytes(out, 3, packed);
    return out;
}

}  // namespace
}  // namespace grpc_client

std::string grpc_question(const GrpcModel& model) {
    std::string out;
    append_bytes(out, 1, model.name);
    append_bytes(out, 2, model.version);
    return out;
}

std::string grpc_question(const GrpcModel& model, const InferRequest& request) {
    std::string out = grpc_question(model);
    append_bytes(out, 3, request.id);
    for (const auto& [name, json] : request.parameters) {
        std::string entry;
        append_bytes(entry, 1, name);
        append_item(entry, 2, grpc_client::parameter(json));
        append_item(out, 4, entry);
    }
    for (const Tensor& one : request.inputs) append_item(out, 5, grpc_client::input(one));
    for (const RequestedOutput& one : request.outputs) {
        std::string wanted;
        append_bytes(wanted, 1, one.name);
        append_item(out, 6, wanted);
    }
    for (const Tensor& one : request.inputs) append_item(out, 7, one.bytes());
    return out;
}

Result<bool> read_grpc_flag(WireReader message) {
    std::uint64_t value = 0;
    for (WireReader::Field field; message.next(field);)
        if (!(field.number == 1 ? message.varint(field, value) : message.skip(field))) break;
    if (message.failed()) return message.error();
    return value != 0;
}

Result<Metadata> read_grpc_metadata(WireReader message, const Limits& limits) {
    return grpc_client::Reader(limits).metadata(message);
}

Result<InferResponse> read_grpc_answer(WireReader message, const Limits& limits) {
    return grpc_client::Reader(limits).answer(message);
}

}  // namespace bartizan::oip
