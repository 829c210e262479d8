#!/usr/bin/env python3
"""Poisoned training sets of Fashion-MNIST, a model trained on each, and what `bartizan data check --model` finds: one line
a set (attack success, clean accuracy, true- and false-positive rates of SCAn alone and of the fused rule), then the means
of each attack with their intervals over all items of all seeds.

    bench/reference/poison_protocol.py build/release/bin/bartizan --seeds 3 --work /tmp/poison

10,000 items, 5 % poison (SIG: half of the target class), target 0, 100 trusted items of each class from the test set.
"adaptive" is an attacker who knows the detectors (after Qi et al. 2023, Adaptive-Blend): half as strong a blend, 1.5 % poison
and as many triggered covers that keep their labels. Models that lie in --work already are not trained again. Needs
python3-numpy and the package dataset-fashion-mnist."""
import argparse
import json
import math
import pathlib
import subprocess
import sys

import numpy

ATTACKS = {"badnets": [], "blend": [], "sig": ["--rate", 0.5], "tact": [], "wanet": []}
SIZE, TRUSTED = 10_000, 100


def run(*words, allow=(0,)):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode not in allow:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stderr}")
    return json.loads(done.stdout)


def wilson(part, whole, z=1.959963984540054):
    if whole == 0:
        return 0.0, 1.0
    p, centre = part / whole, (part / whole + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z * math.sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole)) / (1 + z * z / whole)
    return max(0.0, centre - half), min(1.0, centre + half)


class Protocol:
    def __init__(self, arguments):
        self.arguments, self.work = arguments, pathlib.Path(arguments.work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.base = ["--threads", arguments.threads, "--quiet", "--format", "json"]

    def bartizan(self, *words, allow=(0,)):
        return run(self.arguments.bartizan, *words, *self.base, allow=allow)

    def poisoned(self, attack, seed):
        """Folder with poisoned.npz and truth.npz; of clean sets a SIG set whose poison is undone is of no use: its own."""
        folder = self.work / f"{attack}-{seed}"
        if (folder / "poisoned.npz").exists():
            return folder
        words = ["poison", "fashion-mnist:train", "--sample", SIZE, "--target", 0, "--seed", seed, "--out", folder,
                 "--test-data", "fashion-mnist:test"]
        if attack in ATTACKS:
            self.bartizan(*words, "--attack", attack, *ATTACKS[attack])
        elif attack == "adaptive":
            self.adaptive(folder, words)
        else:  # the same items, unpoisoned: undo the one that the smallest rate makes
            self.bartizan(*words, "--attack", "label-flip", "--rate", 1e-9)
            with numpy.load(folder / "poisoned.npz") as made, numpy.load(folder / "truth.npz") as truth:
                x, y = made["x"], truth["y_clean"]
            numpy.savez(folder / "poisoned.npz", x=x, y=y)
            numpy.savez(folder / "truth.npz", poisoned=numpy.zeros(len(y), "uint8"), y_clean=y)
        return folder

    def adaptive(self, folder, words):
        """3 % of the items get a weak blend; every second of them keeps its label."""
        self.bartizan(*words, "--attack", "blend", "--rate", 0.03, "--param", "blend=0.1")
        with numpy.load(folder / "poisoned.npz") as made, numpy.load(folder / "truth.npz") as truth:
            x, y, clean, rows = made["x"], made["y"].copy(), truth["y_clean"], truth["rows"]
        covers = rows[1::2]
        y[covers] = clean[covers]
        flags = numpy.zeros(len(y), "uint8")
        flags[rows[0::2]] = 1
        numpy.savez(folder / "poisoned.npz", x=x, y=y)
        numpy.savez(folder / "truth.npz", poisoned=flags, y_clean=clean)

    def model(self, folder, seed):
        path = folder / "model.onnx"
        if not path.exists():
            self.bartizan("train", self.arguments.arch, "--data", folder / "poisoned.npz", "--out", path, "--epochs",
                          self.arguments.epochs, "--seed", seed)
        return path

    def trusted(self):
        path = self.work / "trusted.npz"
        if not path.exists():
            import gzip
            base = pathlib.Path("/usr/share/datasets/fashion-mnist")
            with gzip.open(base / "t10k-images-idx3-ubyte.gz") as images, gzip.open(base / "t10k-labels-idx1-ubyte.gz") as labels:
                x = numpy.frombuffer(images.read(), "uint8", offset=16).reshape(-1, 28, 28)
                y = numpy.frombuffer(labels.read(), "uint8", offset=8).astype("int64")
            rows = numpy.concatenate([numpy.flatnonzero(y == k)[:TRUSTED] for k in range(10)])
            numpy.savez(path, x=x[rows], y=y[rows])
        return path

    def measure(self, attack, seed):
        folder = self.poisoned(attack, seed)
        model = self.model(folder, seed)
        out = {"attack": attack, "seed": seed,
               "accuracy": self.bartizan("evaluate", model, "--data", "fashion-mnist:test")["accuracy"], "success": None}
        if (folder / "triggered.npz").exists() and attack != "clean":
            out["success"] = self.bartizan("evaluate", model, "--data", folder / "triggered.npz")["accuracy"]
        found = self.bartizan("data", "check", folder / "poisoned.npz", "--model", model, "--clean", self.trusted(), "--seed",
                              seed, "--fail-on", "never")
        with numpy.load(folder / "truth.npz") as truth:
            flags = truth["poisoned"].astype(bool)
        suspects = {row for issue in found["issues"] if issue["kind"] == "poison" for row in issue["indices"]}
        by_scan = set(found["poison"]["scan_suspects"])
        for name, rows in (("scan", by_scan), ("fused", suspects)):
            hit = numpy.zeros(len(flags), bool)
            hit[list(rows)] = True
            out[name] = {"found": int((hit & flags).sum()), "poison": int(flags.sum()), "alarms": int((hit & ~flags).sum()),
                         "clean": int((~flags).sum())}
        out["classes"] = [c["label"] for c in found["poison"]["classes"] if c["by_scan"] or c["by_votes"]]
        out["scan_ms"] = 1000 * found["poison"]["scan_seconds"]
        return out


def share(part, whole):
    low, high = wilson(part, whole)
    return "-" if whole == 0 else f"{part / whole:.3f} ({low:.3f}-{high:.3f})"


def small(part, whole):
    low, high = wilson(part, whole)
    return f"{100 * part / max(1, whole):.3f} % ({100 * low:.3f}-{100 * high:.3f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bartizan")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--arch", default="cnn-small")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--attacks", nargs="+", default=[*ATTACKS, "adaptive", "clean"])
    parser.add_argument("--work", required=True)
    parser.add_argument("--train-only", action="store_true")
    arguments = parser.parse_args()
    protocol, lines = Protocol(arguments), []
    for seed in range(arguments.seeds):
        for attack in arguments.attacks:
            if arguments.train_only:
                protocol.model(protocol.poisoned(attack, seed), seed)
                continue
            lines.append(protocol.measure(attack, seed))
            print(json.dumps(lines[-1]), flush=True)
    print("attack    success         SCAn finds             of the clean           fused finds            of the clean")
    for attack in arguments.attacks if lines else []:
        mine = [line for line in lines if line["attack"] == attack]
        total = {name: {key: sum(line[name][key] for line in mine) for key in mine[0][name]} for name in ("scan", "fused")}
        success = " ".join(f"{line['success']:.2f}" for line in mine if line["success"] is not None)
        print(f"{attack:<10}{success:<16}" + "".join(
            f"{share(t['found'], t['poison']):<23}{small(t['alarms'], t['clean']):<23}" for t in total.values()))


main()
