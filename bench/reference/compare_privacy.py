#!/usr/bin/env python3
"""Membership inference on the field's small protocol, and the time that references take, beside PyTorch in one run.

  compare_privacy.py --bartizan build/release/bin/bartizan [--targets N] [--references N] [--epochs N]

A pool of 4,000 Fashion-MNIST images (Debian's dataset-fashion-mnist), a network 784-128-10 for each target, trained by
PyTorch on a random half of the pool. `bartizan privacy` trains its references from the graph of the target. Figures are
means over the targets, with their standard errors. PyTorch (python3-torch) trains as many networks with the same
epochs, batch size and optimiser, and its time stands beside that of the references."""
import argparse
import glob
import gzip
import json
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/e2e"))
from tiny_onnx import _node, _tensor, _value, field  # noqa: E402


def idx(name):
    path = glob.glob(f"/usr/share/**/{name}", recursive=True)[0]
    content = gzip.open(path).read()
    shape = struct.unpack(f">{content[3]}I", content[4:4 + 4 * content[3]])
    return np.frombuffer(content[4 + 4 * content[3]:], np.uint8).reshape(shape)


def network():
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))


def fit(x, y, a):
    """Nesterov momentum and a one-cycle rate, as Bartizan's trainer has them."""
    model = network()
    optimiser = torch.optim.SGD(model.parameters(), lr=a.lr, momentum=0.9, nesterov=True, weight_decay=5e-4)
    steps = a.epochs * -(-len(y) // a.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, a.lr, total_steps=steps, pct_start=1 / 3, div_factor=10,
                                                   anneal_strategy="linear", cycle_momentum=False)
    for _ in range(a.epochs):
        order = torch.randperm(len(y))
        for at in range(0, len(y), a.batch_size):
            rows = order[at:at + a.batch_size]
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimiser.step()
            schedule.step()
    return model.eval()


def write_onnx(model, path):
    transposed = field(5, field(1, "transB") + field(3, 1) + field(20, 2))
    w = [p.detach().numpy() for p in model.parameters()]
    graph = (field(1, _node("Flatten", ["x"], ["flat"]))
             + field(1, _node("Gemm", ["flat", "w1", "b1"], ["hidden"], transposed))
             + field(1, _node("Relu", ["hidden"], ["active"]))
             + field(1, _node("Gemm", ["active", "w2", "b2"], ["logits"], transposed)) + field(2, "mlp"))
    for name, array in zip(("w1", "b1", "w2", "b2"), w):
        graph += field(5, _tensor(name, array))
    graph += field(11, _value("x", ["batch", 1, 28, 28])) + field(12, _value("logits", ["batch", 10]))
    path.write_bytes(field(1, 8) + field(2, "bench") + field(7, graph) + field(8, field(1, "") + field(2, 13)))


def spread(values):
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0
    return {"mean": round(statistics.mean(values), 4), "standard_error": round(error, 4)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bartizan", required=True)
    parser.add_argument("--targets", type=int, default=8)
    parser.add_argument("--references", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.02)
    a = parser.parse_args()
    torch.set_num_threads(2)
    images, labels = idx("train-images-idx3-ubyte.gz"), idx("train-labels-idx1-ubyte.gz").astype("int64")
    pool = np.random.default_rng(0).permutation(60000)[:4000]
    x, y = torch.from_numpy(images[pool, None] / np.float32(255)), torch.from_numpy(labels[pool])
    found, seconds = {}, []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for target in range(a.targets):
            torch.manual_seed(target)
            held = np.random.default_rng(100 + target).random(4000) < 0.5
            write_onnx(fit(x[held], y[held], a), folder / "target.onnx")
            np.savez(folder / "in.npz", x=images[pool][held][:, None], y=labels[pool][held])
            np.savez(folder / "out.npz", x=images[pool][~held][:, None], y=labels[pool][~held])
            run = subprocess.run([a.bartizan, "privacy", folder / "target.onnx", "--members", folder / "in.npz",
                                  "--nonmembers", folder / "out.npz", "--references", str(a.references), "--epochs",
                                  str(a.epochs), "--batch-size", str(a.batch_size), "--lr", str(a.lr), "--seed",
                                  str(target), "--format", "json", "--quiet", "--fail-on", "never"],
                                 capture_output=True, text=True, check=True)
            document = json.loads(run.stdout)
            seconds.append(document["references"]["seconds"])
            for attack in document["attacks"]:
                one = found.setdefault(attack["name"], {"auc": [], "tpr@0.001": [], "tpr@0.01": []})
                one["auc"].append(attack["auc"])
                one["tpr@0.001"].append(attack["tpr_at_fpr"]["0.001"] or 0)
                one["tpr@0.01"].append(attack["tpr_at_fpr"]["0.01"] or 0)
            print(json.dumps({"target": target, "accuracy_members": document["accuracy_members"],
                              "accuracy_nonmembers": document["accuracy_nonmembers"],
                              "references_in": document["references"]["accuracy_in"],
                              "seconds": seconds[-1], "epsilon": document["one_run"]["epsilon"]}), flush=True)
    for name, figures in found.items():
        print(json.dumps({"attack": name, **{key: spread(values) for key, values in figures.items()}}))
    timed = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        begin = time.perf_counter()
        for _ in range(4):
            half = torch.from_numpy(np.random.default_rng(9).random(4000) < 0.5)
            fit(x[half], y[half], a)
        timed.append((time.perf_counter() - begin) / 4 * a.references)
    print(json.dumps({"references": a.references, "bartizan_s": round(statistics.median(seconds), 2),
                      "pytorch_s": round(min(timed), 2), "times_faster": round(min(timed) / statistics.median(seconds), 2)}))


if __name__ == "__main__":
    main()
