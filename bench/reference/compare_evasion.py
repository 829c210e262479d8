#!/usr/bin/env python3
"""Bartizan beside the reference attacks in one run: same weights, same images, same machine.

  compare_evasion.py MODEL.onnx --data F.npz --attack autoattack|pgd --eps 0.3 [--samples N]
      --bartizan build/release/bin/bartizan [--autoattack CHECKOUT] [--foolbox CHECKOUT] [--rounds N]

CHECKOUT is a working copy of the reference AutoAttack (github.com/fra31/auto-attack) or of Foolbox
(github.com/bethgelab/foolbox). Python runs with two intra-op threads, the faster setting on the machine where this
was written; pass --threads to try others. Prints one JSON line per round and the medians."""
import argparse
import json
import statistics
import subprocess
import sys
import time

import numpy as np
import torch

from onnx_eager import EagerOnnx


def load(path, samples):
    arrays = np.load(path)
    x = torch.from_numpy(arrays["x"][:samples].astype(np.float32) / (255 if arrays["x"].dtype == np.uint8 else 1))
    return x, torch.from_numpy(arrays["y"][:samples].astype(np.int64))


def reference_autoattack(model, x, y, a):
    sys.path.insert(0, a.autoattack)
    from autoattack import AutoAttack
    attack = AutoAttack(model, norm={"linf": "Linf", "l2": "L2", "l1": "L1"}[a.norm], eps=a.eps, version="standard",
                        seed=0, verbose=False, device="cpu")
    begin = time.perf_counter()
    adversarial = attack.run_standard_evaluation(x, y, bs=a.batch)
    seconds = time.perf_counter() - begin
    with torch.no_grad():
        robust = torch.cat([model(b).argmax(1) for b in adversarial.split(a.batch)]).eq(y).float().mean().item()
    return robust, seconds


def foolbox_pgd(model, x, y, a):
    sys.path.insert(0, a.foolbox)
    import foolbox
    wrapped = foolbox.PyTorchModel(model, bounds=(0, 1), device="cpu")
    attack = foolbox.attacks.LinfPGD(steps=a.steps, rel_stepsize=2.5 / a.steps)
    fooled, begin = [], time.perf_counter()
    for xb, yb in zip(x.split(a.batch), y.split(a.batch)):
        fooled.append(attack(wrapped, xb, yb, epsilons=a.eps)[2])
    return 1 - torch.cat(fooled).float().mean().item(), time.perf_counter() - begin


def plain_pgd(model, x, y, a):
    """The Python limit: nothing but a gradient step in a loop."""
    robust, begin = 0, time.perf_counter()
    for xb, yb in zip(x.split(a.batch), y.split(a.batch)):
        adversarial = (xb + torch.empty_like(xb).uniform_(-a.eps, a.eps)).clamp_(0, 1)
        for _ in range(a.steps):
            adversarial.requires_grad_()
            loss = torch.nn.functional.cross_entropy(model(adversarial), yb, reduction="sum")
            gradient, = torch.autograd.grad(loss, adversarial)
            with torch.no_grad():
                step = adversarial.detach() + 2.5 * a.eps / a.steps * gradient.sign()
                adversarial = torch.min(torch.max(step, xb - a.eps), xb + a.eps).clamp_(0, 1)
        with torch.no_grad():
            robust += model(adversarial).argmax(1).eq(yb).sum().item()
    return robust / len(y), time.perf_counter() - begin


def bartizan(a):
    command = [a.bartizan, "attack", a.model, "--data", a.data, "--attack", a.attack, "--norm", a.norm, "--eps",
               str(a.eps), "--limit", str(a.samples), "--format", "json", "--quiet", "--fail-on", "never"]
    if a.attack == "pgd":
        command += ["--steps", str(a.steps)]
    begin = time.perf_counter()
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result["robust_accuracy"], result["seconds"], time.perf_counter() - begin


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model")
    p.add_argument("--data", required=True)
    p.add_argument("--attack", choices=["autoattack", "pgd"], required=True)
    p.add_argument("--norm", default="linf")
    p.add_argument("--eps", type=lambda t: float(t.split("/")[0]) / float((t.split("/") + ["1"])[1]), required=True)
    p.add_argument("--samples", type=int, default=200)
    p.add_argument("--steps", type=int, default=40)
    p.add_argument("--batch", type=int, default=200)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--rounds", type=int, default=1)
    p.add_argument("--bartizan", required=True)
    p.add_argument("--autoattack")
    p.add_argument("--foolbox")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    model = EagerOnnx(a.model).eval()
    x, y = load(a.data, a.samples)
    peers = {}
    if a.attack == "autoattack":
        peers["reference"] = reference_autoattack
    else:
        peers["plain"] = plain_pgd
        if a.foolbox:
            peers["foolbox"] = foolbox_pgd
    ratios = {name: [] for name in peers}
    for _ in range(a.rounds):
        ours, seconds, whole = bartizan(a)
        line = {"bartizan": {"robust_accuracy": ours, "seconds": round(seconds, 2), "process_seconds": round(whole, 2)}}
        for name, run in peers.items():
            robust, peer_seconds = run(model, x, y, a)
            line[name] = {"robust_accuracy": round(robust, 4), "seconds": round(peer_seconds, 2)}
            ratios[name].append(peer_seconds / seconds)
        print(json.dumps(line), flush=True)
    print(json.dumps({f"speed_over_{name}": round(statistics.median(r), 2) for name, r in ratios.items()}))


main()
