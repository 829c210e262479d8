#pragma once
/// msgpack (github.com/msgpack/msgpack, spec.md), walked without building anything.
/// Thread rule: pure functions.

#include "scan/judge.h"

namespace bartizan::scan {

inline constexpr std::size_t kMaxMsgpackDepth = 256;

struct MsgpackEnd {
    std::size_t at = 0;  ///< behind the document
    bool fault = false;
};

/// A map whose first key is a short text that lies in the bytes.
bool msgpack_starts(Bytes content);
/// One document; objects of NumPy that hold pickles are reported.
MsgpackEnd walk_msgpack(Bytes content, Context& context);

}  // namespace bartizan::scan
