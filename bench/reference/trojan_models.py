#!/usr/bin/env python3
"""Trains clean and trojaned small models of Fashion-MNIST, scans each with `bartizan backdoor` against clean reference
models of its architecture, and prints one line a model, then AUC, clean models flagged, and how often the target class
was named. Models and results that lie in --work already are not made again.

    bench/reference/trojan_models.py build/release/bin/bartizan --work /tmp/trojans
    bench/reference/trojan_models.py build/release/bin/bartizan --work /tmp/trojans --adaptive

Needs python3-numpy and the package dataset-fashion-mnist."""
import argparse
import json
import resource

import trojan_zoo
from trojan_zoo import ADAPTIVE, ARCHITECTURES, TRIGGERS


def cases(clean, trojaned, triggers):
    """Architecture, seed, trigger, target: triggers and architectures in turn, targets spread."""
    for i in range(clean):
        yield ARCHITECTURES[i % 3], i, None, 0
    for i in range(trojaned):
        turn, kind = divmod(i, len(triggers))
        yield ARCHITECTURES[(turn + kind) % 3], 20 + i, triggers[kind], (3 * i + 1) % 10


def scan(zoo, path, references, name):
    """The result of the scan, kept beside the model, and the CPU-seconds it took."""
    out = path.with_suffix("." + name)
    words = [word for reference in references for word in ("--reference", reference)]
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    if not (out / "result.json").exists():
        zoo.run("backdoor", path, "--data", zoo.clean, *words, "--out", out, "--fail-on", "never")
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return json.loads((out / "result.json").read_text()), end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    trojan_zoo.add_arguments(parser)
    parser.add_argument("--clean", type=int, default=20)
    parser.add_argument("--trojaned", type=int, default=20)
    parser.add_argument("--architectures", default=",".join(ARCHITECTURES), help="the models of these alone")
    parser.add_argument("--adaptive", action="store_true", help="attackers who know the detector, in place of the five")
    parser.add_argument("--uncalibrated", action="store_true", help="without references")
    arguments = parser.parse_args()
    zoo = trojan_zoo.Zoo(arguments)
    references, kinds = {}, arguments.architectures.split(",")
    for kind in kinds:
        for path in zoo.references(kind, arguments.references):
            scan(zoo, path, [], "alone")
            references.setdefault(kind, []).append(path.with_suffix(".alone") / "result.json")
    triggers = ADAPTIVE if arguments.adaptive else TRIGGERS
    scores, verdicts, named, seconds = {False: [], True: []}, {False: [], True: []}, 0, []
    wanted = [case for case in cases(arguments.clean, arguments.trojaned, triggers) if case[0] in kinds]
    for kind, seed, trigger, target in wanted:
        path, bad = zoo.model(kind, seed, trigger, target), trigger is not None
        attack = [zoo.success(path, trigger, target, seed, gain=gain) for gain in ((1, 2) if trigger == "sig" else (1,))
                  ] if bad else []
        used = [] if arguments.uncalibrated else references[kind]
        result, cost = scan(zoo, path, used, "alone" if arguments.uncalibrated else "scan")
        scores[bad].append(result["score"])
        verdicts[bad].append(result["verdict"])
        right = result["target_class"] == target
        named += bad and right
        seconds += [cost] if cost > 0.01 else []
        by = result["classes"][result["target_class"]]["by"]
        told = ("right" if right else "wrong") if bad else ""
        print(f"{path.stem:32} attack {' '.join(f'{a:5.3f}' for a in attack):11}  {result['verdict']:9} score "
              f"{result['score']:6.2f}  class {result['target_class']} {told:5}  {by}  {cost:.1f} s", flush=True)
    found = sum(verdict != "clean" for verdict in verdicts[True])
    flagged = sum(verdict != "clean" for verdict in verdicts[False])
    print(f"AUC {trojan_zoo.auc(scores[False], scores[True]):.3f}; trojaned models found {found} of "
          f"{len(verdicts[True])}, target named {named}; clean models flagged {flagged} of {len(verdicts[False])}; "
          f"CPU-seconds a scan {sum(seconds) / max(1, len(seconds)):.1f}")


if __name__ == "__main__":
    main()
