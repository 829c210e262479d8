#include "oip/grpc_reader.h"

#include <utility>

#include "oip/grpc_contents.h"

namespace bartizan::oip {

Result<void> GrpcReader::outcome(const WireReader& message) {
    if (error_) return std::move(*error_);
    if (message.failed()) return message.error();
    return {};
}

bool GrpcReader::refuse(WireReader& message, Error error) {
    if (!error_) error_ = std::move(error);
    return message.fail("refused");
}

bool GrpcReader::passed(WireReader& message, const WireReader& inner) {
    if (!inner.failed()) return true;
    return refuse(message, inner.error());
}

bool GrpcReader::tensor_parameter(WireReader& message, Field field) {
    WireReader entry;
    std::string key;
    if (!message.inside(field, entry)) return false;
    fields(entry,
           [&](Field one) { return one.number == 1 ? entry.text(one, key, limits_.name_bytes) : entry.skip(one); });
    if (!passed(message, entry)) return false;
    if (key == "binary_data" || key == "binary_data_size") return true;
    return refuse(message, unsupported("the tensor parameter '" + key + "' is not taken here"));
}

bool GrpcReader::tensor(WireReader& message, Field field) {
    WireReader tensor;
    if (!message.inside(field, tensor)) return false;
    if (tensors_.size() >= limits_.tensors) return message.fail("too many tensors");
    Draft draft;
    fields(
        tensor,
        [&](Field one) {
            switch (one.number) {
                case 1:
                    return tensor.text(one, draft.name, limits_.name_bytes);
                case 2:
                    return datatype(tensor, one, draft.type);
                case 3:
                    return shape(tensor, one, draft.shape, 0);
                case 4:
                    return tensor_parameter(tensor, one);
                case 5:
                    return tensor.inside(one, draft.contents.emplace());
                default:
                    return tensor.skip(one);
            }
        },
        repeated_fields({3, 4}));
    if (error_ || !passed(message, tensor)) return false;
    if (!draft.type) return message.fail("a tensor without a datatype");
    tensors_.push_back(std::move(draft));
    return true;
}

bool GrpcReader::datatype(WireReader& tensor, Field field, std::optional<Datatype>& out) {
    std::string name;
    if (!tensor.text(field, name, limits_.name_bytes)) return false;
    out = datatype_of(name);
    return out || tensor.fail("an unknown datatype");
}

bool GrpcReader::shape(WireReader& tensor, Field field, Shape& out, std::int64_t least) {
    WireReader packed;
    const bool one = field.kind == WireReader::Kind::varint;
    if (!one && !tensor.inside(field, packed)) return false;
    WireReader& values = one ? tensor : packed;
    do {
        std::uint64_t size = 0;
        if (!one && packed.at_end()) break;
        if (!values.varint(size)) return tensor.fail("a shape that is no list of numbers");
        if (static_cast<std::int64_t>(size) < least) return tensor.fail("a dimension below 0");
        if (out.size() >= limits_.rank) return tensor.fail("too many dimensions");
        out.push_back(static_cast<std::int64_t>(size));
    } while (!one);
    if (least < 0 || element_count(out, limits_.elements).ok()) return true;
    return refuse(tensor, exhausted("a tensor has more than " + std::to_string(limits_.elements) + " elements"));
}

bool GrpcReader::raw(WireReader& message, Field field) {
    WireReader bytes;
    if (!message.inside(field, bytes)) return false;
    if (raw_.size() >= limits_.tensors) return message.fail("too many raw contents");
    total_ += bytes.left();
    if (total_ > limits_.bytes)
        return refuse(message, exhausted("the tensors have more than " + std::to_string(limits_.bytes) + " bytes"));
    raw_.push_back(bytes);
    return true;
}

Result<void> GrpcReader::settle() {
    if (!raw_.empty() && raw_.size() != tensors_.size())
        return invalid_input(std::to_string(raw_.size()) + " raw contents for " + std::to_string(tensors_.size()) +
                             " tensors: all of them are raw, or none");
    for (Draft& draft : tensors_) {
        const std::string place = "tensor '" + draft.name + "'";
        if (!raw_.empty()) {
            if (draft.contents && !no_contents(*draft.contents))
                return invalid_input(place + " has raw contents and contents: only one holds");
            continue;
        }
        BARTIZAN_TRY_WITHIN(
            append_contents(draft.values, draft.contents.value_or(WireReader()), *draft.type, limits_.bytes - total_),
            place);
        total_ += draft.values.size();
    }
    return {};
}

}  // namespace bartizan::oip
