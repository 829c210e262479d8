#!/usr/bin/python3
"""Confident learning on Fashion-MNIST with one label in ten flipped: out-of-fold probabilities of a 64-unit network (PyTorch),
given to `bartizan data check --probabilities`; with --own those of bartizan's small network, trained by the check. Prints
precision and recall of the flipped labels, and what the check took, as one JSON line."""
import argparse
import gzip
import json
import pathlib
import resource
import subprocess
import tempfile
import time

import numpy

parser = argparse.ArgumentParser()
parser.add_argument("--bartizan", default="build/release/bin/bartizan")
parser.add_argument("--data", type=pathlib.Path, default="/usr/share/datasets/fashion-mnist")
parser.add_argument("--epochs", type=int, default=8)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--own", action="store_true", help="bartizan's own out-of-fold probabilities; needs no PyTorch")
arguments = parser.parse_args()


def read(name, offset):
    plain = arguments.data / name
    content = plain.read_bytes() if plain.exists() else gzip.decompress((arguments.data / (name + ".gz")).read_bytes())
    return numpy.frombuffer(content, numpy.uint8, offset=offset)


random = numpy.random.default_rng(arguments.seed)
x, truth = read("train-images-idx3-ubyte", 16).reshape(-1, 28, 28), read("train-labels-idx1-ubyte", 8).astype("int64")
flipped = random.choice(60_000, 6_000, replace=False)
y = truth.copy()
y[flipped] = (truth[flipped] + random.integers(1, 10, 6_000)) % 10


def reference_probabilities():
    import torch

    torch.manual_seed(arguments.seed)
    inputs, labels = torch.from_numpy(x.reshape(60_000, 784) / numpy.float32(255)), torch.from_numpy(y)
    fold = random.integers(0, 5, 60_000)
    probabilities = numpy.zeros((60_000, 10), "float32")
    for number in range(5):
        model = torch.nn.Sequential(torch.nn.Linear(784, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
        optimizer = torch.optim.Adam(model.parameters(), 1e-3)
        rows = torch.from_numpy(numpy.flatnonzero(fold != number))
        for _ in range(arguments.epochs):
            for batch in rows[torch.randperm(len(rows))].split(128):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(inputs[batch]), labels[batch]).backward()
                optimizer.step()
        with torch.no_grad():
            probabilities[fold == number] = model(inputs[fold == number]).softmax(1).numpy()
    return probabilities


with tempfile.TemporaryDirectory() as folder:
    numpy.savez(f"{folder}/d.npz", x=x, y=y)
    words = [arguments.bartizan, "data", "check", f"{folder}/d.npz", "--format", "json", "--quiet", "--fail-on", "never"]
    if not arguments.own:
        numpy.savez(f"{folder}/p.npz", pred_probs=reference_probabilities())
        words += ["--probabilities", f"{folder}/p.npz"]
    begin = time.monotonic()
    run = subprocess.run(words, capture_output=True, check=True)
    seconds = time.monotonic() - begin
used = resource.getrusage(resource.RUSAGE_CHILDREN)
report = json.loads(run.stdout)
found = set(next(i for i in report["issues"] if i["kind"] == "label_error")["indices"])
right = len(found & set(flipped.tolist()))
print(json.dumps({"agreement": report["model_accuracy"], "flagged": len(found), "precision": right / len(found),
                  "recall": right / 6_000, "wall_s": seconds, "cpu_s": used.ru_utime + used.ru_stime,
                  "peak_mib": used.ru_maxrss / 1024}))
