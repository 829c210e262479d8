"""The detectors behind `bartizan serve`: honest callers raise nothing, and each thing that they watch for is seen."""
import json
import os
import pathlib
import struct
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import numpy

import program
import tiny_onnx
from serve import Service, call

WIDTH, CLASSES = 100, 4
CONFIG = """
gates: {scan: true, signature: false, audit_score: none}
detectors: {similarity_limit: 20, drift_window: 500, golden_seconds: 1, throttle_seconds: 2}
"""


class Watch(program.Case):
    def setUp(self):
        super().setUp()
        self.random = numpy.random.default_rng(1)
        self.centres = self.random.uniform(0.3, 0.7, (CLASSES, WIDTH)).astype("float32")
        model = tiny_onnx.linear(self.folder / "m.onnx", 4 * (self.centres - 0.5),
                                 -2 * (self.centres ** 2 - 0.25).sum(1).astype("float32"), (WIDTH,))
        numpy.savez(self.folder / "reference.npz", x=self.honest(1500))
        self.trained_on = self.honest(1000)
        numpy.savez(self.folder / "members.npz", x=self.trained_on)
        (self.folder / "serve.yaml").write_text(CONFIG)
        self.service = Service(self.folder / "state", "--config", self.folder / "serve.yaml")
        self.addCleanup(lambda: self.service.process.poll() is None and self.service.end())
        self.service.read_key()
        self.client("registry", "push", model, "--name", "m", "--data", self.folder / "reference.npz", "--members",
                    self.folder / "members.npz")
        self.client("registry", "promote", "m", "1", "--reason", "test")

    def client(self, *words):
        run = program.bartizan(*words, "--format", "json", env=dict(os.environ, BARTIZAN_SERVER=self.service.address,
                                                                   BARTIZAN_KEY=self.service.key))
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def caller(self, name):
        self.client("user", "add", name)
        self.client("role", "grant", name, "consumer", "model:m")
        return self.client("key", "create", "--for", name)["key"]

    def honest(self, count):
        """Smooth rows around the centres: neighbours move together, as in measured data."""
        noise = self.random.normal(0, 1, (count, WIDTH + 8))
        smooth = sum(noise[:, i:i + WIDTH] for i in range(8)) / 8 ** 0.5
        return (self.centres[self.random.integers(0, CLASSES, count)] + 0.03 * smooth).astype("float32")

    def infer(self, key, rows):
        rows = numpy.ascontiguousarray(rows, "<f4").reshape(-1, WIDTH)
        head = json.dumps({"inputs": [{"name": "x", "shape": list(rows.shape), "datatype": "FP32",
                                       "parameters": {"binary_data_size": rows.nbytes}}]}).encode()
        return call(self.service.address, "POST", "/v2/models/m/infer", head + rows.tobytes(), key,
                    {"Inference-Header-Content-Length": str(len(head))})

    def ask(self, key, rows, batch=1):
        for at in range(0, len(rows), batch):
            status, _, body = self.infer(key, rows[at:at + batch])
            self.assertEqual(status, 200, body)

    def ask_until_held(self, key, rows):
        """How many were answered before the caller was held back."""
        for answered, row in enumerate(rows):
            time.sleep(0.02)
            status, _, body = self.infer(key, row)
            if status != 200:
                self.assertEqual((status, body["code"]), (429, "rate-exceeded"))
                self.assertNotIn("theft", json.dumps(body), "nobody is told what was seen")
                return answered
        return len(rows)

    def ask_patiently(self, key, rows):
        """Each row, however often he is held back meanwhile."""
        for row in rows:
            while self.infer(key, row)[0] == 429:
                time.sleep(0.2)

    def alerts(self, detector=None, patience=20):
        """Those of a detector, as soon as there are any; all of them at once without one."""
        until = time.monotonic() + patience
        while True:
            found = [one for one in self.client("alert", "list")["alerts"] if detector in (None, one["detector"])]
            if found or detector is None or time.monotonic() > until:
                return found
            time.sleep(0.1)

    def ready(self, key):
        self.ask(key, self.honest(1))
        until = time.monotonic() + 60
        while "theft" not in self.client("alert", "detectors")["versions"][0]["detectors"]:
            self.assertLess(time.monotonic(), until, self.client("alert", "detectors"))
            self.ask(key, self.honest(1))
            time.sleep(0.2)

    def test_what_is_watched_for_is_seen_and_honest_callers_are_not(self):
        honest = self.caller("honest")
        self.ready(honest)
        self.ask(honest, self.honest(1400), batch=7)
        prober = self.caller("prober")
        self.ask(prober, numpy.repeat(self.honest(1), 120, 0))  # the same again and again: a health check is no attack
        time.sleep(2)  # two looks at the golden set
        self.assertEqual(self.alerts(), [])

        thief = self.caller("thief")
        made = numpy.clip(self.honest(50) + 0.1 * self.random.choice([-1, 1], (50, WIDTH)), 0, 1)
        self.assertIn(self.ask_until_held(thief, made), range(5, 50))  # by outliers already, where they are that strange
        self.ask_patiently(thief, made)
        theft = self.alerts("theft")
        self.assertEqual([one["principals"] for one in theft], [["thief"]])
        self.assertLessEqual(theft[0]["evidence"]["queries"], 50)
        self.assertEqual(theft[0]["atlas"], "AML.T0024.002")

        # An attack on the boundary: each query a small step from the last, two accounts in turn.
        keys = [self.caller("left"), self.caller("right")]
        at = self.honest(1)
        for step in range(80):
            status, _, body = self.infer(keys[step % 2], at)
            if status != 200:
                # Around a rare input outliers hold them back first, for two seconds; the chain goes on.
                self.assertEqual(body["code"], "rate-exceeded")
                if any(one["detector"] == "similarity" for one in self.client("alert", "list")["alerts"]):
                    break
                time.sleep(2.1)
                continue
            at = at + self.random.normal(0, 0.0005, at.shape)
        chain = self.alerts("similarity")
        self.assertEqual(sorted(chain[0]["principals"]), ["left", "right"])
        self.assertEqual(self.infer(honest, self.honest(1))[0], 200, "others go on")

        # Records of the training set among others, a little changed: who probes for members.
        insider = self.caller("insider")
        probes = self.honest(40)
        probes[::2] = self.trained_on[:20] + 0.005 * self.random.choice([-1, 1], (20, WIDTH))
        self.assertIn(self.ask_until_held(insider, probes), range(3, 20))
        membership = self.alerts("membership")
        self.assertEqual([one["principals"] for one in membership], [["insider"]])
        self.assertEqual(membership[0]["atlas"], "AML.T0024.000")

        # Inputs that the model is not for: between two of its classes, and as smooth as any.
        stranger = self.caller("stranger")
        pairs = self.random.integers(0, CLASSES, 60)
        between = (self.centres[pairs] + self.centres[(pairs + 1) % CLASSES]) / 2
        self.ask_until_held(stranger, (between + self.honest(60) - self.centres[0]).astype("float32"))
        self.assertIn(["stranger"], [one["principals"] for one in self.alerts("outliers")])
        self.assertEqual(self.infer(honest, self.honest(1))[0], 200)
        kept = self.client("registry", "show", "m", "--version-number", "1")
        self.assertIn("statistics", json.dumps(kept), "statistics of the reference are kept with the version")
        status, _, body = call(self.service.address, "PUT", "/v1/models/m/versions/1/attachments/statistics", b"{}",
                               self.service.key)
        self.assertEqual((status, body["code"]), (400, "invalid-input"))

        self.ask(honest, self.honest(1000) + 0.05, batch=1000)
        until = time.monotonic() + 20
        while not (drift := [one for one in self.alerts("drift")
                             if "mean" in [column["column"] for column in one["evidence"]["columns"]]]):
            self.assertLess(time.monotonic(), until, self.alerts("drift"))
            time.sleep(0.2)
        self.assertEqual(drift[0]["principals"], [])

        kinds = [entry["kind"] for entry in json.loads(program.bartizan(
            "ledger", "show", self.folder / "state" / "ledger", "--limit", "1000", "--format", "json").stdout)["shown"]]
        self.assertGreaterEqual(kinds.count("alert.raised"), 3)
        _, _, metrics = call(self.service.address, "GET", "/metrics", key=self.service.key)
        self.assertRegex(metrics.decode(), r'bartizan_detector_alerts_total\{detector="theft",severity="high"\} \d+\n')
        self.assertRegex(metrics.decode(), r'bartizan_watched_queries_total\{outcome="seen"\} \d{4}')
        shown = program.bartizan("alert", "list", env=dict(os.environ, BARTIZAN_SERVER=self.service.address,
                                                           BARTIZAN_KEY=self.service.key)).stdout
        self.assertIn("by thief", shown)
        self.assertEqual(call(self.service.address, "GET", "/v1/alerts", key=honest)[0], 403)

    def test_a_version_without_a_reference_says_so(self):
        model = tiny_onnx.linear(self.folder / "n.onnx", numpy.eye(3, dtype="f4"), numpy.zeros(3, "f4"), (3,))
        bad = self.folder / "bad.npz"
        numpy.savez(bad, x=numpy.zeros((300, 7), "float32"))
        for name, words in (("n", []), ("bad", ["--data", bad])):
            self.client("registry", "push", model, "--name", name, *words)
            self.client("registry", "promote", name, "1", "--reason", "test")
            until = time.monotonic() + 60
            seen = {}
            while time.monotonic() < until:
                status, _, body = call(self.service.address, "POST", f"/v2/models/{name}/infer", {"inputs": [
                    {"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}]}, self.service.key)
                self.assertEqual(status, 200, body)
                seen = {one["version"]: one for one in self.client("alert", "detectors")["versions"]}
                if "reference" in seen.get(f"model:{name}@1", {}).get("not_watched_because", ""):
                    break
                time.sleep(0.3)
            self.assertEqual(seen[f"model:{name}@1"]["detectors"], ["volume"])
            self.assertIn("reference", seen[f"model:{name}@1"]["not_watched_because"])


if __name__ == "__main__":
    unittest.main()
