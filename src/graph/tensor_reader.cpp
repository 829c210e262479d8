#include "graph/tensor_reader.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include <onnx/onnx_pb.h>

#include "graph/element_types.h"

namespace bartizan::graph {
namespace {

static_assert(std::endian::native == std::endian::little, "raw_data is little-endian and is copied as it is");

/// The bytes by which a string is counted besides its own.
constexpr std::uint64_t kStringOverhead = sizeof(std::string);

bool is_external(const onnx::TensorProto& tensor) { return tensor.data_location() == onnx::TensorProto::EXTERNAL; }

Result<void> copy_raw(NdArray& array, std::span<const std::byte> bytes) {
    if (bytes.size() != array.bytes().size()) return internal_error("tensor bytes not measured");
    if (bytes.empty()) return {};
    const std::span<std::byte> out = array.mutable_bytes();
    std::memcpy(out.data(), bytes.data(), bytes.size());
    // A bool with another bit pattern than 0 and 1 is undefined behaviour wherever it is read.
    if (array.dtype() == DType::boolean)
        for (std::byte& value : out) value = std::byte{value != std::byte{0}};
    return {};
}

/// A typed field whose elements are those of the array.
template <class T, class Field>
Result<void> copy_same(NdArray& array, const Field& field) {
    static_assert(sizeof(T) == sizeof(*field.data()));
    return copy_raw(array, std::as_bytes(std::span(field.data(), static_cast<std::size_t>(field.size()))));
}

/// A typed field that holds smaller elements in wider ones: `Stored` is what is kept, each within its range.
template <class Stored, class Field>
Result<void> copy_narrow(NdArray& array, const Field& field) {
    std::byte* out = array.mutable_bytes().data();
    for (int i = 0; i < field.size(); ++i) {
        if (!std::in_range<Stored>(field.Get(i)))
            return invalid_input("value " + std::to_string(field.Get(i)) + " at position " + std::to_string(i) +
                                 " does not fit " + std::string(to_string(array.dtype())));
        const auto value = static_cast<Stored>(field.Get(i));
        std::memcpy(out + static_cast<std::size_t>(i) * sizeof value, &value, sizeof value);
    }
    return {};
}

Result<void> copy_bools(NdArray& array, const google::protobuf::RepeatedField<std::int32_t>& field) {
    const std::span<bool> out = array.mutable_values<bool>();
    for (int i = 0; i < field.size(); ++i) out[static_cast<std::size_t>(i)] = field.Get(i) != 0;
    return {};
}

/// Which typed field holds which type: onnx.in.proto, TensorProto.
Result<void> copy_typed(NdArray& array, const onnx::TensorProto& tensor) {
    switch (array.dtype()) {
        case DType::f32:
            return copy_same<float>(array, tensor.float_data());
        case DType::f64:
            return copy_same<double>(array, tensor.double_data());
        case DType::i32:
            return copy_same<std::int32_t>(array, tensor.int32_data());
        case DType::i64:
            return copy_same<std::int64_t>(array, tensor.int64_data());
        case DType::u64:
            return copy_same<std::uint64_t>(array, tensor.uint64_data());
        case DType::u32:
            return copy_narrow<std::uint32_t>(array, tensor.uint64_data());
        case DType::i16:
            return copy_narrow<std::int16_t>(array, tensor.int32_data());
        case DType::i8:
            return copy_narrow<std::int8_t>(array, tensor.int32_data());
        case DType::u8:
            return copy_narrow<std::uint8_t>(array, tensor.int32_data());
        case DType::boolean:
            return copy_bools(array, tensor.int32_data());
        case DType::u16:
        case DType::f16:
        case DType::bf16:
            return copy_narrow<std::uint16_t>(array, tensor.int32_data());
    }
    return internal_error("unknown dtype");
}

/// How many values the field that holds this type has.
int typed_values(DType dtype, const onnx::TensorProto& tensor) {
    switch (dtype) {
        case DType::f32:
            return tensor.float_data_size();
        case DType::f64:
            return tensor.double_data_size();
        case DType::i64:
            return tensor.int64_data_size();
        case DType::u32:
        case DType::u64:
            return tensor.uint64_data_size();
        default:
            return tensor.int32_data_size();
    }
}

Result<std::span<const std::byte>> internal_bytes(const onnx::TensorProto& tensor) {
    return std::as_bytes(std::span(tensor.raw_data().data(), tensor.raw_data().size()));
}

int typed_fields(const onnx::TensorProto& tensor) {
    int fields = 0;
    for (const int size : {tensor.float_data_size(), tensor.double_data_size(), tensor.int32_data_size(),
                           tensor.int64_data_size(), tensor.uint64_data_size(), tensor.string_data_size()})
        fields += size > 0 ? 1 : 0;
    return fields;
}

Result<std::uint64_t> parse_size(const std::string& key, const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        return invalid_input("external data: " + key + " '" + text + "' is not a whole number");
    return value;
}

Result<ExternalPlace> external_place(const onnx::TensorProto& tensor) {
    ExternalPlace place;
    for (const onnx::StringStringEntryProto& entry : tensor.external_data()) {
        if (entry.key() == "location") place.location = entry.value();
        if (entry.key() == "offset") place.offset = BARTIZAN_TRY(parse_size(entry.key(), entry.value()));
        if (entry.key() == "length") place.length = BARTIZAN_TRY(parse_size(entry.key(), entry.value()));
    }
    if (place.location.empty()) return invalid_input("external data without a location");
    return place;
}

/// The position in the dense array of each value; strictly ascending, as the format asks.
Result<std::vector<std::int64_t>> sparse_positions(const NdArray& indices, const NdArray& dense, std::int64_t count) {
    const bool linear = indices.rank() == 1;
    const std::int64_t rank = dense.rank();
    if (indices.dtype() != DType::i64 || indices.rank() < 1 || indices.rank() > 2 || indices.shape()[0] != count ||
        (!linear && indices.shape()[1] != rank))
        return invalid_input("sparse tensor: indices are " + std::string(to_string(indices.dtype())) +
                             to_string(indices.shape()) + " for " + std::to_string(count) + " values of shape " +
                             to_string(dense.shape()));
    const std::span<const std::int64_t> values = indices.values<std::int64_t>();
    std::vector<std::int64_t> positions;
    positions.reserve(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) {
        std::int64_t position = linear ? values[static_cast<std::size_t>(i)] : 0;
        for (std::int64_t axis = 0; !linear && axis < rank; ++axis) {
            const std::int64_t index = values[static_cast<std::size_t>(i * rank + axis)];
            const std::int64_t size = dense.shape()[static_cast<std::size_t>(axis)];
            if (index < 0 || index >= size)
                return invalid_input("sparse tensor: index " + std::to_string(index) + " of a dimension of " +
                                     std::to_string(size));
            position = position * size + index;
        }
        if (position < 0 || position >= dense.size() || (i > 0 && position <= positions.back()))
            return invalid_input("sparse tensor: position " + std::to_string(position) +
                                 " lies outside or out of order");
        positions.push_back(position);
    }
    return positions;
}

}  // namespace

bool TensorReader::holds_strings(const onnx::TensorProto& tensor) { return tensor.data_type() == kStringElement; }

Result<NdArray> TensorReader::numbers(const onnx::TensorProto& tensor) {
    const Extent extent = BARTIZAN_TRY(measure(tensor));
    // Some writers leave an empty raw_data beside the typed field.
    if (typed_fields(tensor) > 0) {
        const auto have = static_cast<std::uint64_t>(typed_values(extent.dtype, tensor));
        BARTIZAN_TRY(check_size(extent, extent.bytes / size_of(extent.dtype), have, "values"));
        NdArray array = BARTIZAN_TRY(allocate(extent.dtype, extent.shape));
        BARTIZAN_TRY(copy_typed(array, tensor));
        return array;
    }
    const auto raw = BARTIZAN_TRY(is_external(tensor) ? external_bytes(tensor, extent.bytes) : internal_bytes(tensor));
    BARTIZAN_TRY(check_size(extent, extent.bytes, raw.size(), "bytes"));
    NdArray array = BARTIZAN_TRY(allocate(extent.dtype, extent.shape));
    BARTIZAN_TRY(copy_raw(array, raw));
    return array;
}

Result<NdArray> TensorReader::take(onnx::TensorProto& tensor) {
    Extent extent = BARTIZAN_TRY(measure(tensor));
    // Booleans are normalised on the way, so they are copied.
    if (tensor.raw_data().empty() || extent.dtype == DType::boolean) return numbers(tensor);
    BARTIZAN_TRY(check_size(extent, extent.bytes, tensor.raw_data().size(), "bytes"));
    BARTIZAN_TRY(spend(extent.bytes));
    const std::shared_ptr<const std::string> owner(tensor.release_raw_data());
    return NdArray::view(extent.dtype, std::move(extent.shape), std::as_bytes(std::span(owner->data(), owner->size())),
                         owner);
}

Result<Strings> TensorReader::strings(const onnx::TensorProto& tensor) {
    Strings out{BARTIZAN_TRY(shape_of(tensor)), {}};
    const std::int64_t count = BARTIZAN_TRY(element_count(out.shape));
    if (count != tensor.string_data_size())
        return invalid_input("string tensor of shape " + to_string(out.shape) + " has " +
                             std::to_string(tensor.string_data_size()) + " values");
    std::uint64_t bytes = 0;
    for (const std::string& text : tensor.string_data()) bytes += kStringOverhead + text.size();
    BARTIZAN_TRY(spend(bytes));
    out.values.assign(tensor.string_data().begin(), tensor.string_data().end());
    return out;
}

Result<NdArray> TensorReader::dense(const onnx::SparseTensorProto& sparse) {
    const NdArray values = BARTIZAN_TRY(numbers(sparse.values()));
    const NdArray indices = BARTIZAN_TRY(numbers(sparse.indices()));
    if (values.rank() != 1) return invalid_input("sparse tensor: values of shape " + to_string(values.shape()));
    if (sparse.dims_size() < 1 || sparse.dims_size() > limits_.rank)
        return invalid_input("sparse tensor of rank " + std::to_string(sparse.dims_size()));
    NdArray array = BARTIZAN_TRY(allocate(values.dtype(), Shape(sparse.dims().begin(), sparse.dims().end())));
    const auto positions = BARTIZAN_TRY(sparse_positions(indices, array, values.size()));
    const std::size_t item = size_of(array.dtype());
    for (std::size_t i = 0; i < positions.size(); ++i)
        std::memcpy(array.mutable_bytes().data() + static_cast<std::size_t>(positions[i]) * item,
                    values.bytes().data() + i * item, item);
    return array;
}

Result<TensorReader::Extent> TensorReader::measure(const onnx::TensorProto& tensor) const {
    const auto dtype = dtype_from_onnx(tensor.data_type());
    if (!dtype && tensor.data_type() == 0) return invalid_input("the tensor has no element type");
    if (!dtype) return unsupported("tensor of element type " + element_name(tensor.data_type()));
    if (tensor.has_segment()) return unsupported("tensor stored in segments");
    const int sources = typed_fields(tensor) + (tensor.raw_data().empty() ? 0 : 1) + (is_external(tensor) ? 1 : 0);
    // Readers would differ in which they believe: what was checked would not be what is run.
    if (sources > 1) return invalid_input("the tensor's values are given in more than one place");
    Shape shape = BARTIZAN_TRY(shape_of(tensor));
    const std::uint64_t bytes = BARTIZAN_TRY(bytes_of(*dtype, shape));
    return Extent{*dtype, std::move(shape), bytes};
}

Result<void> TensorReader::check_size(const Extent& extent, std::uint64_t need, std::uint64_t have,
                                      std::string_view what) {
    if (need == have) return {};
    return invalid_input(std::string(to_string(extent.dtype)) + " tensor of shape " + to_string(extent.shape) +
                         " needs " + std::to_string(need) + " " + std::string(what) + ", the file has " +
                         std::to_string(have));
}

Result<Shape> TensorReader::shape_of(const onnx::TensorProto& tensor) const {
    if (tensor.dims_size() > limits_.rank)
        return exhausted("tensor of rank " + std::to_string(tensor.dims_size()) + ", at most " +
                         std::to_string(limits_.rank) + " are read");
    return Shape(tensor.dims().begin(), tensor.dims().end());
}

Result<std::uint64_t> TensorReader::bytes_of(DType dtype, const Shape& shape) const {
    const std::uint64_t left = limits_.tensor_bytes - spent_bytes_;
    const std::int64_t count = BARTIZAN_TRY(element_count(shape, static_cast<std::int64_t>(left / size_of(dtype))));
    return static_cast<std::uint64_t>(count) * size_of(dtype);
}

Result<NdArray> TensorReader::allocate(DType dtype, Shape shape) {
    const std::uint64_t bytes = BARTIZAN_TRY(bytes_of(dtype, shape));
    BARTIZAN_TRY(spend(bytes));
    return NdArray::zeros(dtype, std::move(shape), bytes);
}

Result<void> TensorReader::spend(std::uint64_t bytes) {
    if (bytes > limits_.tensor_bytes - spent_bytes_)
        return exhausted("the tensors take more than " + std::to_string(limits_.tensor_bytes) + " bytes");
    spent_bytes_ += bytes;
    return {};
}

Result<std::span<const std::byte>> TensorReader::external_bytes(const onnx::TensorProto& tensor, std::uint64_t needed) {
    ExternalPlace place = BARTIZAN_TRY(external_place(tensor));
    // Without a length the tensor takes what its shape asks for.
    if (!place.length) place.length = needed;
    return files_.bytes(place);
}

}  // namespace bartizan::graph
