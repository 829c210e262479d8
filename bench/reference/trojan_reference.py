#!/usr/bin/env python3
"""CPU-seconds that the two published scans take in plain PyTorch on models of trojan_models.py (mlp, cnn-small), beside
those of `bartizan backdoor` on the same model, one after the other on one thread: Neural Cleanse (200 steps of 32 items a
class) and MM-BD (10 starts a class, at most 300 steps).

    bench/reference/trojan_reference.py build/release/bin/bartizan --work /tmp/trojans mlp-1-clean-0 cnn-small-0-clean-0

Needs python3-torch, python3-onnx, python3-numpy."""
import argparse
import pathlib
import resource
import subprocess
import time

import numpy
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional


def network(path):
    conv = [nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(), nn.Flatten(),
            nn.Linear(1568, 100), nn.ReLU(), nn.Linear(100, 10)]
    dense = [nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)]
    net = nn.Sequential(*(conv if path.name.startswith("cnn-small") else dense))
    arrays = {one.name: numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer}
    for own, name in zip((layer for layer in net if hasattr(layer, "weight")),
                         sorted({name.rsplit(".", 1)[0] for name in arrays}, key=lambda n: int("".join(
                             letter for letter in n if letter.isdigit()) or 0))):
        own.weight.data.copy_(torch.tensor(arrays[name + ".weight"]))
        own.bias.data.copy_(torch.tensor(arrays[name + ".bias"]))
    return net.requires_grad_(False)


def margins(net):
    """MM-BD, as its authors have it."""
    found = []
    for target in range(10):
        x = torch.rand(10, 1, 28, 28).requires_grad_()
        descent, last = torch.optim.SGD([x], lr=1e-2, momentum=0.2), None
        for _ in range(300):
            logits = net(x.clamp(0, 1))
            others = logits.clone()
            others[:, target] = -1e9
            value = logits[:, target] - others.amax(1)
            descent.zero_grad()
            (-value.sum()).backward()
            descent.step()
            with torch.no_grad():
                x.clamp_(0, 1)
            now = value.sum().item()
            if last is not None and abs(now - last) < 1e-5 * abs(last):
                break
            last = now
        found.append(value.max().item())
    return found


def cleanse(net, x, y):
    """Neural Cleanse, without its early stop."""
    for target in range(10):
        rows = x[y != target][:512]
        mask, pattern = torch.zeros(1, 28, 28, requires_grad=True), torch.zeros(1, 28, 28, requires_grad=True)
        descent, cost, good, bad = torch.optim.Adam([mask, pattern], lr=0.1, betas=(0.5, 0.9)), 1e-3, 0, 0
        for step in range(200):
            begin = (step * 32) % (len(rows) - 31)
            m = torch.sigmoid(mask)
            logits = net((1 - m) * rows[begin:begin + 32] + m * torch.sigmoid(pattern))
            works = (logits.argmax(1) == target).float().mean().item() >= 0.98
            good, bad = (good + 1, 0) if works else (0, bad + 1)
            if good >= 5:
                cost, good = cost * 1.5, 0
            elif bad >= 5:
                cost, bad = cost / 1.5 ** 1.5, 0
            descent.zero_grad()
            (functional.cross_entropy(logits, torch.full((32,), target)) + cost * m.sum()).backward()
            descent.step()


def timed(what):
    begin = time.process_time()
    what()
    return time.process_time() - begin


def seconds(*words):
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, check=True, capture_output=True)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime


def scanned(program, path, data):
    return seconds(program, "backdoor", path, "--data", data, "--threads", "1", "--quiet", "--fail-on", "never")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("models", nargs="+")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = numpy.load(arguments.work / "clean.npz")
    x, y = torch.tensor(data["x"]), torch.tensor(data["y"])
    for name in arguments.models:
        path = arguments.work / (name + ".onnx")
        net = network(path)
        own = scanned(arguments.program, path, arguments.work / "clean.npz")
        published = timed(lambda: cleanse(net, x, y)), timed(lambda: margins(net))
        own = (own + scanned(arguments.program, path, arguments.work / "clean.npz")) / 2
        start = seconds(arguments.program, "inspect", path)  # libraries and model loaded, as PyTorch's are before its time
        print(f"{name:28} Neural Cleanse {published[0]:.1f} s, MM-BD {published[1]:.1f} s, bartizan {own:.1f} s, of these "
              f"{start:.1f} s start: {sum(published) / own:.1f} times as fast, {sum(published) / (own - start):.1f} without "
              "the start", flush=True)


if __name__ == "__main__":
    main()
