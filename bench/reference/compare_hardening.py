#!/usr/bin/env python3
"""Adversarial training beside a plain PyTorch script: same architecture, data, attack, optimiser, schedule, epochs.

  compare_hardening.py --bartizan build/release/bin/bartizan [--method pgd|trades] [--eps 0.1] [--steps 10] [--epochs N]
      [--seeds N] [--samples N] [--limit N] [--threads N]

Trains cnn-small on the Fashion-MNIST training images of the Debian package, on both sides from fresh weights, and
judges both ONNX files by `bartizan attack --attack autoattack` on the first N test images (0: not at all, for times
alone: many seeds of one short epoch each, in turn). Both sides have two threads unless --threads says otherwise. Prints
one JSON line a seed, then the means and the ratio of times with the least and the greatest of any seed."""
import argparse
import gzip
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")


def images(name):
    packed = gzip.decompress((FOLDER / f"{name}-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((FOLDER / f"{name}-labels-idx1-ubyte.gz").read_bytes())
    x = np.frombuffer(packed, np.uint8, offset=16).reshape(-1, 1, 28, 28).astype(np.float32) / 255
    return torch.from_numpy(x), torch.from_numpy(np.frombuffer(labels, np.uint8, offset=8).astype(np.int64))


def cnn_small():
    return nn.Sequential(nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(), nn.Flatten(),
                         nn.Linear(1568, 100), nn.ReLU(), nn.Linear(100, 10))


def rate(peak, step, steps):
    t = step / steps
    return peak * (0.1 + 0.9 * t * 3) if t < 1 / 3 else peak * (1 - 0.99 * (t - 1 / 3) * 1.5)


def worst(model, x, y, a):
    low, high = (x - a.eps).clamp(0, 1), (x + a.eps).clamp(0, 1)
    if a.method == "trades":
        with torch.no_grad():
            clean = functional.softmax(model(x), 1)
        z = torch.min(torch.max(x + 1e-3 * torch.randn_like(x), low), high)
    else:
        z = torch.min(torch.max(x + torch.empty_like(x).uniform_(-a.eps, a.eps), low), high)
    for _ in range(a.steps):
        z.requires_grad_(True)
        logits = model(z)
        height = (functional.kl_div(functional.log_softmax(logits, 1), clean, reduction="sum") if a.method == "trades"
                  else functional.cross_entropy(logits, y, reduction="sum"))
        gradient, = torch.autograd.grad(height, z)
        with torch.no_grad():
            z = torch.min(torch.max(z.detach() + 2.5 * a.eps / a.steps * gradient.sign(), low), high)
    return z.detach()


def loss(model, x, y, z, a):
    if a.method == "pgd":
        return functional.cross_entropy(model(z), y)
    clean, near = model(x), model(z)
    return functional.cross_entropy(clean, y) + 6 * functional.kl_div(
        functional.log_softmax(near, 1), functional.softmax(clean, 1), reduction="batchmean")


def plain(x, y, seed, out, a):
    """The script anyone would write; the last epoch's weights."""
    torch.manual_seed(seed)
    model = cnn_small()
    optimiser = torch.optim.SGD(model.parameters(), lr=a.lr, momentum=0.9, nesterov=True, weight_decay=5e-4)
    per_epoch, done, begin = -(-len(x) // 128), 0, time.perf_counter()
    for _ in range(a.epochs):
        for rows in torch.randperm(len(x)).split(128):
            for group in optimiser.param_groups:
                group["lr"] = rate(a.lr, done, a.epochs * per_epoch)
            xb, yb = x[rows], y[rows]
            z = worst(model, xb, yb, a)
            optimiser.zero_grad(set_to_none=True)
            loss(model, xb, yb, z, a).backward()
            optimiser.step()
            done += 1
    seconds = (time.perf_counter() - begin) / a.epochs
    torch.onnx.export(model.eval(), x[:1], out, opset_version=13, input_names=["input"], output_names=["logits"],
                      dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}})
    return seconds


def run(a, *words):
    return json.loads(subprocess.run([a.bartizan, *map(str, words), "--threads", str(a.threads), "--format", "json", "--quiet"], check=True,
                                     capture_output=True, text=True).stdout)


def ours(seed, folder, out, a):
    if a.method == "pgd":
        result = run(a, "train", "cnn-small", "--data", "fashion-mnist:train", "--limit", a.limit, "--adversarial", "--eps", a.eps, "--steps",
                     a.steps, "--epochs", a.epochs, "--lr", a.lr, "--seed", seed, "--out", out)
        return statistics.mean(epoch["seconds"] for epoch in result["epochs"])
    start = folder / "start.onnx"
    run(a, "train", "cnn-small", "--data", "fashion-mnist:train", "--limit", 128, "--epochs", 1, "--lr", 1e-9, "--seed",
        seed, "--out", start)  # fresh weights
    begin = time.perf_counter()
    run(a, "harden", start, "--data", "fashion-mnist:train", "--limit", a.limit, "--test-data", "fashion-mnist:test", "--method", a.method,
        "--eps", a.eps, "--steps", a.steps, "--epochs", a.epochs, "--lr", a.lr, "--seed", seed, "--out", out)
    return (time.perf_counter() - begin) / a.epochs  # with start-up and both judgements: to our disadvantage


def judged(model, a):
    if a.samples == 0:
        return {}
    result = run(a, "attack", model, "--data", "fashion-mnist:test", "--limit", a.samples, "--attack", "autoattack", "--eps",
                 a.eps)
    return {"accuracy": result["clean_accuracy"], "autoattack": result["robust_accuracy"]}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bartizan", required=True)
    p.add_argument("--method", choices=["pgd", "trades"], default="pgd")
    p.add_argument("--eps", type=float, default=0.1)
    p.add_argument("--steps", type=int, default=10)
    p.add_argument("--epochs", type=int, default=5)
    p.add_argument("--lr", type=float, default=0.05)
    p.add_argument("--seeds", type=int, default=1)
    p.add_argument("--samples", type=int, default=1000)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--limit", type=int, default=60000, help="training images")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    x, y = (part[:a.limit] for part in images("train"))
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for seed in range(a.seeds):
            line = {}
            for who, train in (("bartizan", lambda out: ours(seed, folder, out, a)),
                               ("plain", lambda out: plain(x, y, seed, out, a))):
                out = folder / f"{who}.onnx"
                seconds = train(str(out))
                line[who] = {"seconds_per_epoch": round(seconds, 2), **judged(out, a)}
            print(json.dumps(line), flush=True)
            lines.append(line)
    mean = {who: {key: round(statistics.mean(line[who][key] for line in lines), 4) for key in lines[0][who]}
            for who in lines[0]}
    ratios = sorted(line["bartizan"]["seconds_per_epoch"] / line["plain"]["seconds_per_epoch"] for line in lines)
    mean["time_ratio"] = {"median": round(statistics.median(ratios), 3), "least": round(ratios[0], 3),
                          "greatest": round(ratios[-1], 3)}
    print(json.dumps(mean))


main()
