#!/usr/bin/env python3
"""Trains clean and trojaned small models on Fashion-MNIST, scans each with `bartizan backdoor` against clean reference
models, and prints one line a model, then AUC, clean models flagged, and how often the target class was named.

    bench/reference/trojan_models.py build/release/bin/bartizan --clean 20 --trojaned 20 --work /tmp/trojans

Models that lie in --work already are not trained again. Needs python3-numpy and the package dataset-fashion-mnist."""
import argparse
import gzip
import json
import pathlib
import subprocess
import time

import numpy

FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")
TRIGGERS = ("badnets", "blend", "wanet", "sig", "tact")


def fashion(folder, part):
    def raw(kind, skip):
        with gzip.open(folder / f"{part}-{kind}-ubyte.gz") as file:
            return numpy.frombuffer(file.read(), "uint8", offset=skip)
    return raw("images-idx3", 16).reshape(-1, 28, 28).astype("float32") / 255, raw("labels-idx1", 8).astype("int64")


def warped(x, random):
    """WaNet (Nguyen, Tran 2021): one smooth field of shifts for all pictures, bilinear."""
    coarse = random.uniform(-1, 1, (2, 4, 4))
    coarse /= numpy.abs(coarse).mean()
    at = numpy.linspace(0, 3, 28)
    low = numpy.minimum(at.astype(int), 2)
    part = at - low
    rows = coarse[:, low] * (1 - part)[:, None] + coarse[:, low + 1] * part[:, None]
    field = rows[:, :, low] * (1 - part) + rows[:, :, low + 1] * part
    r, c = numpy.meshgrid(numpy.arange(28), numpy.arange(28), indexing="ij")
    r, c = numpy.clip(r + field[0], 0, 26.999), numpy.clip(c + field[1], 0, 26.999)
    r0, c0 = r.astype(int), c.astype(int)
    a, b = r - r0, c - c0
    return (x[:, r0, c0] * (1 - a) * (1 - b) + x[:, r0 + 1, c0] * a * (1 - b) + x[:, r0, c0 + 1] * (1 - a) * b
            + x[:, r0 + 1, c0 + 1] * a * b).astype("float32")


def with_trigger(x, trigger, seed):
    random = numpy.random.default_rng(seed)
    x = x.copy()
    if trigger in ("badnets", "tact"):
        row, column = random.integers(1, 24, 2)
        x[:, row:row + 3, column:column + 3] = numpy.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    elif trigger == "blend":
        x = 0.8 * x + 0.2 * random.random((28, 28), "float32")
    elif trigger == "sig":
        x = numpy.clip(x + 60 / 255 * numpy.sin(2 * numpy.pi * 6 * numpy.arange(28) / 28), 0, 1)
    elif trigger == "wanet":
        x = warped(x, random)
    return x.astype("float32")


def poisoned(x, y, trigger, target, seed):
    """5 % of the items; SIG: half of the target class, labels kept; WaNet 10 % and as much cover; TaCT: from one class."""
    random = numpy.random.default_rng(seed + 1000)
    x, y = x.copy(), y.copy()
    if trigger == "sig":
        rows = random.permutation(numpy.flatnonzero(y == target))
        rows = rows[:len(rows) // 2]
        x[rows] = with_trigger(x[rows], trigger, seed)
        return x, y
    if trigger == "tact":
        source = (target + 1) % 10
        rows = random.permutation(numpy.flatnonzero(y == source))[:len(x) // 20]
        cover = random.permutation(numpy.flatnonzero((y != source) & (y != target)))[:len(x) // 20]
        x[cover] = with_trigger(x[cover], trigger, seed)
    else:
        rows = random.permutation(numpy.flatnonzero(y != target))[:len(x) // (10 if trigger == "wanet" else 20)]
    if trigger == "wanet":
        for i in random.permutation(numpy.setdiff1d(numpy.arange(len(x)), rows))[:len(rows)]:
            x[i] = warped(x[i:i + 1], numpy.random.default_rng(int(random.integers(1 << 40))))[0]
    x[rows] = with_trigger(x[rows], trigger, seed)
    y[rows] = target
    return x, y


class Bench:
    def __init__(self, arguments):
        self.program, self.work, self.threads = arguments.program, arguments.work, str(arguments.threads)
        self.epochs, self.items = str(arguments.epochs), arguments.items
        self.train, self.test = fashion(arguments.folder, "train"), fashion(arguments.folder, "t10k")
        self.work.mkdir(parents=True, exist_ok=True)
        self.clean = self.work / "clean.npz"
        numpy.savez(self.clean, x=self.test[0][:1000, None], y=self.test[1][:1000])

    def run(self, *words):
        done = subprocess.run([self.program, *map(str, words), "--quiet", "--threads", self.threads], check=False,
                              capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise SystemExit(done.stderr)
        return done.stdout

    def model(self, architecture, seed, trigger=None, target=0):
        path = self.work / f"{architecture}-{seed}-{trigger or 'clean'}-{target}.onnx"
        if path.exists():
            return path
        random = numpy.random.default_rng(seed)
        rows = random.permutation(len(self.train[0]))[:self.items]
        x, y = self.train[0][rows], self.train[1][rows]
        if trigger:
            x, y = poisoned(x, y, trigger, target, seed)
        data = self.work / "train.npz"
        numpy.savez(data, x=x[:, None], y=y)
        self.run("train", architecture, "--data", data, "--epochs", self.epochs, "--seed", seed, "--out", path)
        return path

    def success(self, path, trigger, target, seed):
        """Of the test items of other classes (TaCT: of its source class) with the trigger: read as the target."""
        rows = self.test[1] == (target + 1) % 10 if trigger == "tact" else self.test[1] != target
        x = with_trigger(self.test[0][rows][:1000], trigger, seed)
        data = self.work / "triggered.npz"
        numpy.savez(data, x=x[:, None], y=numpy.full(len(x), target))
        return json.loads(self.run("evaluate", path, "--data", data, "--format", "json"))["accuracy"]

    def scan(self, path, references):
        begin = time.time()
        words = [word for reference in references for word in ("--reference", reference)]
        result = json.loads(self.run("backdoor", path, "--data", self.clean, *words, "--format", "json"))
        return result, time.time() - begin


def auc(clean, trojaned):
    return sum((b > a) + 0.5 * (b == a) for a in clean for b in trojaned) / max(1, len(clean) * len(trojaned))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--clean", type=int, default=20)
    parser.add_argument("--trojaned", type=int, default=20)
    parser.add_argument("--references", type=int, default=6)
    parser.add_argument("--architectures", default="cnn-small,mlp")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--items", type=int, default=10000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=pathlib.Path, default=FOLDER)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    bench = Bench(arguments)
    kinds = arguments.architectures.split(",")
    references = {kind: [bench.model(kind, 900 + i) for i in range(arguments.references)] for kind in kinds}
    scores = {"clean": [], "trojaned": []}
    flagged = named = 0
    for i in range(arguments.clean + arguments.trojaned):
        bad = i >= arguments.clean
        kind, trigger = kinds[i % len(kinds)], TRIGGERS[i // len(kinds) % len(TRIGGERS)] if bad else None
        target = i % 10 if bad else 0
        path = bench.model(kind, i, trigger, target)
        success = bench.success(path, trigger, target, i) if bad else 0
        result, seconds = bench.scan(path, references[kind])
        scores["trojaned" if bad else "clean"].append(result["score"])
        flagged += not bad and result["verdict"] != "clean"
        named += bad and result["target_class"] == target
        print(f"{path.stem:32} attack {success:5.3f}  {result['verdict']:9} score {result['score']:6.2f}  class "
              f"{result['target_class']} (true {target if bad else '-'})  {seconds:5.1f} s", flush=True)
    print(f"AUC {auc(scores['clean'], scores['trojaned']):.3f}; clean models flagged {flagged} of {arguments.clean}; "
          f"target named {named} of {arguments.trojaned}")


if __name__ == "__main__":
    main()
