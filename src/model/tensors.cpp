#include "model/tensors.h"

#include <cstring>
#include <new>

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

namespace bartizan::model {
namespace {

Result<DType> dtype_of_scalar(at::ScalarType type) {
    switch (type) {
        case at::kByte:
            return DType::u8;
        case at::kChar:
            return DType::i8;
        case at::kShort:
            return DType::i16;
        case at::kInt:
            return DType::i32;
        case at::kLong:
            return DType::i64;
        case at::kHalf:
            return DType::f16;
        case at::kBFloat16:
            return DType::bf16;
        case at::kFloat:
            return DType::f32;
        case at::kDouble:
            return DType::f64;
        case at::kBool:
            return DType::boolean;
        default:
            return unsupported(std::string("tensors of type ") + c10::toString(type) + " have no array form");
    }
}

template <class From, class To>
Result<void> widen(const NdArray& array, at::Tensor& tensor) {
    To* out = tensor.data_ptr<To>();
    for (const From value : array.values<From>()) {
        if (static_cast<From>(static_cast<To>(value)) != value || static_cast<To>(value) < 0)
            return unsupported("the value " + std::to_string(value) + " is above what this build can hold");
        *out++ = static_cast<To>(value);
    }
    return {};
}

/// LibTorch appends a stack trace; people need the first line.
std::string first_line(std::string text) {
    text.erase(std::min(text.find('\n'), text.size()));
    return text;
}

}  // namespace

// ATen 1.13 has no unsigned types above 8 bits.
at::ScalarType scalar_type_of(DType dtype) {
    switch (dtype) {
        case DType::u8:
            return at::kByte;
        case DType::i8:
            return at::kChar;
        case DType::i16:
            return at::kShort;
        case DType::u16:
        case DType::i32:
            return at::kInt;
        case DType::u32:
        case DType::u64:
        case DType::i64:
            return at::kLong;
        case DType::f16:
            return at::kHalf;
        case DType::bf16:
            return at::kBFloat16;
        case DType::f32:
            return at::kFloat;
        case DType::f64:
            return at::kDouble;
        case DType::boolean:
            return at::kBool;
    }
    return at::kFloat;
}

Result<at::Tensor> to_tensor(const NdArray& array) {
    at::Tensor tensor = at::empty(array.shape(), scalar_type_of(array.dtype()));
    switch (array.dtype()) {
        case DType::u16:
            BARTIZAN_TRY(widen<std::uint16_t, std::int32_t>(array, tensor));
            break;
        case DType::u32:
            BARTIZAN_TRY(widen<std::uint32_t, std::int64_t>(array, tensor));
            break;
        case DType::u64:
            BARTIZAN_TRY(widen<std::uint64_t, std::int64_t>(array, tensor));
            break;
        default:
            if (!array.bytes().empty()) std::memcpy(tensor.data_ptr(), array.bytes().data(), array.bytes().size());
    }
    return tensor;
}

Result<NdArray> to_array(const at::Tensor& tensor) {
    const at::Tensor source = tensor.detach().to(at::kCPU).contiguous();
    const DType dtype = BARTIZAN_TRY(dtype_of_scalar(source.scalar_type()));
    NdArray array = BARTIZAN_TRY(NdArray::zeros(dtype, source.sizes().vec()));
    if (!array.bytes().empty()) std::memcpy(array.mutable_bytes().data(), source.data_ptr(), array.bytes().size());
    return array;
}

Result<void> guarded(const std::function<Result<void>()>& body) {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return exhausted("out of memory", "use a smaller batch or model");
    } catch (const c10::Error& error) {
        std::string line = first_line(error.what_without_backtrace());
        // c10 has no type of its own for a failed allocation on the CPU.
        if (line.find("can't allocate memory") != std::string::npos) return exhausted("out of memory: " + line);
        return invalid_input(std::move(line));
    } catch (const std::exception& error) {
        return invalid_input(first_line(error.what()));
    }
}

}  // namespace bartizan::model
