#pragma once
/// TensorProto and SparseTensorProto as arrays: from raw bytes, the typed fields, or external data. Everything
/// is measured before it is allocated: rank, element count, the bytes of all tensors of a file together.
/// Failures: `invalid_input` (sizes that disagree, values out of range), `unsupported` naming the element type,
/// `exhausted` beyond the limits, those of external_data.h.
/// Thread rule: one reader per load, one thread.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "graph/external_data.h"
#include "graph/graph.h"

namespace onnx {
class SparseTensorProto;
class TensorProto;
}  // namespace onnx

namespace bartizan::graph {

class TensorReader {
public:
    /// `limits` must outlive the reader. `folder` confines external data; empty: external data is refused.
    TensorReader(const Limits& limits, const std::filesystem::path& folder) : limits_(limits), files_(folder) {}

    /// True for a tensor of strings, which `strings` reads; `numbers` reads all others.
    static bool holds_strings(const onnx::TensorProto& tensor);
    Result<NdArray> numbers(const onnx::TensorProto& tensor);
    /// The same, taking the raw bytes out of `tensor` instead of copying them: for initializers, which are read
    /// once. The array is read-only.
    Result<NdArray> take(onnx::TensorProto& tensor);
    Result<Strings> strings(const onnx::TensorProto& tensor);
    /// The dense array that a sparse tensor stands for.
    Result<NdArray> dense(const onnx::SparseTensorProto& sparse);
    /// Counts memory taken beside the tensors (lists, names) into what a file may take; fails with `exhausted`.
    Result<void> spend(std::uint64_t bytes);

private:
    /// What a tensor says that it is, checked against the limits; no value is read yet.
    struct Extent {
        DType dtype;
        Shape shape;
        std::uint64_t bytes;
    };
    Result<Extent> measure(const onnx::TensorProto& tensor) const;
    static Result<void> check_size(const Extent& extent, std::uint64_t need, std::uint64_t have, std::string_view what);
    Result<Shape> shape_of(const onnx::TensorProto& tensor) const;
    /// Fails with `exhausted` when an array of this shape would pass what is left.
    Result<std::uint64_t> bytes_of(DType dtype, const Shape& shape) const;
    /// A zero-filled array, paid for from what all tensors may take together.
    Result<NdArray> allocate(DType dtype, Shape shape);
    Result<std::span<const std::byte>> external_bytes(const onnx::TensorProto& tensor, std::uint64_t needed);

    const Limits& limits_;
    ExternalFiles files_;
    std::uint64_t spent_bytes_ = 0;
};

}  // namespace bartizan::graph
