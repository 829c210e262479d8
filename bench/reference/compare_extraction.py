#!/usr/bin/env python3
"""Copies of a Fashion-MNIST network: agreement for so many queries, beside KnockoffNets' own loop in PyTorch on the same
victim and the same transfer set.

  compare_extraction.py --bartizan build/release/bin/bartizan [--queries 250 1000 6000] [--seeds 3] [--folder KEEP]

The victim, two convolutions and two dense layers, is trained by PyTorch (python3-torch) on 10,000 images of Debian's
dataset-fashion-mnist. The transfer set is drawn from the other 50,000; the 10,000 test images judge. The reference copy has
the victim's architecture and is trained as the published code does by default: soft cross-entropy, SGD with rate 0.01 and
momentum 0.5, batches of 64, 100 epochs, rate divided by 10 after 60, weight decay 5e-4; `--reference-lr` tries another.
`bartizan extract` gets a pool that is that transfer set, so that both ask the same questions.

What was trained is kept in --folder and used again: without --bartizan the reference alone is run."""
import argparse
import glob
import gzip
import json
import pathlib
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/e2e"))
from tiny_onnx import _attribute, _node, _tensor, _value, field  # noqa: E402


def idx(name):
    path = glob.glob(f"/usr/share/**/{name}", recursive=True)[0]
    content = gzip.open(path).read()
    shape = struct.unpack(f">{content[3]}I", content[4:4 + 4 * content[3]])
    return np.frombuffer(content[4 + 4 * content[3]:], np.uint8).reshape(shape)


def network():
    return torch.nn.Sequential(torch.nn.Conv2d(1, 16, 4, 2, 1), torch.nn.ReLU(), torch.nn.Conv2d(16, 32, 4, 2, 1),
                               torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(32 * 49, 100), torch.nn.ReLU(),
                               torch.nn.Linear(100, 10))


def fit(x, targets, lr, momentum, epochs, step, batch=64):
    model = network()
    optimiser = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, step, 0.1)
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for rows in order.split(batch):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(x[rows]), targets[rows]).backward()
            optimiser.step()
        schedule.step()
    return model.eval()


def write_onnx(model, path):
    w = [p.detach().numpy() for p in model.parameters()]
    conv = _attribute("strides", [2, 2]) + _attribute("pads", [1, 1, 1, 1]) + _attribute("kernel_shape", [4, 4])
    dense = _attribute("transB", 1)
    nodes = [_node("Conv", ["x", "w0", "w1"], ["a"], conv), _node("Relu", ["a"], ["b"]),
             _node("Conv", ["b", "w2", "w3"], ["c"], conv), _node("Relu", ["c"], ["d"]), _node("Flatten", ["d"], ["e"]),
             _node("Gemm", ["e", "w4", "w5"], ["f"], dense), _node("Relu", ["f"], ["g"]),
             _node("Gemm", ["g", "w6", "w7"], ["logits"], dense)]
    graph = (b"".join(field(1, node) for node in nodes) + field(2, "victim")
             + b"".join(field(5, _tensor(f"w{i}", value)) for i, value in enumerate(w))
             + field(11, _value("x", ["batch", 1, 28, 28])) + field(12, _value("logits", ["batch", 10])))
    path.write_bytes(field(1, 8) + field(2, "compare_extraction") + field(7, graph) + field(8, field(1, "") + field(2, 13)))


def answers(model, x):
    with torch.no_grad():
        return torch.cat([model(part).softmax(1) for part in x.split(1000)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bartizan")
    parser.add_argument("--queries", type=int, nargs="+", default=[250, 1000, 6000])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--reference-lr", type=float, default=0.01)
    parser.add_argument("--reference-momentum", type=float, default=0.5)
    parser.add_argument("--folder", type=pathlib.Path)
    a = parser.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    folder = a.folder or pathlib.Path(tempfile.mkdtemp(prefix="extraction-"))
    folder.mkdir(exist_ok=True)
    torch.manual_seed(0)
    x = torch.from_numpy(idx("train-images-idx3-ubyte.gz")[:, None].astype("f4") / 255)
    y = torch.from_numpy(idx("train-labels-idx1-ubyte.gz").astype("i8"))
    test_x = torch.from_numpy(idx("t10k-images-idx3-ubyte.gz")[:, None].astype("f4") / 255)
    test_y = torch.from_numpy(idx("t10k-labels-idx1-ubyte.gz").astype("i8"))
    victim = network()
    weights = folder / "victim.npz"
    if not weights.exists():
        victim = fit(x[:10000], y[:10000], 0.05, 0.9, 4, 3)
        np.savez(weights, **{name: value.numpy() for name, value in victim.state_dict().items()})
    victim.load_state_dict({name: torch.from_numpy(value) for name, value in np.load(weights).items()})
    write_onnx(victim, folder / "victim.onnx")
    truth = answers(victim, test_x).argmax(1)
    np.savez(folder / "test.npz", x=test_x.numpy(), y=test_y.numpy())
    np.savez(folder / "pool.npz", x=x[10000:].numpy(), y=y[10000:].numpy())
    kept = folder / "reference.json"
    reference = json.loads(kept.read_text()) if kept.exists() else {}
    print(f"victim: {(truth == test_y).float().mean():.4f} on the test set; threads: {a.threads or 'all'}")
    print("| queries | seeds | KnockoffNets agreement | Bartizan agreement | difference | reference CPU s | Bartizan CPU s |")
    print("|---|---|---|---|---|---|---|")
    for queries in a.queries:
        ours, theirs, seconds = [], [], [0.0, 0.0]
        for seed in range(a.seeds):
            torch.manual_seed(seed + 1)
            rows = 10000 + torch.randperm(50000)[:queries]
            key = f"{queries} {seed} {a.reference_lr} {a.reference_momentum}"
            if key not in reference:
                begin = time.process_time()
                copy = fit(x[rows], answers(victim, x[rows]), a.reference_lr, a.reference_momentum, 100, 60)
                reference[key] = [(answers(copy, test_x).argmax(1) == truth).float().mean().item(),
                                  time.process_time() - begin]
                kept.write_text(json.dumps(reference))
            theirs.append(reference[key][0])
            seconds[0] += reference[key][1]
            if not a.bartizan:
                continue
            np.savez(folder / "transfer.npz", x=x[rows].numpy(), y=y[rows].numpy())
            begin = resource.getrusage(resource.RUSAGE_CHILDREN)
            run = subprocess.run(
                [a.bartizan, "extract", folder / "victim.onnx", "--data", folder / "transfer.npz", "--test-data",
                 folder / "test.npz", "--queries", str(queries), "--seed", str(seed), "--format", "json", "--quiet", "--eps",
                 "0", "--fail-on", "never", "--threads", str(a.threads)], capture_output=True, text=True, check=True)
            end = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds[1] += end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime
            ours.append(json.loads(run.stdout)["agreement"])
        mean = [statistics.mean(values) if values else float("nan") for values in (theirs, ours)]
        print(f"| {queries} | {a.seeds} | {mean[0]:.4f} ({min(theirs, default=0):.4f}-{max(theirs, default=0):.4f}) | "
              f"{mean[1]:.4f} ({min(ours, default=0):.4f}-{max(ours, default=0):.4f}) | {mean[1] - mean[0]:+.4f} | "
              f"{seconds[0] / a.seeds:.1f} | {seconds[1] / a.seeds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
