#!/usr/bin/env python3
"""Shapley values of boosted trees: Bartizan's against those of XGBoost's own C++ code (pred_contribs), on one thread each,
for the same trees and rows. Prints the largest difference and the time of a row.

    bench/reference/tree_shap.py build/release/bin/bartizan [--rows 60] [--rounds 5]

Needs python3-xgboost. Squared loss, so that XGBoost's covers are the counts of rows that Bartizan takes."""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import xgboost

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "e2e"))
import tiny_onnx  # noqa: E402

def nodes_of(booster):
    """XGBoost goes left, to "yes", where x is below the threshold."""
    nodes = []
    for tree, text in enumerate(booster.get_dump(dump_format="json")):
        open_nodes = [json.loads(text)]
        while open_nodes:
            node = open_nodes.pop()
            if "leaf" in node:
                nodes.append((tree, node["nodeid"], node["leaf"]))
                continue
            nodes.append((tree, node["nodeid"], int(node["split"][1:]), float(node["split_condition"]), node["yes"], node["no"]))
            open_nodes += node["children"]
    return nodes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bartizan")
    parser.add_argument("--rows", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    random = numpy.random.default_rng(0)
    features = 30
    x = random.normal(size=(1000, features)).astype("float32")
    y = (numpy.sin(2 * x[:, 0]) * x[:, 1] + x[:, 2] * x[:, 3] * x[:, 4] + 0.1 * random.normal(size=len(x))).astype("float32")
    for depth in (3, 6, 9, 12):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            settings = {"max_depth": depth, "eta": 0.1, "objective": "reg:squarederror", "base_score": 0.5, "nthread": 1,
                        "tree_method": "exact", "min_child_weight": 1, "lambda": 0.1}
            booster = xgboost.train(settings, xgboost.DMatrix(x, y, nthread=1), 100)
            nodes = nodes_of(booster)
            tiny_onnx.trees(folder / "trees.onnx", features, nodes, 0.5)
            numpy.savez(folder / "all.npz", x=x, y=numpy.zeros(len(x), "int64"))
            numpy.savez(folder / "rows.npz", x=x[:options.rows], y=numpy.zeros(options.rows, "int64"))
            rows = xgboost.DMatrix(x[:options.rows], nthread=1)
            theirs, ours = [], []
            for _ in range(options.rounds):
                begin = time.perf_counter()
                expected = booster.predict(rows, pred_contribs=True)
                theirs.append((time.perf_counter() - begin) / options.rows)
                run = subprocess.run([options.bartizan, "explain", folder / "trees.onnx", "--data", folder / "rows.npz",
                                      "--background", folder / "all.npz", "--method", "tree-shap", "--target", "1", "--out",
                                      folder / "why", "--quiet", "--threads", "1", "--format", "json"], check=True,
                                     capture_output=True, text=True)
                ours.append(statistics.mean(item["seconds"] for item in json.loads(run.stdout)["items"]))
            found = numpy.load(folder / "why" / "attributions.npz")["attributions"]
            ratios = [a / b for a, b in zip(theirs, ours)]
            print(f"depth {depth:2}, {len(nodes):6} nodes: XGBoost {1e3 * statistics.median(theirs):7.3f} ms a row, Bartizan "
                  f"{1e3 * statistics.median(ours):7.3f}, {statistics.median(ratios):5.1f} times as fast "
                  f"({min(ratios):.1f} to {max(ratios):.1f}); largest difference {abs(found - expected[:, :-1]).max():.1e}",
                  flush=True)


if __name__ == "__main__":
    main()
