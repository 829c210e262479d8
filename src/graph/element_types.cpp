#include "graph/element_types.h"

#include <array>
#include <string_view>

namespace bartizan::graph {
namespace {

struct Element {
    std::string_view name;
    std::optional<DType> dtype;
};

/// Indexed by TensorProto.DataType, onnx.in.proto of ONNX 1.20 (newer than the library that we parse with: a
/// type that it lacks still gets its name in the refusal).
constexpr std::array kElements = {
    Element{"UNDEFINED", {}},
    Element{"FLOAT", DType::f32},
    Element{"UINT8", DType::u8},
    Element{"INT8", DType::i8},
    Element{"UINT16", DType::u16},
    Element{"INT16", DType::i16},
    Element{"INT32", DType::i32},
    Element{"INT64", DType::i64},
    Element{"STRING", {}},
    Element{"BOOL", DType::boolean},
    Element{"FLOAT16", DType::f16},
    Element{"DOUBLE", DType::f64},
    Element{"UINT32", DType::u32},
    Element{"UINT64", DType::u64},
    Element{"COMPLEX64", {}},
    Element{"COMPLEX128", {}},
    Element{"BFLOAT16", DType::bf16},
    Element{"FLOAT8E4M3FN", {}},
    Element{"FLOAT8E4M3FNUZ", {}},
    Element{"FLOAT8E5M2", {}},
    Element{"FLOAT8E5M2FNUZ", {}},
    Element{"UINT4", {}},
    Element{"INT4", {}},
    Element{"FLOAT4E2M1", {}},
    Element{"FLOAT8E8M0", {}},
    Element{"UINT2", {}},
    Element{"INT2", {}},
};

bool known(std::int32_t element) { return element >= 0 && element < static_cast<std::int32_t>(kElements.size()); }

}  // namespace

std::optional<DType> dtype_from_onnx(std::int32_t element) {
    if (!known(element)) return std::nullopt;
    return kElements[static_cast<std::size_t>(element)].dtype;
}

std::int32_t onnx_from_dtype(DType dtype) {
    for (std::size_t i = 0; i < kElements.size(); ++i)
        if (kElements[i].dtype == dtype) return static_cast<std::int32_t>(i);
    return 0;
}

std::string element_name(std::int32_t element) {
    if (!known(element)) return "type " + std::to_string(element);
    return std::string(kElements[static_cast<std::size_t>(element)].name);
}

}  // namespace bartizan::graph
