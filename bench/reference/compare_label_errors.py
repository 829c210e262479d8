#!/usr/bin/python3
"""Confident learning on Fashion-MNIST with one label in ten flipped: out-of-fold probabilities of a 64-unit network (PyTorch),
given to `bartizan data check --probabilities`. Prints precision and recall of the flipped labels as one JSON line."""
import argparse
import gzip
import json
import pathlib
import subprocess
import tempfile

import numpy
import torch

parser = argparse.ArgumentParser()
parser.add_argument("--bartizan", default="build/release/bin/bartizan")
parser.add_argument("--data", type=pathlib.Path, default="/usr/share/datasets/fashion-mnist")
parser.add_argument("--epochs", type=int, default=8)
parser.add_argument("--seed", type=int, default=0)
arguments = parser.parse_args()


def read(name, offset):
    plain = arguments.data / name
    content = plain.read_bytes() if plain.exists() else gzip.decompress((arguments.data / (name + ".gz")).read_bytes())
    return numpy.frombuffer(content, numpy.uint8, offset=offset)


torch.manual_seed(arguments.seed)
random = numpy.random.default_rng(arguments.seed)
x, truth = read("train-images-idx3-ubyte", 16).reshape(-1, 28, 28), read("train-labels-idx1-ubyte", 8).astype("int64")
flipped = random.choice(60_000, 6_000, replace=False)
y = truth.copy()
y[flipped] = (truth[flipped] + random.integers(1, 10, 6_000)) % 10

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

with tempfile.TemporaryDirectory() as folder:
    numpy.savez(f"{folder}/d.npz", x=x, y=y)
    numpy.savez(f"{folder}/p.npz", pred_probs=probabilities)
    run = subprocess.run([arguments.bartizan, "data", "check", f"{folder}/d.npz", "--probabilities", f"{folder}/p.npz",
                          "--format", "json", "--quiet", "--fail-on", "never"], capture_output=True, check=True)
found = set(next(i for i in json.loads(run.stdout)["issues"] if i["kind"] == "label_error")["indices"])
right = len(found & set(flipped.tolist()))
print(json.dumps({"accuracy": float((probabilities.argmax(1) == truth).mean()), "flagged": len(found),
                  "precision": right / len(found), "recall": right / 6_000}))
