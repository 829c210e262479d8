"""An ONNX classifier as eager PyTorch operations, so that Python attack libraries run on the same weights.

Only what small convolutional networks need; constants are computed once, when the model is loaded.
Needs python3-onnx and python3-torch."""
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper


def attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def pads2d(a):
    top, left, bottom, right = a.get("pads", [0, 0, 0, 0])
    return top, left, bottom, right


def conv(a):
    top, left, bottom, right = pads2d(a)
    stride, dilation, group = a.get("strides", [1, 1]), a.get("dilations", [1, 1]), a.get("group", 1)
    if (top, left) == (bottom, right):
        return lambda x, w, b=None: F.conv2d(x, w, b, stride, (top, left), dilation, group)
    return lambda x, w, b=None: F.conv2d(F.pad(x, (left, right, top, bottom)), w, b, stride, 0, dilation, group)


def gemm(a):
    alpha, beta = a.get("alpha", 1.0), a.get("beta", 1.0)
    trans_b = a.get("transB", 0)
    if alpha == 1 and beta == 1 and trans_b:
        return lambda x, w, b: F.linear(x, w, b)
    return lambda x, w, b: alpha * x @ (w.t() if trans_b else w) + beta * b


def slice_op(x, starts, ends, axes, steps):
    for start, end, axis, step in zip(starts.tolist(), ends.tolist(), axes.tolist(), steps.tolist()):
        index = [slice(None)] * x.dim()
        index[axis] = slice(start, None if end < -x.shape[axis] else end, step)
        x = x[tuple(index)] if step > 0 else torch.from_numpy(x.numpy()[tuple(index)].copy())
    return x


def pad_op(x, pads, value=None):
    half = len(pads) // 2
    flat = []
    for axis in reversed(range(half)):
        flat += [int(pads[axis]), int(pads[axis + half])]
    return F.pad(x, flat, value=float(value) if value is not None else 0.0)


def compile_node(node):
    a, op = attributes(node), node.op_type
    table = {
        "Conv": lambda: conv(a),
        "Gemm": lambda: gemm(a),
        "Relu": lambda: F.relu,
        "Add": lambda: torch.add, "Sub": lambda: torch.sub, "Mul": lambda: torch.mul, "Div": lambda: torch.div,
        "MaxPool": lambda: lambda x: F.max_pool2d(x, a["kernel_shape"], a.get("strides"), pads2d(a)[:2]),
        "AveragePool": lambda: lambda x: F.avg_pool2d(x, a["kernel_shape"], a.get("strides"), pads2d(a)[:2]),
        "GlobalAveragePool": lambda: lambda x: x.mean((2, 3), keepdim=True),
        "ReduceMean": lambda: lambda x: x.mean(tuple(a["axes"]), keepdim=bool(a.get("keepdims", 1))),
        "Flatten": lambda: lambda x: x.flatten(a.get("axis", 1)),
        "Reshape": lambda: lambda x, s: x.reshape([x.shape[i] if d == 0 else d for i, d in enumerate(s.tolist())]),
        "Transpose": lambda: lambda x: x.permute(*a["perm"]),
        "Concat": lambda: lambda *xs: torch.cat(xs, a["axis"]),
        "Cast": lambda: lambda x: x.to({1: torch.float32, 6: torch.int32, 7: torch.int64}[a["to"]]),
        "ConstantOfShape": lambda: lambda s: torch.full(
            s.tolist(), torch.from_numpy(numpy_helper.to_array(a["value"]).copy()).item(),
            dtype=torch.from_numpy(numpy_helper.to_array(a["value"]).copy()).dtype),
        "Shape": lambda: lambda x: torch.tensor(x.shape),
        "Gather": lambda: lambda x, i: torch.index_select(x, a.get("axis", 0), i.reshape(-1)).reshape(
            x.shape[:a.get("axis", 0)] + i.shape + x.shape[a.get("axis", 0) + 1:]),
        "Unsqueeze": lambda: lambda x, axes: x.unsqueeze(int(axes[0])),
        "Slice": lambda: slice_op,
        "Pad": lambda: pad_op,
    }
    if op not in table:
        raise NotImplementedError(f"{op} is not among the operators of this comparison")
    return table[op]()


class EagerOnnx(torch.nn.Module):
    def __init__(self, path):
        super().__init__()
        graph = onnx.load(path).graph
        values = {t.name: torch.from_numpy(np.array(numpy_helper.to_array(t))) for t in graph.initializer}
        self.input = next(i.name for i in graph.input if i.name not in values)
        self.output = graph.output[0].name
        self.steps = []
        for node in graph.node:
            if node.op_type == "Constant":
                values[node.output[0]] = torch.from_numpy(np.array(numpy_helper.to_array(attributes(node)["value"])))
                continue
            run, names = compile_node(node), [n for n in node.input if n]
            if all(n in values for n in names):
                values[node.output[0]] = run(*[values[n] for n in names])
            else:
                self.steps.append((run, names, node.output[0]))
        self.constants = values

    def forward(self, x):
        values = {self.input: x}
        for run, names, out in self.steps:
            values[out] = run(*[values[n] if n in values else self.constants[n] for n in names])
        return values[self.output]
