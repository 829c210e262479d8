#pragma once
/// What the gRPC form's requests and answers have in common: tensors, and the lists of their raw contents. Internal to
/// `oip`. Thread rule: one thread at a time.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "oip/message.h"
#include "oip/wire.h"

namespace bartizan::oip {

/// Fields that may come more than once, as a set of bits.
constexpr std::uint32_t repeated_fields(std::initializer_list<std::uint32_t> numbers) {
    std::uint32_t out = 0;
    for (const std::uint32_t number : numbers) out |= 1U << number;
    return out;
}

class GrpcReader {
public:
    using Field = WireReader::Field;
    explicit GrpcReader(const Limits& limits) : limits_(limits) {}

protected:
    /// A tensor on its way: its fields come in any order.
    struct Draft {
        std::string name = {};
        std::optional<Datatype> type = {};
        Shape shape = {};
        std::optional<WireReader> contents = {};
        std::string values = {};  ///< what the contents hold, as bytes
    };
    ~GrpcReader() = default;

    /// Calls `take` for each field of a message; one that may come once and comes twice is a fault.
    template <class Take>
    bool fields(WireReader& message, const Take& take, std::uint32_t repeated = 0) {
        std::uint32_t seen = 0;
        for (Field field; message.next(field);) {
            const std::uint32_t bit = field.number < 32 ? 1U << field.number : 0;
            if ((seen & bit & ~repeated) != 0) return message.fail("a field that is there twice");
            seen |= bit;
            if (!take(field)) break;
        }
        return !message.failed();
    }
    Result<void> outcome(const WireReader& message);
    bool refuse(WireReader& message, Error error);
    /// A fault of a message inside is one of the message around it.
    bool passed(WireReader& message, const WireReader& inner);

    /// Names of parameters of a tensor that change nothing here; others are refused, as in the REST form: they would
    /// let a caller reach beside the request (shared memory).
    bool tensor_parameter(WireReader& message, Field field);
    /// InferInputTensor and InferOutputTensor, which have the same fields, at the end of the drafts.
    bool tensor(WireReader& message, Field field);
    bool datatype(WireReader& tensor, Field field, std::optional<Datatype>& out);
    /// `least` -1: any size is a size, as in what a model declares.
    bool shape(WireReader& tensor, Field field, Shape& out, std::int64_t least);
    bool raw(WireReader& message, Field field);
    /// The values of all tensors: as many raw contents as tensors, or each with its list.
    Result<void> settle();

    const Limits& limits_;
    std::vector<Draft> tensors_;
    std::vector<WireReader> raw_;
    std::uint64_t total_ = 0;  ///< bytes of values
    std::optional<Error> error_;
};

}  // namespace bartizan::oip
