#!/usr/bin/env python3
"""Where do explanations of a triggered answer point? The one test with ground truth: `bartizan poison` plants a trigger, a
network learns it, and each method explains triggered items that it is fooled by.

Usage: explain_trigger.py BARTIZAN [--data fashion-mnist] [--items 200] [--methods integrated-gradients,grad-cam]"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy


def wilson(hits, count):
    z, share = 1.96, hits / count
    middle, reach = share + z * z / (2 * count), z * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    return (middle - reach) / (1 + z * z / count), (middle + reach) / (1 + z * z / count)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bartizan")
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--methods", default="integrated-gradients,grad-cam")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bartizan-trigger-"))

    def run(*words):
        done = subprocess.run([options.bartizan, *map(str, words), "--quiet"], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        return done.stdout

    run("poison", f"{options.data}:train", "--limit", 10000, "--attack", "badnets", "--target", 0, "--rate", "0.05",
        "--test-data", f"{options.data}:test", "--out", folder / "drill")
    model = folder / "victim.onnx"
    run("train", "cnn-small", "--data", folder / "drill/poisoned.npz", "--epochs", 4, "--out", model)
    triggered = numpy.load(folder / "drill/triggered.npz")
    success = json.loads(run("evaluate", model, "--data", folder / "drill/triggered.npz", "--format", "json"))["accuracy"]
    x = triggered["x"][:options.items]
    numpy.savez(folder / "asked.npz", x=x, y=triggered["y"][:options.items])
    # The trigger's bright pixels are alike in all; its box is where they lie.
    every = triggered["x"].reshape(len(triggered["x"]), *x.shape[-2:])
    rows, columns = numpy.nonzero((every.std(0) < 1e-6) & (every.mean(0) > 0))
    box = numpy.zeros(every.shape[1:], bool)
    box[rows.min():rows.max() + 1, columns.min():columns.max() + 1] = True
    print(f"the trigger works on {success:.3f}; its box is {box.sum()} of {box.size} pixels")
    for method in options.methods.split(","):
        out = folder / method
        document = json.loads(run("explain", model, "--data", folder / "asked.npz", "--target", 0, "--method", method, "--out",
                                  out, "--threads", 1, "--format", "json"))
        shares = numpy.load(out / "attributions.npz")["attributions"].reshape(len(x), -1)
        hits = int(box.ravel()[shares.argmax(1)].sum())
        low, high = wilson(hits, len(x))
        mass = numpy.clip(shares, 0, None)
        inside = (mass * box.ravel()).sum() / mass.sum()
        error = document["completeness_error"]
        print(f"{method}: points at the trigger in {hits} of {len(x)} ({low:.3f} to {high:.3f}), {inside:.3f} of what speaks for "
              f"the class lies in it, completeness error {'-' if error is None else format(error, '.1e')}, {document['verdict']}")


if __name__ == "__main__":
    main()
