"""Writes small ONNX files without the onnx package: just enough of protobuf for a linear classifier over images.
Field numbers are those of onnx.proto3."""


def _varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """One field: int as varint, str and bytes as length-delimited."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _tensor(name, array):
    dims = b"".join(field(1, size) for size in array.shape)
    return dims + field(2, 1) + field(8, name) + field(9, array.astype("<f4").tobytes())


def _value(name, shape):
    dims = b"".join(field(1, field(2, size) if isinstance(size, str) else field(1, size)) for size in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def _node(op_type, inputs, outputs, attributes=b""):
    return (b"".join(field(1, name) for name in inputs) + b"".join(field(2, name) for name in outputs)
            + field(3, op_type.lower()) + field(4, op_type) + attributes)


def linear(path, weight, bias, item_shape):
    """logits = weight . flatten(x) + bias; weight [classes, features]."""
    transposed = field(5, field(1, "transB") + field(3, 1) + field(20, 2))
    graph = (field(1, _node("Flatten", ["x"], ["flat"]))
             + field(1, _node("Gemm", ["flat", "weight", "bias"], ["logits"], transposed))
             + field(2, "linear") + field(5, _tensor("weight", weight)) + field(5, _tensor("bias", bias))
             + field(11, _value("x", ["batch", *item_shape])) + field(12, _value("logits", ["batch", len(bias)])))
    model = field(1, 8) + field(2, "tiny_onnx") + field(7, graph) + field(8, field(1, "") + field(2, 13))
    path.write_bytes(model)
    return path
