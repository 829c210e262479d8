#include "oip/grpc_request.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <functional>
#include <utility>

#include "oip/grpc_contents.h"
#include "oip/json_reader.h"
#include "oip/json_writer.h"

namespace bartizan::oip {
namespace grpc_request {
namespace {

using Field = WireReader::Field;

/// A tensor on its way: its fields come in any order.
struct Draft {
    std::string name = {};
    std::optional<Datatype> type = {};
    Shape shape = {};
    std::optional<WireReader> contents = {};
    std::string values = {};  ///< what the contents hold, as bytes
};

/// Fields that may come more than once, as a set of bits.
constexpr std::uint32_t bits(std::initializer_list<std::uint32_t> numbers) {
    std::uint32_t out = 0;
    for (const std::uint32_t number : numbers) out |= 1U << number;
    return out;
}
constexpr std::uint32_t kRepeated = bits({4, 5, 6, 7});
constexpr std::uint32_t kRepeatedOfTensors = bits({3, 4});
constexpr std::uint32_t kRepeatedOfOutputs = bits({2});

class Reader {
public:
    explicit Reader(const Limits& limits) : limits_(limits) {}

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
        fields(message, [&](Field field) {
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
                    return input(message, field);
                case 6:
                    return output(message, field);
                case 7:
                    return raw(message, field);
                default:
                    return message.skip(field);
            }
        });
        BARTIZAN_TRY(outcome(message));
        if (inputs_.empty()) return invalid_input("the request has no inputs");
        out.raw = !raw_.empty();
        BARTIZAN_TRY(out.raw ? check_raw() : read_contents());
        out.body = body();
        return out;
    }

private:
    /// Calls `take` for each field of a message; one that may come once and comes twice is a fault.
    template <class Take>
    bool fields(WireReader& message, const Take& take, std::uint32_t repeated = kRepeated) {
        std::uint32_t seen = 0;
        for (Field field; message.next(field);) {
            const std::uint32_t bit = field.number < 32 ? 1U << field.number : 0;
            if ((seen & bit & ~repeated) != 0) return message.fail("a field that is there twice");
            seen |= bit;
            if (!take(field)) break;
        }
        return !message.failed();
    }
    Result<void> outcome(const WireReader& message) {
        if (error_) return std::move(*error_);
        if (message.failed()) return message.error();
        return {};
    }
    bool refuse(WireReader& message, Error error) {
        if (!error_) error_ = std::move(error);
        return message.fail("refused");
    }
    /// A fault of a message inside is one of the message around it.
    bool passed(WireReader& message, const WireReader& inner) {
        if (!inner.failed()) return true;
        return refuse(message, inner.error());
    }

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

    /// Names of parameters of a tensor that change nothing here; others are refused, as in the REST form: they would
    /// let a caller reach beside the request (shared memory).
    bool tensor_parameter(WireReader& message, Field field) {
        WireReader entry;
        std::string key;
        if (!message.inside(field, entry)) return false;
        fields(entry,
               [&](Field one) { return one.number == 1 ? entry.text(one, key, limits_.name_bytes) : entry.skip(one); });
        if (!passed(message, entry)) return false;
        if (key == "binary_data" || key == "binary_data_size") return true;
        return refuse(message, unsupported("the tensor parameter '" + key + "' is not taken here"));
    }

    bool input(WireReader& message, Field field) {
        WireReader tensor;
        if (!message.inside(field, tensor)) return false;
        if (inputs_.size() >= limits_.tensors) return message.fail("too many tensors");
        Draft draft;
        fields(
            tensor,
            [&](Field one) {
                switch (one.number) {
                    case 1:
                        return tensor.text(one, draft.name, limits_.name_bytes);
                    case 2:
                        return datatype(tensor, one, draft);
                    case 3:
                        return shape(tensor, one, draft.shape);
                    case 4:
                        return tensor_parameter(tensor, one);
                    case 5:
                        return tensor.inside(one, draft.contents.emplace());
                    default:
                        return tensor.skip(one);
                }
            },
            kRepeatedOfTensors);
        if (error_ || !passed(message, tensor)) return false;
        if (!draft.type) return message.fail("a tensor without a datatype");
        inputs_.push_back(std::move(draft));
        return true;
    }

    bool datatype(WireReader& tensor, Field field, Draft& draft) {
        std::string name;
        if (!tensor.text(field, name, limits_.name_bytes)) return false;
        draft.type = datatype_of(name);
        return draft.type || tensor.fail("an unknown datatype");
    }

    bool shape(WireReader& tensor, Field field, Shape& out) {
        WireReader packed;
        const bool one = field.kind == WireReader::Kind::varint;
        if (!one && !tensor.inside(field, packed)) return false;
        WireReader& values = one ? tensor : packed;
        do {
            std::uint64_t size = 0;
            if (!one && packed.at_end()) break;
            if (!values.varint(size)) return tensor.fail("a shape that is no list of numbers");
            if (static_cast<std::int64_t>(size) < 0) return tensor.fail("a dimension below 0");
            if (out.size() >= limits_.rank) return tensor.fail("too many dimensions");
            out.push_back(static_cast<std::int64_t>(size));
        } while (!one);
        if (element_count(out, limits_.elements).ok()) return true;
        return refuse(tensor, exhausted("a tensor has more than " + std::to_string(limits_.elements) + " elements"));
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
            kRepeatedOfOutputs);
        if (error_ || !passed(message, wanted)) return false;
        outputs_.push_back({std::move(name)});
        return true;
    }

    bool raw(WireReader& message, Field field) {
        WireReader bytes;
        if (!message.inside(field, bytes)) return false;
        if (raw_.size() >= limits_.tensors) return message.fail("too many raw contents");
        total_ += bytes.left();
        if (total_ > limits_.bytes)
            return refuse(message, exhausted("the tensors have more than " + std::to_string(limits_.bytes) + " bytes"));
        raw_.push_back(bytes);
        return true;
    }

    Result<void> check_raw() {
        if (raw_.size() != inputs_.size())
            return invalid_input(std::to_string(raw_.size()) + " raw contents for " + std::to_string(inputs_.size()) +
                                 " inputs: all of them are raw, or none");
        for (const Draft& draft : inputs_)
            if (draft.contents && !no_contents(*draft.contents))
                return invalid_input("tensor '" + draft.name + "' has raw contents and contents: only one holds");
        return {};
    }

    Result<void> read_contents() {
        for (Draft& draft : inputs_) {
            const std::string place = "tensor '" + draft.name + "'";
            BARTIZAN_TRY_WITHIN(append_contents(draft.values, draft.contents.value_or(WireReader()), *draft.type,
                                                limits_.bytes - total_),
                                place);
            total_ += draft.values.size();
        }
        return {};
    }

    Body body() {
        Body out;
        parameters_.emplace_back("binary_data_output", "true");
        append_request_head(out.text, id_, parameters_);
        for (std::size_t i = 0; i < inputs_.size(); ++i) {
            if (i != 0) out.text += ',';
            const std::size_t size = raw_.empty() ? inputs_[i].values.size() : raw_[i].left();
            append_binary_tensor(out.text, inputs_[i].name, *inputs_[i].type, inputs_[i].shape, size);
        }
        append_request_end(out.text, outputs_);
        out.json_bytes = out.text.size();
        out.text.reserve(out.json_bytes + total_);
        for (const Draft& draft : inputs_) out.text += draft.values;
        for (WireReader& bytes : raw_) bytes.append_to(out.text);
        return out;
    }

    const Limits& limits_;
    std::string id_;
    Parameters parameters_;
    std::vector<Draft> inputs_;
    std::vector<RequestedOutput> outputs_;
    std::vector<WireReader> raw_;
    std::uint64_t total_ = 0;
    std::optional<Error> error_;
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
