#include <charconv>
#include <cstring>
#include <limits>

#include "oip/json_reader.h"
#include "oip/message.h"

namespace bartizan::oip {
namespace {

using Kind = JsonReader::Kind;

/// A tensor object on its way: its keys come in any order.
struct Draft {
    Tensor tensor;
    bool has_name = false, has_type = false, has_shape = false;
    std::optional<std::uint64_t> binary_size;
    std::optional<bool> binary;
    std::string_view data;  ///< the text of "data"; empty: absent
};

class Parser {
public:
    Parser(std::string_view json, std::string_view rest, const Limits& limits)
        : text_(json), reader_(json), rest_(rest), limits_(limits) {}

    Result<InferRequest> request() {
        InferRequest out;
        const bool read = object([&](const std::string& key) {
            if (key == "id") return reader_.string(out.id, limits_.name_bytes);
            if (key == "parameters") return parameters(out.parameters);
            if (key == "inputs") return tensors(out.inputs);
            if (key == "outputs") return outputs(out.outputs);
            return pass();
        });
        BARTIZAN_TRY(finish(read));
        for (const auto& [name, value] : out.parameters)
            if (name == "binary_data_output") out.binary_outputs = value == "true";
        if (out.inputs.empty()) return invalid_input("the request has no inputs");
        return out;
    }

    Result<InferResponse> response() {
        InferResponse out;
        const bool read = object([&](const std::string& key) {
            if (key == "id") return reader_.string(out.id, limits_.name_bytes);
            if (key == "model_name") return reader_.string(out.model_name, limits_.name_bytes);
            if (key == "model_version") return reader_.string(out.model_version, limits_.name_bytes);
            if (key == "outputs") return tensors(out.outputs);
            return pass();
        });
        BARTIZAN_TRY(finish(read));
        return out;
    }

private:
    /// Calls `take` for each key of an object; a key that comes twice is a fault: two readers would not agree on it.
    template <class Take>
    bool object(const Take& take) {
        std::vector<std::string> seen;
        std::string key;
        if (!reader_.begin_object()) return false;
        while (reader_.next_key(key)) {
            for (const std::string& one : seen)
                if (one == key) return reader_.fail("a key that is there twice");
            if (seen.size() >= limits_.parameters + 16) return reader_.fail("too many keys");
            seen.push_back(key);
            if (!take(key)) return false;
        }
        return !reader_.failed();
    }

    bool pass() {
        std::string_view ignored;
        return reader_.skip(ignored);
    }

    Result<void> finish(bool read) {
        if (error_) return std::move(*error_);
        if (!read || !reader_.at_end()) return reader_.error();
        if (!rest_.empty()) return invalid_input(std::to_string(rest_.size()) + " bytes behind the last tensor");
        return {};
    }

    bool refuse(Error error) {
        if (!error_) error_ = std::move(error);
        return false;
    }
    bool passed(Result<void> result) { return result.ok() || refuse(std::move(result).error()); }

    bool parameters(Parameters& out) {
        return object([&](const std::string& key) {
            const Kind kind = reader_.peek();
            if (kind == Kind::object || kind == Kind::array || kind == Kind::null)
                return reader_.fail("a parameter is a string, a number or a boolean");
            if (out.size() >= limits_.parameters) return reader_.fail("too many parameters");
            std::string_view value;
            if (!reader_.skip(value)) return false;
            if (value.size() > 4 * limits_.name_bytes) return reader_.fail("a parameter is too long");
            out.emplace_back(key, value);
            return true;
        });
    }

    bool outputs(std::vector<RequestedOutput>& out) {
        if (!reader_.begin_array()) return false;
        while (reader_.next_item()) {
            if (out.size() >= limits_.tensors) return reader_.fail("too many outputs");
            Draft draft;
            if (!fields(draft)) return false;
            if (!draft.has_name) return reader_.fail("an output without a name");
            out.push_back({draft.tensor.name, draft.binary});
        }
        return !reader_.failed();
    }

    bool tensors(std::vector<Tensor>& out) {
        if (!reader_.begin_array()) return false;
        while (reader_.next_item()) {
            if (out.size() >= limits_.tensors) return reader_.fail("too many tensors");
            Draft draft;
            if (!fields(draft) || !fill(draft)) return false;
            for (const Tensor& one : out)
                if (one.name == draft.tensor.name)
                    return refuse(invalid_input("two tensors have the name '" + one.name + "'"));
            out.push_back(std::move(draft.tensor));
        }
        return !reader_.failed();
    }

    bool fields(Draft& draft) {
        return object([&](const std::string& key) {
            if (key == "name") {
                draft.has_name = true;
                return reader_.string(draft.tensor.name, limits_.name_bytes);
            }
            if (key == "datatype") return datatype(draft);
            if (key == "shape") return shape(draft);
            if (key == "parameters") return tensor_parameters(draft);
            if (key == "data") return data(draft);
            return pass();
        });
    }

    bool datatype(Draft& draft) {
        std::string name;
        if (!reader_.string(name, limits_.name_bytes)) return false;
        const auto type = datatype_of(name);
        if (!type) return reader_.fail("an unknown datatype");
        draft.tensor.type = *type;
        return draft.has_type = true;
    }

    bool shape(Draft& draft) {
        if (!reader_.begin_array()) return false;
        while (reader_.next_item()) {
            std::int64_t dimension = 0;
            if (!whole(dimension)) return false;
            if (dimension < 0) return reader_.fail("a dimension below 0");
            if (draft.tensor.shape.size() >= limits_.rank) return reader_.fail("too many dimensions");
            draft.tensor.shape.push_back(dimension);
        }
        if (reader_.failed()) return false;
        const auto count = element_count(draft.tensor.shape, limits_.elements);
        if (!count.ok())
            return refuse(exhausted("tensor '" + draft.tensor.name + "' has more than " +
                                    std::to_string(limits_.elements) + " elements"));
        return draft.has_shape = true;
    }

    bool whole(std::int64_t& out) {
        std::string_view number;
        if (!reader_.number(number)) return false;
        const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), out);
        return (error == std::errc() && end == number.data() + number.size()) ||
               reader_.fail("expected a whole number");
    }

    bool tensor_parameters(Draft& draft) {
        return object([&](const std::string& key) {
            if (key == "binary_data_size") {
                std::int64_t size = 0;
                if (!whole(size)) return false;
                if (size < 0) return reader_.fail("a size below 0");
                draft.binary_size = static_cast<std::uint64_t>(size);
                return true;
            }
            if (key == "binary_data") {
                bool flag = false;
                if (!reader_.boolean(flag)) return false;
                draft.binary = flag;
                return true;
            }
            return refuse(unsupported("the tensor parameter '" + key + "' is not taken here"));
        });
    }

    /// Reads at once if type and shape are known already, else keeps the text for later.
    bool data(Draft& draft) {
        if (draft.has_type && draft.has_shape) return elements(reader_, draft);
        return reader_.skip(draft.data);
    }

    bool fill(Draft& draft) {
        Tensor& tensor = draft.tensor;
        if (!draft.has_name || !draft.has_type || !draft.has_shape)
            return reader_.fail("a tensor without name, datatype or shape");
        const bool from_json = !draft.data.empty() || read_;
        read_ = false;
        if (from_json == draft.binary_size.has_value())
            return refuse(invalid_input("tensor '" + tensor.name +
                                        "' has its values either in \"data\" or behind the JSON, told by "
                                        "\"binary_data_size\""));
        if (!draft.data.empty()) {
            JsonReader again(draft.data);
            if (!elements(again, draft))
                return error_ ? false : refuse(again.error().within("tensor '" + tensor.name + "'"));
            read_ = false;
        }
        if (draft.binary_size) {
            if (*draft.binary_size > rest_.size())
                return refuse(invalid_input("tensor '" + tensor.name + "' ends beyond the body"));
            tensor.refer(rest_.substr(0, *draft.binary_size));
            rest_.remove_prefix(*draft.binary_size);
        }
        total_ += tensor.bytes().size();
        if (total_ > limits_.bytes)
            return refuse(exhausted("the tensors have more than " + std::to_string(limits_.bytes) + " bytes"));
        return passed(check_bytes(tensor));
    }

    bool elements(JsonReader& reader, Draft& draft) {
        Tensor& tensor = draft.tensor;
        if (tensor.type == Datatype::fp16 || tensor.type == Datatype::bf16)
            return refuse(unsupported("tensor '" + tensor.name + "': " + std::string(to_string(tensor.type)) +
                                      " goes as bytes, not as JSON"));
        const std::int64_t count = tensor.elements();
        std::vector<char> bytes;
        // Never more than the text can hold: an element takes at least two characters, but for the last.
        const auto room = static_cast<std::int64_t>(text_.size() / 2 + 1);
        bytes.reserve(static_cast<std::size_t>(std::min(count, room)) * size_of(tensor.type));
        if (reader.peek() != Kind::array) return reader.fail("expected an array");
        JsonReader look = reader;
        look.begin_array();
        const bool nested = look.next_item() && look.peek() == Kind::array;
        std::int64_t left = count;
        const bool read = nested ? level(reader, tensor, 0, bytes, left) : flat(reader, tensor, bytes, left);
        if (!read) return false;
        if (left != 0) return reader.fail("fewer values than the shape asks for");
        tensor.own(std::move(bytes));
        return read_ = true;
    }

    bool flat(JsonReader& reader, const Tensor& tensor, std::vector<char>& out, std::int64_t& left) {
        if (!reader.begin_array()) return false;
        while (reader.next_item()) {
            if (left-- == 0) return reader.fail("more values than the shape asks for");
            if (!element(reader, tensor.type, out)) return false;
        }
        return !reader.failed();
    }

    bool level(JsonReader& reader, const Tensor& tensor, std::size_t depth, std::vector<char>& out,
               std::int64_t& left) {
        if (depth + 1 == tensor.shape.size()) {
            std::int64_t row = tensor.shape[depth];
            if (left < row) return reader.fail("more values than the shape asks for");
            left -= row;
            if (!flat(reader, tensor, out, row)) return false;
            return row == 0 || reader.fail("a row that is shorter than the shape asks for");
        }
        if (depth + 1 > tensor.shape.size()) return reader.fail("nested deeper than the shape");
        std::int64_t items = 0;
        if (!reader.begin_array()) return false;
        while (reader.next_item()) {
            if (++items > tensor.shape[depth]) return reader.fail("more values than the shape asks for");
            if (!level(reader, tensor, depth + 1, out, left)) return false;
        }
        return !reader.failed() && (items == tensor.shape[depth] || reader.fail("fewer rows than the shape asks for"));
    }

    template <class T>
    bool number(JsonReader& reader, std::vector<char>& out) {
        std::string_view text;
        if (!reader.number(text)) return false;
        T value{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size())
            return reader.fail("a value that the datatype cannot hold");
        append(out, &value, sizeof value);
        return true;
    }

    bool element(JsonReader& reader, Datatype type, std::vector<char>& out) {
        switch (type) {
            case Datatype::boolean:
                return flag(reader, out);
            case Datatype::u8:
                return number<std::uint8_t>(reader, out);
            case Datatype::u16:
                return number<std::uint16_t>(reader, out);
            case Datatype::u32:
                return number<std::uint32_t>(reader, out);
            case Datatype::u64:
                return number<std::uint64_t>(reader, out);
            case Datatype::i8:
                return number<std::int8_t>(reader, out);
            case Datatype::i16:
                return number<std::int16_t>(reader, out);
            case Datatype::i32:
                return number<std::int32_t>(reader, out);
            case Datatype::i64:
                return number<std::int64_t>(reader, out);
            case Datatype::fp32:
                return number<float>(reader, out);
            case Datatype::fp64:
                return number<double>(reader, out);
            case Datatype::bytes:
                return text(reader, out);
            case Datatype::fp16:
            case Datatype::bf16:
                break;
        }
        return reader.fail("a datatype without a JSON form");
    }

    /// true, false, or, as some clients write, 1 and 0.
    static bool flag(JsonReader& reader, std::vector<char>& out) {
        bool value = false;
        if (reader.peek() == Kind::number) {
            std::string_view digits;
            if (!reader.number(digits)) return false;
            if (digits != "0" && digits != "1") return reader.fail("expected true or false");
            value = digits == "1";
        } else if (!reader.boolean(value)) {
            return false;
        }
        out.push_back(value ? 1 : 0);
        return true;
    }

    bool text(JsonReader& reader, std::vector<char>& out) {
        std::string value;
        if (!reader.string(value, limits_.bytes)) return false;
        const auto length = static_cast<std::uint32_t>(value.size());
        append(out, &length, sizeof length);
        append(out, value.data(), value.size());
        return true;
    }

    static void append(std::vector<char>& out, const void* bytes, std::size_t size) {
        const auto* const first = static_cast<const char*>(bytes);
        out.insert(out.end(), first, first + size);
    }

    std::string_view text_;
    JsonReader reader_;
    std::string_view rest_;
    const Limits& limits_;
    std::optional<Error> error_;
    std::uint64_t total_ = 0;
    bool read_ = false;  ///< the tensor at hand has its values
};

}  // namespace

Result<std::optional<std::size_t>> json_length(std::string_view header, std::size_t body_bytes) {
    if (header.empty()) return std::optional<std::size_t>();
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), length);
    if (error != std::errc() || end != header.data() + header.size())
        return invalid_input(std::string(kLengthHeader) + " is no length");
    if (length > body_bytes)
        return invalid_input(std::string(kLengthHeader) + " is longer than the body of " + std::to_string(body_bytes) +
                             " bytes");
    if (length == 0) return unsupported("a body without JSON (a raw request) is not taken here");
    return std::optional<std::size_t>(length);
}

Result<InferRequest> parse_request(std::string_view body, std::optional<std::size_t> json_bytes, const Limits& limits) {
    const std::size_t split = std::min(json_bytes.value_or(body.size()), body.size());
    return Parser(body.substr(0, split), body.substr(split), limits).request();
}

Result<InferResponse> parse_response(std::string_view body, std::optional<std::size_t> json_bytes,
                                     const Limits& limits) {
    const std::size_t split = std::min(json_bytes.value_or(body.size()), body.size());
    return Parser(body.substr(0, split), body.substr(split), limits).response();
}

bool InferRequest::wants_binary(std::string_view output) const {
    for (const RequestedOutput& one : outputs)
        if (one.name == output) return one.binary.value_or(binary_outputs);
    return binary_outputs;
}

}  // namespace bartizan::oip
