"""Writes small ONNX files without the onnx package: just enough of protobuf for a linear classifier
over images, one with a hidden layer, and trees.
Field numbers are those of onnx.proto3."""
import struct


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


def hidden(path, first, last, item_shape):
    """logits = last . relu(first . flatten(x)); first [features, pixels], last [classes, features]."""
    transposed = field(5, field(1, "transB") + field(3, 1) + field(20, 2))
    graph = (field(1, _node("Flatten", ["x"], ["flat"])) + field(1, _node("Gemm", ["flat", "first"], ["sums"], transposed))
             + field(1, _node("Relu", ["sums"], ["features"]))
             + field(1, _node("Gemm", ["features", "last"], ["logits"], transposed))
             + field(2, "hidden") + field(5, _tensor("first", first)) + field(5, _tensor("last", last))
             + field(11, _value("x", ["batch", *item_shape])) + field(12, _value("logits", ["batch", len(last)])))
    path.write_bytes(field(1, 8) + field(2, "tiny_onnx") + field(7, graph) + field(8, field(1, "") + field(2, 13)))
    return path


def _attribute(name, value):
    """An int, or a list of ints, floats or strings."""
    if isinstance(value, int):
        return field(5, field(1, name) + field(3, value) + field(20, 2))
    if isinstance(value[0], str):
        return field(5, field(1, name) + b"".join(field(9, v) for v in value) + field(20, 8))
    if isinstance(value[0], float):
        return field(5, field(1, name) + field(7, struct.pack(f"<{len(value)}f", *value)) + field(20, 6))
    return field(5, field(1, name) + b"".join(field(8, v) for v in value) + field(20, 7))


def trees(path, features, nodes, base=0.0):
    """A TreeEnsembleRegressor of one target. A node is (tree, id, feature, threshold, yes, no), yes where the feature is
    below the threshold, or (tree, id, weight) for a leaf."""
    inner = [node if len(node) == 6 else (node[0], node[1], 0, 0.0, 0, 0) for node in nodes]
    leaves = [node for node in nodes if len(node) == 3]
    names = ("treeids", "nodeids", "featureids", "values", "truenodeids", "falsenodeids")
    body = field(1, "x") + field(2, "y") + field(4, "TreeEnsembleRegressor") + field(7, "ai.onnx.ml")
    for at, name in enumerate(names):
        body += _attribute(f"nodes_{name}", [node[at] for node in inner])
    body += _attribute("nodes_modes", ["BRANCH_LT" if len(node) == 6 else "LEAF" for node in nodes])
    for at, name in enumerate(("treeids", "nodeids", "weights")):
        body += _attribute(f"target_{name}", [float(leaf[at]) if at == 2 else leaf[at] for leaf in leaves])
    body += _attribute("target_ids", [0] * len(leaves)) + _attribute("n_targets", 1) + _attribute("base_values", [base])
    graph = (field(1, body) + field(2, "trees") + field(11, _value("x", ["batch", features]))
             + field(12, _value("y", ["batch", 1])))
    opsets = field(8, field(1, "") + field(2, 15)) + field(8, field(1, "ai.onnx.ml") + field(2, 1))
    path.write_bytes(field(1, 8) + opsets + field(7, graph))
    return path
