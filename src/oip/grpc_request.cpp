#include "oip/grpc_request.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <functional>
#include <utility>

#include "oip/grpc_reader.h"
#include "oip/json_reader.h"
#include "oip/json_writer.h"

namespace bartizan::oip {
namespace grpc_request {
namespace {

constexpr std::uint32_t kRepeated = repeated_fields({4, 5, 6, 7});

class Reader final : GrpcReader {
public:
    explicit Reader(const Limits& limits) : GrpcReader(limits) {}

    Result<GrpcModel> model(WireReader message) {
        GrpcModel out;
        fields(message, [&](Field field) {
            if (field.number == 1) return message.text(field, out.name, limits_.name_bytes);
            if (field.number == 2) return message.text(field, out.version, limits_.name_bytes);
            return message.skip(field);
        });
        BARTIZAN_TRY(outcome(message));
        return out;
    }

    Result<GrpcInference> inference(WireReader message) {
        GrpcInference out;
        fields(
            message,
            [&](Field field) {
                switch (field.number) {
                    case 1:
                        return message.text(field, out.model.name, limits_.name_bytes);
                    case 2:
                        return message.text(field, out.model.version, limits_.name_bytes);
                    case 3:
                        return message.text(field, id_, limits_.name_bytes);
                    case 4:
                        return parameter(message, field);
                    case 5:
                        return tensor(message, field);
                    case 6:
                        return output(message, field);
                    case 7:
                        return raw(message, field);
                    default:
                        return message.skip(field);
                }
            },
            kRepeated);
        BARTIZAN_TRY(outcome(message));
        if (tensors_.empty()) return invalid_input("the request has no inputs");
        out.raw = !raw_.empty();
        BARTIZAN_TRY(settle());
        out.body = body();
        return out;
    }

private:
    bool parameter(WireReader& message, Field field) {
        WireReader entry, value;
        std::string key, json;
        if (!message.inside(field, entry)) return false;
        if (parameters_.size() >= limits_.parameters) return message.fail("too many parameters");
        fields(entry, [&](Field one) {
            if (one.number == 1) return entry.text(one, key, limits_.name_bytes);
            if (one.number != 2) return entry.skip(one);
            return entry.inside(one, value) && (scalar(value, json), passed(entry, value));
        });
        if (!passed(message, entry)) return false;
        for (const auto& [name, ignored] : parameters_)
            if (name == key) return message.fail("a parameter that is there twice");
        if (json.empty()) return message.fail("a parameter without a value");
        if (key != "binary_data_output") parameters_.emplace_back(std::move(key), std::move(json));
        return true;
    }

    /// InferParameter as JSON.
    bool scalar(WireReader& message, std::string& json) {
        return fields(message, [&](Field field) {
            if (field.number > 5) return message.skip(field);
            if (!json.empty()) return message.fail("a parameter with two values");
            if (field.number == 3) {
                std::string text;
                if (!message.text(field, text, 2 * limits_.name_bytes)) return false;
                append_json_string(json, text);
                return true;
            }
            if (field.number == 4) return floating(message, field, json);
            std::uint64_t value = 0;
            if (!message.varint(field, value)) return false;
            if (field.number == 1)
                json = value != 0 ? "true" : "false";
            else
                json = field.number == 2 ? std::to_string(static_cast<std::int64_t>(value)) : std::to_string(value);
            return true;
        });
    }
    static bool floating(WireReader& message, Field field, std::string& json) {
        double value = 0;
        if (field.kind != WireReader::Kind::fixed64) return message.fail("expected a number");
        if (!message.copy(&value, sizeof value)) return false;
        if (!std::isfinite(value)) return message.fail("a parameter that is no number");
        char digits[40];
        const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
        json.assign(digits, end);
        return error == std::errc();
    }

    bool output(WireReader& message, Field field) {
        WireReader wanted;
        std::string name;
        if (!message.inside(field, wanted)) return false;
        if (outputs_.size() >= limits_.tensors) return message.fail("too many outputs");
        fields(
            wanted,
            [&](Field one) {
                if (one.number == 1) return wanted.text(one, name, limits_.name_bytes);
                return one.number == 2 ? tensor_parameter(wanted, one) : wanted.skip(one);
            },
            repeated_fields({2}));
        if (error_ || !passed(message, wanted)) return false;
        outputs_.push_back({std::move(name)});
        return true;
    }

    Body body() {
        Body out;
        parameters_.emplace_back("binary_data_output", "true");
        append_request_head(out.text, id_, parameters_);
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            if (i != 0) out.text += ',';
            const std::size_t size = raw_.empty() ? tensors_[i].values.size() : raw_[i].left();
            append_binary_tensor(out.text, tensors_[i].name, *tensors_[i].type, tensors_[i].shape, size);
        }
        append_request_end(out.text, outputs_);
        out.json_bytes = out.text.size();
        out.text.reserve(out.json_bytes + total_);
        for (const Draft& draft : tensors_) out.text += draft.values;
        for (WireReader& bytes : raw_) bytes.append_to(out.text);
        return out;
    }

    std::string id_;
    Parameters parameters_;
    std::vector<RequestedOutput> outputs_;
};

}  // namespace
}  // namespace grpc_request

Result<GrpcModel> read_grpc_model(WireReader message, const Limits& limits) {
    return grpc_request::Reader(limits).model(message);
}
Result<GrpcInference> read_grpc_inference(WireReader message, const Limits& limits) {
    return grpc_request::Reader(limits).inference(message);
}

}  // namespace bartizan::oip
