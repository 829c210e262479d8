#!/usr/bin/env python3
"""From the query that sets off an alert to the last answer of the bad version, unattended, while callers ask: real service,
workers and HTTP. Each run promotes a bad version, asks it strange things until `outliers` names who does, and waits for
the playbook `tampered-artefact`, which the configuration lets run by itself.

Usage: BARTIZAN_BIN_DIR=build/release/bin BARTIZAN_SOURCE_DIR=. bench/reference/rollback.py [--runs 100]"""
import argparse
import json
import os
import pathlib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/e2e"))
import numpy

import program
import tiny_onnx
from serve import Service, call

WIDTH, CLASSES = 100, 4
CONFIG = """
gates: {scan: true, signature: false, audit_score: none}
detectors: {golden_seconds: 0}
response:
  principal: responder
  unattended: [{detector: outliers, playbook: tampered-artefact}, {detector: theft, playbook: tampered-artefact}]
"""


class Study:
    def __init__(self, folder):
        self.folder, self.random = folder, numpy.random.default_rng(3)
        self.centres = self.random.uniform(0.3, 0.7, (CLASSES, WIDTH)).astype("float32")
        numpy.savez(folder / "reference.npz", x=self.honest(1500))
        (folder / "serve.yaml").write_text(CONFIG)
        self.service = Service(folder / "state", "--config", folder / "serve.yaml")
        self.key = self.service.read_key()

    def ask(self, *words):
        run = program.bartizan(*words, "--format", "json", env=dict(os.environ, BARTIZAN_SERVER=self.service.address,
                                                                   BARTIZAN_KEY=self.key))
        if run.returncode != 0:
            raise RuntimeError(f"{words}: {run.stderr}")
        return json.loads(run.stdout)

    def honest(self, count):
        noise = self.random.normal(0, 1, (count, WIDTH + 8))
        smooth = sum(noise[:, i:i + WIDTH] for i in range(8)) / 8 ** 0.5
        return (self.centres[self.random.integers(0, CLASSES, count)] + 0.03 * smooth).astype("float32")

    def push(self, name, scale):
        path = self.folder / "model.onnx"
        tiny_onnx.linear(path, scale * (self.centres - 0.5), -scale / 2 * (self.centres ** 2 - 0.25).sum(1).astype("f4"),
                         (WIDTH,))
        number = self.ask("registry", "push", path, "--name", name, "--data", self.folder / "reference.npz")["version"]
        self.ask("registry", "promote", name, number, "--reason", "run")
        return number

    def caller(self, name):
        self.ask("user", "add", name)
        self.ask("role", "grant", name, "consumer", "model:*")
        return self.ask("key", "create", "--for", name)["key"]

    def infer(self, key, row):
        head = json.dumps({"inputs": [{"name": "x", "shape": [1, WIDTH], "datatype": "FP32",
                                       "parameters": {"binary_data_size": row.nbytes}}]}).encode()
        status, headers, _ = call(self.service.address, "POST", "/v2/models/m/infer", head + row.tobytes(), key,
                                  {"Inference-Header-Content-Length": str(len(head))})
        return status, headers.get("Bartizan-Model-Version"), time.monotonic()

    def prepare(self):
        self.ask("user", "add", "responder", "--kind", "person")
        self.ask("role", "grant", "responder", "security", "*")
        for scale in (1.0, 2.0):
            self.push("drilled", scale)
        incident = self.ask("incident", "open", "a drill", "--threat", "tampering", "--version", "model:drilled@2")["incident"]
        run = self.ask("playbook", "run", "tampered-artefact", "--incident", str(incident), "--drill")
        if run["state"] != "done":
            raise RuntimeError(f"the drill did not end well: {run}")
        self.push("m", 4.0)
        self.honest_key = self.caller("honest")

    def watched(self, version):
        row = self.honest(1)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            self.infer(self.honest_key, row)
            if any(one["version"] == version and len(one["detectors"]) > 1 for one in self.ask("alert", "detectors")["versions"]):
                return
        raise RuntimeError("the version is not watched")

    def one_run(self, number):
        bad = str(self.push("m", 4.0 + 0.001 * (number + 1)))
        self.watched(f"model:m@{bad}")
        key = self.caller(f"stranger{number}")
        seen, ending, row = [], threading.Event(), self.honest(1)

        def go():
            while not ending.is_set():
                seen.append(self.infer(self.honest_key, row))

        callers = [threading.Thread(target=go) for _ in range(2)]
        for one in callers:
            one.start()
        try:
            asked = []
            while len(asked) < 200:
                status, version, at = self.infer(key, self.random.uniform(0, 1, (1, WIDTH)).astype("float32"))
                if version != bad:
                    break
                asked.append(at)
            until = time.monotonic() + 20
            while seen[-1][1] == bad and time.monotonic() < until:
                time.sleep(0.005)
            time.sleep(0.3)
        finally:
            ending.set()
            for one in callers:
                one.join()
        alerts = [one for one in self.ask("alert", "list")["alerts"] if one["principals"] == [f"stranger{number}"]]
        first = min(one["evidence"].get("of", one["evidence"].get("queries")) for one in alerts)
        last = max(at for _, version, at in seen if version == bad)
        for incident in self.ask("incident", "list")["incidents"]:
            self.ask("incident", "move", str(incident["incident"]), "closed", "--reason", "run over")
        return max(last - asked[min(first, len(asked)) - 1], 0), first, len(seen), sum(status != 200 for status, _, _ in seen)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--most-seconds", type=float, default=3600)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        study = Study(pathlib.Path(folder))
        seconds, answers, refused, began = [], 0, 0, time.monotonic()
        try:
            study.prepare()
            for number in range(arguments.runs):
                if time.monotonic() - began > arguments.most_seconds:
                    break
                took, first, many, lost = study.one_run(number)
                seconds.append(took)
                answers, refused = answers + many, refused + lost
                print(f"run {number}: named at query {first}, good version alone after {took * 1000:.0f} ms", flush=True)
        finally:
            study.service.end()
            seconds.sort()
            if seconds:
                print(f"{len(seconds)} runs: median {seconds[len(seconds) // 2] * 1000:.0f} ms, p99 "
                      f"{seconds[(len(seconds) - 1) * 99 // 100] * 1000:.0f} ms, worst {seconds[-1] * 1000:.0f} ms; "
                      f"{answers} answers to callers meanwhile, {refused} refused; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
