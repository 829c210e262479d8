#!/usr/bin/env python3
"""Repairs trojaned small models of Fashion-MNIST with `bartizan harden --method repair` and 500 clean items, choice and
judgement of the kept candidate included, and measures what no defender can: the attacker's own trigger before and
after, and accuracy on the 10,000 test items. Then the repaired model is scanned again, with references and without.

    bench/reference/trojan_repair.py build/release/bin/bartizan --work /tmp/trojans

Models are those of trojan_models.py in the same folder. --relearn N trains each repaired model on for an epoch with N
poisoned items among 500 clean ones. Needs python3-numpy and the package dataset-fashion-mnist."""
import argparse
import json

import numpy

import trojan_zoo
from trojan_models import cases, scan
from trojan_zoo import ARCHITECTURES, TRIGGERS


def relearned(zoo, path, trigger, target, seed, poisons):
    """An epoch of plain training with a handful of poisons: what a repaired model forgets it may learn again."""
    x, y = zoo.train[0][-1000:-500].copy(), zoo.train[1][-1000:-500].copy()
    rows = numpy.flatnonzero(y == (target + 1) % 10 if trigger == "tact" else y != target)[:poisons]
    x[rows], y[rows] = trojan_zoo.with_trigger(x[rows], trigger, seed), target
    out = path.with_name(path.stem + f"-relearned-{poisons}.onnx")
    zoo.run("harden", path, "--method", "plain", "--data", zoo.saved("relearn", x, y),
            "--epochs", 5, "--lr", 0.01, "--out", out)
    return zoo.success(out, trigger, target, seed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    trojan_zoo.add_arguments(parser)
    parser.add_argument("--triggers", default="badnets,blend,wanet")
    parser.add_argument("--models", type=int, default=20, help="of trojan_models.py, those with one of the triggers")
    parser.add_argument("--architectures", default=",".join(ARCHITECTURES))
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--relearn", type=int, default=0)
    parser.add_argument("--name-target", action="store_true", help="tell the repair the target class, as a scan has")
    arguments = parser.parse_args()
    zoo = trojan_zoo.Zoo(arguments)
    few = zoo.saved("few", zoo.train[0][-arguments.samples:], zoo.train[1][-arguments.samples:])
    kinds = arguments.architectures.split(",")
    references = {kind: zoo.references(kind, arguments.references) for kind in kinds}
    for paths in references.values():
        for path in paths:
            scan(zoo, path, [], "alone")
    held = 0
    tried = [case for case in cases(0, arguments.models, TRIGGERS)
             if case[0] in kinds and case[2] in arguments.triggers.split(",")]
    for kind, seed, trigger, target in tried:
        path = zoo.model(kind, seed, trigger, target)
        out = path.with_name(path.stem + "-repaired.onnx")
        words = ["--param", f"target={target}"] if arguments.name_target else []
        told = json.loads(zoo.run("harden", path, "--method", "repair", "--data", few, "--out", out, *words, "--format",
                                  "json"))
        before = zoo.success(path, trigger, target, seed, most=10000), zoo.accuracy(path, *zoo.test)
        if not told["repaired"]:
            print(f"{path.stem:32} attack {before[0]:.3f} accuracy {before[1]:.3f}: not repaired", flush=True)
            continue
        after = zoo.success(out, trigger, target, seed, most=10000), zoo.accuracy(out, *zoo.test)
        beside = [one.with_suffix(".alone") / "result.json" for one in references[kind]]
        verdict = scan(zoo, out, beside, "scan")[0]
        good = after[0] <= 0.1 and before[1] - after[1] <= 0.03 and verdict["verdict"] == "clean"
        held += good
        again = ""
        if arguments.relearn:
            again = f"  relearned {relearned(zoo, out, trigger, target, seed, arguments.relearn):.3f}"
        print(f"{path.stem:32} attack {before[0]:.3f} -> {after[0]:.3f}  accuracy {before[1]:.3f} -> {after[1]:.3f}  "
              f"by {told['chosen']:12} scan {verdict['verdict']} {verdict['score']:.2f}, without references "
              f"{told['verdict_after']}{again}{'' if good else '  MISSED'}", flush=True)
    print(f"the bar holds on {held} of {len(tried)}")


if __name__ == "__main__":
    main()
