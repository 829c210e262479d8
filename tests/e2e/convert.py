"""`bartizan convert` and `bartizan scan --diff` on checkpoints that Python itself pickled, read back by other code."""
import collections
import io
import json
import pickle
import struct
import sys
import types
import unittest
import zipfile

import numpy

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import SOURCE, Case, bartizan


def torch_names():
    """Names as torch has them, so that pickles refer to them; nothing is ever unpickled."""
    utils, torch = types.ModuleType("torch._utils"), types.ModuleType("torch")

    def _rebuild_tensor_v2(*_):
        raise AssertionError("nothing is rebuilt here")
    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    for name in ("FloatStorage", "HalfStorage", "LongStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    return {"torch": torch, "torch._utils": utils}


STORAGES = {"float32": "FloatStorage", "float16": "HalfStorage", "int64": "LongStorage"}


class Tensor:
    """An array that pickles itself as torch's tensors do."""

    def __init__(self, array, names):
        self.array, self.names = array, names

    def __reduce__(self):
        strides = tuple(step // self.array.itemsize for step in self.array.strides)
        return (self.names["torch._utils"]._rebuild_tensor_v2,
                (Storage(self.array), 0, self.array.shape, strides, False, collections.OrderedDict()))


class Storage:
    def __init__(self, array):
        self.array = array


def save(path, value, names):
    """torch.save as of 1.6: a zip of a pickle and its storages."""
    storages = []

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            if not isinstance(thing, Storage):
                return None
            base = thing.array if thing.array.base is None else thing.array.base
            storages.append(base)
            kind = getattr(names["torch"], STORAGES[str(base.dtype)])
            return ("storage", kind, str(len(storages) - 1), "cpu", base.size)

    stream = io.BytesIO()
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(names)
    try:
        Pickler(stream, protocol=2).dump(value)
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", stream.getvalue())
        archive.writestr("model/byteorder", "little")
        for key, array in enumerate(storages):
            archive.writestr(f"model/data/{key}", array.tobytes())
        archive.writestr("model/version", "3\n")
    return path


def load(path):
    """safetensors, read by the description of the format."""
    content = path.read_bytes()
    size, = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + size])
    types_of = {"F32": "<f4", "F16": "<f2", "I64": "<i8", "F64": "<f8"}
    data, tensors = content[8 + size:], {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        tensors[name] = numpy.frombuffer(data[begin:end], types_of[entry["dtype"]]).reshape(entry["shape"])
    return tensors


class Convert(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(5)
        self.names = torch_names()
        self.arrays = {"conv.weight": random.normal(size=(8, 3, 3, 3)).astype("float32"),
                       "fc.weight": random.normal(size=(32, 64)).astype("float32"),
                       "fc.turned": random.normal(size=(64, 32)).astype("float32").T,
                       "fc.half": random.normal(size=40).astype("float16"),
                       "steps": numpy.arange(7)}

    def checkpoint(self, name, arrays):
        state = collections.OrderedDict((key, Tensor(array, self.names)) for key, array in arrays.items())
        return save(self.folder / name, state, self.names)

    def check_schema(self, document, name):
        if jsonschema is not None:
            jsonschema.validate(document, json.loads((SOURCE / f"docs/schema/{name}.schema.json").read_text()))

    def test_the_tensors_are_those_that_were_saved(self):
        out = self.folder / "out.safetensors"
        run = bartizan("convert", self.checkpoint("in.pt", self.arrays), out, "--format", "json", "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)
        document = json.loads(run.stdout)
        self.check_schema(document, "convert")
        self.assertEqual(len(document["tensors"]), len(self.arrays))
        self.assertEqual(document["left_out"], [])
        for name, array in load(out).items():
            numpy.testing.assert_array_equal(array, self.arrays[name])
        again = bartizan("scan", out, "--format", "json", "--quiet")
        self.assertEqual(json.loads(again.stdout)["verdict"], "clean")

    def test_what_would_run_code_is_refused_and_nothing_is_written(self):
        class Harm:
            def __reduce__(self):
                return (eval, ("1",))
        out = self.folder / "out.safetensors"
        harmful = save(self.folder / "bad.pt", {"w": Tensor(self.arrays["steps"], self.names), "x": Harm()}, self.names)
        self.assert_refused(bartizan("convert", harmful, out, "--quiet"), "bad.pt", "malicious")
        self.assert_refused(bartizan("convert", self.folder / "none.pt", out, "--quiet"), "none.pt")
        text = self.folder / "text.pt"
        text.write_text("not a checkpoint\n")
        self.assert_refused(bartizan("convert", text, out, "--quiet"), "text.pt")
        self.assert_refused(bartizan("convert", harmful, self.folder / "out.pt", "--quiet"), ".safetensors")
        self.assertFalse(out.exists())

    def test_a_patched_row_is_found(self):
        patched = {name: array.copy() for name, array in self.arrays.items()}
        patched["fc.weight"][9] += 1
        one, two = self.checkpoint("a.pt", self.arrays), self.checkpoint("b.pt", patched)
        run = bartizan("scan", "--diff", one, two, "--format", "json", "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)
        document = json.loads(run.stdout)
        self.check_schema(document, "scan-diff")
        found = {row["name"]: row for row in document["tensors"]}
        self.assertEqual(found["fc.weight"]["change"], "patched")
        self.assertEqual(found["fc.weight"]["patched_rows"], [9])
        self.assertEqual(found["fc.weight"]["changed"], 64)
        self.assertEqual(document["counts"], {"same": 4, "patched": 1})
        gate = bartizan("scan", "--diff", one, two, "--fail-on", "medium", "--quiet")
        self.assertEqual(gate.returncode, 1)
        self.assertIn("rows 9", gate.stdout)

    def test_a_diff_refuses_a_file_that_the_scan_cannot_read_to_its_end(self):
        whole = self.checkpoint("whole.pt", self.arrays)
        cut = self.folder / "cut.pt"
        cut.write_bytes(whole.read_bytes()[:-200])
        self.assert_refused(bartizan("scan", "--diff", cut, whole, "--quiet"), "cannot be read to its end")

    def test_a_diff_wants_two_models(self):
        one = self.checkpoint("a.pt", self.arrays)
        self.assert_refused(bartizan("scan", "--diff", one, "--quiet"), "two")
        self.assert_refused(bartizan("scan", "--diff", one, self.folder / "none", "--quiet"), "none")


if __name__ == "__main__":
    unittest.main()
