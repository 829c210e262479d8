#!/usr/bin/env python3
"""Times an epoch of differentially private training against a plain one of the same network, batch and data, in turns,
and prints the medians and their ratio.

    bench/reference/private_step.py build/release/bin/bartizan [--rows 30000] [--rounds 5] [--threads 1]

Needs the package dataset-fashion-mnist. Validation of the plain epochs is part of their time: a fiftieth of the rows."""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile


def epochs(bartizan, folder, arch, options, *more):
    command = [bartizan, "train", arch, "--data", "fashion-mnist:train", "--limit", str(options.rows), "--epochs", "3",
               "--batch-size", "512", "--threads", str(options.threads), "--out", str(folder / "m.onnx"), "--format", "json",
               "--quiet", *more]
    document = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    rows = document["privacy"]["epochs"] if "privacy" in document else document["epochs"]
    return [epoch["seconds"] for epoch in rows[1:]]  # the first warms up


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bartizan")
    parser.add_argument("--rows", type=int, default=30000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for arch in ("mlp", "cnn-small"):
            plain, private, ratios = [], [], []
            for _ in range(options.rounds):
                one = epochs(options.bartizan, folder, arch, options)
                two = epochs(options.bartizan, folder, arch, options, "--dp-epsilon", "3")
                ratios.append(statistics.median(two) / statistics.median(one))
                plain += one
                private += two
            print(f"{arch:10} plain {statistics.median(plain):.3f} s, private {statistics.median(private):.3f} s an epoch of "
                  f"{options.rows} rows, {options.threads} thread(s); ratio {statistics.median(ratios):.2f} "
                  f"({min(ratios):.2f} to {max(ratios):.2f}, {options.rounds} rounds)")


if __name__ == "__main__":
    main()
