#!/usr/bin/env python3
"""What `bartizan scan` costs, beside the loop that scanners in Python are built on (pickletools.genops), in one run.

  scan_speed.py --bartizan build/release/bin/bartizan [--rounds N] [--peer 'COMMAND {}']...

Makes its own inputs in a temporary folder: one small pickle, 2,000 pickles (14 MB), a 200 MB torch zip of 100 storages,
the same as a legacy file, 1 GB of safetensors. Prints CPU seconds, wall seconds and peak memory of whole processes, the
smallest of the rounds. A peer is any command; {} becomes the path."""
import argparse
import collections
import json
import os
import pathlib
import pickle
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/e2e"))
os.environ.setdefault("BARTIZAN_SOURCE_DIR", str(pathlib.Path(__file__).resolve().parents[2]))
os.environ.setdefault("BARTIZAN_BIN_DIR", "")
import numpy as np  # noqa: E402
import convert      # noqa: E402  the writer of torch's pickles

GENOPS = """
import pathlib, pickletools, sys
paths = [pathlib.Path(sys.argv[1])]
for path in (paths[0].rglob('*.pkl') if paths[0].is_dir() else paths):
    for opcode in pickletools.genops(path.read_bytes()):
        pass
"""


def small_pickles(folder, count):
    folder.mkdir()
    random = np.random.default_rng(3)
    for i in range(count):
        value = {"name": f"item {i}", "rows": [{"id": k, "value": float(random.random()), "tags": ["a", "b", str(k)]}
                                               for k in range(110)],
                 "order": collections.OrderedDict((f"key{k}", k) for k in range(20))}
        (folder / f"{i}.pkl").write_bytes(pickle.dumps(value, 4))


def torch_zip(path, tensors, elements):
    names = convert.torch_names()
    array = np.random.default_rng(1).normal(size=elements).astype("float32")
    convert.save(path, collections.OrderedDict((f"layer{i}.weight", convert.Tensor(array, names))
                                               for i in range(tensors)), names)


def torch_legacy(path, source):
    """What torch.save wrote before 1.6: five pickles, then the storages."""
    with zipfile.ZipFile(source) as archive:
        main = archive.read("model/data.pkl")
        count = sum(name.startswith("model/data/") for name in archive.namelist())
        with path.open("wb") as out:
            for value in (0x1950a86a20f9469cfc6c, 1001, {"protocol_version": 1001, "little_endian": True}):
                out.write(pickle.dumps(value, 2))
            out.write(main)
            out.write(pickle.dumps([str(i) for i in range(count)], 2))
            for i in range(count):
                content = archive.read(f"model/data/{i}")
                out.write(struct.pack("<q", len(content) // 4) + content)


def safetensors(path, tensors, elements):
    array = (np.random.default_rng(2).normal(size=elements) * 0.05).astype("float32")
    header = {f"layer{i}.weight": {"dtype": "F32", "shape": [elements],
                                   "data_offsets": [i * array.nbytes, (i + 1) * array.nbytes]} for i in range(tensors)}
    text = json.dumps(header).encode()
    with path.open("wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for _ in range(tensors):
            out.write(array.tobytes())


def measure(words, rounds):
    """The smallest CPU time of the rounds. Memory is told by GNU time, from a run of its own: a process that Python
    starts counts Python's memory as its peak."""
    best = None
    for _ in range(rounds):
        begin = time.perf_counter()
        child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begin
        cpu = usage.ru_utime + usage.ru_stime
        if best is None or cpu < best["cpu_s"]:
            best = {"cpu_s": round(cpu, 4), "wall_s": round(wall, 4), "status": os.waitstatus_to_exitcode(status)}
    if shutil.which("time"):
        told = subprocess.run(["time", "-f", "%M", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        best["peak_mb"] = round(int(told.stderr.split()[-1]) / 1024, 1)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bartizan", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer", action="append", default=[])
    a = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "one.pkl").write_bytes(pickle.dumps({"a": [1, 2, 3]}, 4))
        small_pickles(folder / "many", 2000)
        torch_zip(folder / "model.pt", 100, 500_000)
        torch_legacy(folder / "legacy.pt", folder / "model.pt")
        safetensors(folder / "model.safetensors", 100, 2_500_000)
        for target in ("one.pkl", "many", "model.pt", "legacy.pt", "model.safetensors"):
            path = str(folder / target)
            row = {"input": target, "bartizan": measure([a.bartizan, "scan", path, "--quiet"], a.rounds)}
            if target in ("one.pkl", "many"):
                row["genops"] = measure([sys.executable, "-c", GENOPS, path], max(1, a.rounds // 2))
            for peer in a.peer:
                row[peer] = measure(peer.replace("{}", path).split(), max(1, a.rounds // 2))
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
