#!/usr/bin/env python3
"""Does the poison that Bartizan crafts on a surrogate work? Trains on it and compares with the same training on clean data.

Usage: poison_success.py BARTIZAN --work DIR [--items 10000] [--trials 5] [--attacks NAME,...] [--threads N]

Fashion-MNIST (Debian package dataset-fashion-mnist), cnn-small, one surrogate trained on the clean items. Per trial another
seed, victim and pair of classes.
  label-consistent   half of the target class; retrained from scratch; success on all test items of other classes
  feature-collision  poison on 50 base items; only the last layer is trained, on 1,000 items; the victim's answer
  gradient-matching  --rate of the items; retrained from scratch with another seed; the victim's answer
One JSON line a trial: success with poison and without, accuracy with and without; then one line a summary."""
import argparse
import json
import pathlib
import subprocess
import sys

import numpy


def run(*words):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    return done.stdout


class Bench:
    def __init__(self, args):
        self.args, self.work = args, pathlib.Path(args.work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.test = "fashion-mnist:test"
        self.surrogate = self.train("fashion-mnist:train", "surrogate.onnx", 1000)
        self.labels = self.read_labels()

    def bartizan(self, *words):
        return run(self.args.bartizan, *words, "--quiet", "--threads", self.args.threads)

    def read_labels(self):
        """Labels of the test set and which of its items the surrogate reads right, by poisoning it harmlessly."""
        out = self.work / "labels"
        self.bartizan("poison", self.test, "--attack", "label-flip", "--rate", "0.0001", "--out", out)
        return numpy.load(out / "truth.npz")["y_clean"]

    def train(self, data, name, seed):
        out = self.work / name
        self.bartizan("train", "cnn-small", "--data", data, "--limit", self.args.items, "--epochs", self.args.epochs, "--out",
                      out, "--seed", seed)
        return out

    def accuracy(self, model, data, *more):
        out = json.loads(self.bartizan("evaluate", model, "--data", data, "--format", "json", *more))
        return out["accuracy"]

    def victim(self, trial):
        """A test item that the surrogate reads right, and a target class that it is not of."""
        random = numpy.random.default_rng(trial)
        while True:
            item = int(random.integers(len(self.labels)))
            target = int((self.labels[item] + 1 + random.integers(9)) % 10)
            one = self.work / "one"
            self.bartizan("poison", "fashion-mnist:train", "--limit", 200, "--attack", "feature-collision", "--model",
                          self.surrogate, "--test-data", self.test, "--param", f"item={item}", "--param", "iterations=1",
                          "--rate", "0.005", "--target", target, "--out", one)
            made = numpy.load(one / "triggered.npz")
            numpy.savez(self.work / "true.npz", x=made["x"], y=made["y_true"])
            if self.accuracy(self.surrogate, self.work / "true.npz") == 1:
                return item, target

    def poison(self, trial, attack, *options):
        out = self.work / "drill"
        return out, json.loads(self.bartizan("poison", "fashion-mnist:train", "--attack", attack, "--model", self.surrogate,
                                             "--test-data", self.test, "--seed", trial, "--out", out, "--format", "json",
                                             *options))

    def label_consistent(self, trial):
        out, _ = self.poison(trial, "label-consistent", "--limit", self.args.items, "--rate", "0.5", "--target", trial % 10,
                             "--param", f"eps={self.args.eps}")
        model = self.train(out / "poisoned.npz", "victim.onnx", trial)
        clean = self.train("fashion-mnist:train", "clean.onnx", trial)
        return {"success": self.accuracy(model, out / "triggered.npz"), "baseline": self.accuracy(clean, out / "triggered.npz"),
                "accuracy": self.accuracy(model, self.test), "accuracy_clean": self.accuracy(clean, self.test)}

    def last_layer(self, data, name, trial):
        out = self.work / name
        self.bartizan("harden", self.surrogate, "--method", "plain", "--param", "last-layer=yes", "--data", data,
                      "--limit", 1000, "--test-data", self.test, "--epochs", 20, "--out", out, "--seed", trial)
        return out

    def feature_collision(self, trial):
        item, target = self.victim(trial)
        out, told = self.poison(trial, "feature-collision", "--limit", 1000, "--rate", "0.05", "--target", target, "--param",
                                f"item={item}", "--param", f"watermark={self.args.watermark}", "--param", "beta=0.1")
        model = self.last_layer(out / "poisoned.npz", "victim.onnx", trial)
        clean = self.last_layer("fashion-mnist:train", "clean.onnx", trial)
        return {"item": item, "target": target, "success": self.accuracy(model, out / "triggered.npz"),
                "baseline": self.accuracy(clean, out / "triggered.npz"), "accuracy": self.accuracy(model, self.test),
                "accuracy_clean": self.accuracy(clean, self.test),
                "distance": [told["trigger"]["distance_before"], told["trigger"]["distance_after"]]}

    def gradient_matching(self, trial):
        item, target = self.victim(trial)
        out, told = self.poison(trial, "gradient-matching", "--limit", self.args.items, "--rate", self.args.rate, "--target",
                                target, "--param", f"item={item}", "--param", f"eps={self.args.eps}", "--param", "restarts=1",
                                "--param", "iterations=120")
        model = self.train(out / "poisoned.npz", "victim.onnx", trial)
        clean = self.train("fashion-mnist:train", "clean.onnx", trial)
        return {"item": item, "target": target, "cosine": told["trigger"]["cosine"],
                "success": self.accuracy(model, out / "triggered.npz"), "baseline": self.accuracy(clean, out / "triggered.npz"),
                "accuracy": self.accuracy(model, self.test), "accuracy_clean": self.accuracy(clean, self.test)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bartizan")
    parser.add_argument("--work", required=True)
    parser.add_argument("--items", type=int, default=10000)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", default="0.01")
    parser.add_argument("--eps", default="0.15")
    parser.add_argument("--watermark", default="0.2")
    parser.add_argument("--attacks", default="label-consistent,feature-collision,gradient-matching")
    args = parser.parse_args()
    bench = Bench(args)
    for attack in args.attacks.split(","):
        rows = []
        for trial in range(args.trials):
            rows.append(getattr(bench, attack.replace("-", "_"))(trial))
            print(json.dumps({"attack": attack, "trial": trial, **rows[-1]}), flush=True)
        means = {key: float(numpy.mean([row[key] for row in rows])) for key in ("success", "baseline", "accuracy", "accuracy_clean")}
        print(json.dumps({"attack": attack, "trials": args.trials, **means}), flush=True)


if __name__ == "__main__":
    main()
