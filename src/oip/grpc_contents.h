#pragma once
/// InferTensorContents: the values of a tensor in one of eight lists, by type. Internal to `oip`.
/// Thread rule: pure functions.

#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "oip/tensor.h"
#include "oip/wire.h"

namespace bartizan::oip {

/// The values as little-endian bytes at the end of `out`, which grows by at most `most_bytes`. Fails with
/// `invalid_input` (another list than the type's, a value that it cannot hold), `exhausted`, `unsupported` (FP16 and
/// BF16 have no list).
Result<void> append_contents(std::string& out, WireReader contents, Datatype type, std::uint64_t most_bytes);
/// Is there no value in any list?
bool no_contents(WireReader contents);

/// The other way round: the message of a tensor's values. The type has a list.
std::string contents_of(const Tensor& tensor);
/// Has the type a list?
bool has_contents(Datatype type);

}  // namespace bartizan::oip
