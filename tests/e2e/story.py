"""The whole story with real processes: a poisoned data set, a thief, a tampered model, a bad version; seen, contained,
recovered, each with its time; and what stands in the records afterwards."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import numpy

import program
import tiny_onnx
from serve import Service, call

WIDTH, CLASSES = 100, 4
CONFIG = """
gates: {scan: true, signature: true, audit_score: none}
trusted_signers: [signing.key.pub]
detectors: {similarity_limit: 20, drift_window: 500}
response:
  principal: responder
  unattended: [{detector: theft, playbook: model-theft}, {detector: outliers, playbook: model-theft}]
"""


class Story(program.Case):
    def setUp(self):
        super().setUp()
        self.random = numpy.random.default_rng(2)
        self.centres = self.random.uniform(0.3, 0.7, (CLASSES, WIDTH)).astype("float32")
        rows, labels = self.honest(1500)
        numpy.savez(self.folder / "reference.npz", x=rows)
        numpy.savez(self.folder / "rows.npz", x=rows[:400], y=labels[:400])
        self.keys = {}
        self.command("keygen", "--out", self.folder / "signing.key")
        (self.folder / "serve.yaml").write_text(CONFIG)
        self.start()
        self.keys["admin"] = self.service.read_key()
        for name in ("anna", "ben", "responder"):
            self.ask("user", "add", name, "--kind", "person")
            self.ask("role", "grant", name, "security", "*")
            self.keys[name] = self.ask("key", "create", "--for", name)["key"]
        for name in ("honest", "thief"):
            self.ask("user", "add", name)
            self.ask("role", "grant", name, "consumer", "model:*")
            self.keys[name] = self.ask("key", "create", "--for", name)["key"]

    def start(self):
        self.service = Service(self.folder / "state", "--config", self.folder / "serve.yaml")
        self.addCleanup(lambda service=self.service: service.process.poll() is None and service.end(signal.SIGKILL))

    def honest(self, count):
        """Smooth rows around the centres: neighbours move together, as in measured data."""
        noise = self.random.normal(0, 1, (count, WIDTH + 8))
        smooth = sum(noise[:, i:i + WIDTH] for i in range(8)) / 8 ** 0.5
        labels = self.random.integers(0, CLASSES, count)
        return (self.centres[labels] + 0.03 * smooth).astype("float32"), labels

    def command(self, *words, who="admin", status=0):
        environment = dict(os.environ)
        if self.keys:
            environment |= {"BARTIZAN_SERVER": self.service.address, "BARTIZAN_KEY": self.keys[who]}
        run = program.bartizan(*words, env=environment)
        if status is not None:
            self.assertEqual(run.returncode, status, f"{words}: {run.stdout}{run.stderr}")
        return run

    def ask(self, *words, who="admin", status=0):
        return json.loads(self.command(*words, "--format", "json", who=who, status=status).stdout)

    def push(self, name, scale=4.0, *more):
        """A signed version; gives its number."""
        path = self.folder / f"{name}-{scale}.onnx"
        tiny_onnx.linear(path, scale * (self.centres - 0.5),
                         -scale / 2 * (self.centres ** 2 - 0.25).sum(1).astype("float32"), (WIDTH,))
        self.command("sign", path, "--key", self.folder / "signing.key", "--out", self.folder / "model.sig")
        return self.ask("registry", "push", path, "--name", name, "--signature", self.folder / "model.sig", "--data",
                        self.folder / "reference.npz", *more)["version"]

    def infer(self, name, who="honest", rows=None):
        rows = self.honest(1)[0] if rows is None else rows
        head = json.dumps({"inputs": [{"name": "x", "shape": list(rows.shape), "datatype": "FP32",
                                       "parameters": {"binary_data_size": rows.nbytes}}]}).encode()
        status, headers, body = call(self.service.address, "POST", f"/v2/models/{name}/infer", head + rows.tobytes(),
                                     self.keys[who], {"Inference-Header-Content-Length": str(len(head))})
        return status, headers.get("Bartizan-Model-Version"), body

    def until(self, told, patience=90):
        """Seconds until it is so."""
        began = time.monotonic()
        while not told():
            self.assertLess(time.monotonic() - began, patience)
            time.sleep(0.02)
        return time.monotonic() - began

    def tell(self, what, seconds, most):
        print(f"{what}: {seconds:.2f} s (at most {most} s)", file=sys.stderr)
        self.assertLess(seconds, most, what)

    def test_the_story(self):
        self.push("m")
        self.ask("registry", "promote", "m", "1", "--reason", "first")
        self.poisoned_data()
        self.a_thief()
        self.a_tampered_model()
        self.a_bad_version()
        self.what_stands_in_the_records()

    def poisoned_data(self):
        self.command("poison", self.folder / "rows.npz", "--attack", "label-flip", "--rate", "0.15", "--target", "0",
                     "--out", self.folder / "poisoned")
        poisoned = self.folder / "poisoned/poisoned.npz"
        self.ask("registry", "push", poisoned, "--name", "data:rows")
        self.push("made", 4.0, "--lineage", "trained_on:data:rows@1")
        self.ask("registry", "promote", "made", "1", "--reason", "it was trained on rows")
        self.assertEqual(self.infer("made")[0], 200)
        began = time.monotonic()
        found = self.ask("data", "check", poisoned, "--fail-on", "never", "--record", self.service.address)
        named = {index for issue in found["issues"] if issue["kind"] == "label_error" for index in issue["indices"]}
        truth = next(array for array in numpy.load(self.folder / "poisoned/truth.npz").values()
                     if array.dtype in (numpy.bool_, numpy.uint8) and array.shape == (400,))
        turned = set(numpy.flatnonzero(truth).tolist())
        self.assertGreater(len(named & turned), len(turned) / 2)
        self.assertIn("data.quality", [one["check"] for one in self.ask("evidence", "list")["evidence"]])
        number = str(self.ask("incident", "open", "labels were turned", "--threat", "poisoning", "--severity", "high",
                              "--version", "data:rows@1", who="anna")["incident"])
        self.ask("playbook", "run", "poisoned-data", "--incident", number, "--execute", who="anna")
        self.until(lambda: self.infer("made")[0] in (403, 404, 409, 503))
        self.tell("poisoned data, from the check until what was made from it is refused", time.monotonic() - began, 90)
        self.assertEqual(self.ask("registry", "show", "made", "--version-number", "1")["stage"], "quarantined")
        self.assertEqual(self.ask("registry", "show", "data:rows", "--version-number", "1")["stage"], "quarantined")
        self.assertEqual(self.infer("m")[0], 200, "what was made of other data goes on")

    def a_thief(self):
        # Unattended containment is let happen only after a drill of exactly that playbook.
        drill = self.ask("drill", "--model", "m", "--scenario", "extraction", "--second-key", self.keys["anna"],
                         "--second-key", self.keys["ben"])
        self.assertEqual(drill["verdict"], "pass", drill)
        self.until(lambda: (self.infer("m")[0], any(len(one["detectors"]) > 1 for one in self.ask(
            "alert", "detectors")["versions"] if one["version"] == "model:m@1"))[1])
        whole = self.infer("m", who="thief")
        self.assertEqual(whole[0], 200)
        began = time.monotonic()
        theft = subprocess.Popen([program.BIN / "bartizan", "extract", f"{self.service.address}/v2/models/m", "--data",
                                  self.folder / "rows.npz", "--attack", "jbda", "--queries", "20000", "--quiet"],
                                 env=dict(os.environ, BARTIZAN_KEY=self.keys["thief"]), stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: theft.poll() is None and theft.kill())
        incidents = lambda: [one for one in self.ask("incident", "list", who="anna")["incidents"]
                             if "thief" in one["principals"]]
        self.until(incidents)
        self.tell("theft, from the start of the thief's program until an incident is open", time.monotonic() - began, 90)
        self.until(lambda: self.infer("m", who="thief")[0] == 429)
        self.tell("theft, from the start of the thief's program until he is answered 429", time.monotonic() - began, 90)
        said = theft.communicate(timeout=120)
        self.assertNotEqual(theft.returncode, 0, "the thief does not get his copy")
        self.assertIn("429", said[1])
        status, _, body = self.infer("m")
        self.assertEqual(status, 200, "others are still answered")
        self.assertEqual(sorted(set(body["outputs"][0]["data"])), [0.0, 1.0], "with labels alone")
        report = self.ask("incident", "show", str(incidents()[0]["incident"]), who="anna")
        self.assertEqual([(run["playbook"], run["mode"], run["started_by"], run["state"]) for run in report["runs"]],
                         [("model-theft", "execute", "responder", "waiting")])
        for who in ("anna", "ben"):  # two people agree to take the account away
            self.ask("playbook", "agree", report["runs"][0]["run"], who=who)
        self.assertEqual(self.infer("m", who="thief")[0], 401)

    def a_tampered_model(self):
        began = time.monotonic()
        evil = self.folder / "evil.pt"
        evil.write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
        pushed = self.ask("registry", "push", evil, "--name", "evil")
        self.assertEqual(pushed["checks"][0]["verdict"], "malicious")
        self.assert_refused(self.command("registry", "promote", "evil", "1", status=2), "malicious")
        changed = self.folder / "changed.onnx"  # one field more, which nothing reads: every answer stays
        changed.write_bytes((self.folder / "m-4.0.onnx").read_bytes() + b"\x32\x01x")
        self.command("sign", self.folder / "m-4.0.onnx", "--key", self.folder / "signing.key", "--out",
                     self.folder / "model.sig")
        number = self.ask("registry", "push", changed, "--name", "m", "--signature", self.folder / "model.sig")["version"]
        self.assert_refused(self.command("registry", "promote", "m", number, status=2), "signature did not hold")
        self.assertEqual(self.infer("m")[1], "1")
        self.tell("tampered models, until both are refused", time.monotonic() - began, 90)

    def a_bad_version(self):
        number = self.push("m", 2.0)
        self.ask("registry", "promote", "m", number, "--reason", "better")
        self.until(lambda: self.infer("m")[1] == str(number))
        seen, ending = [], threading.Event()

        def go():
            while not ending.is_set():
                status, version, _ = self.infer("m")
                seen.append((time.monotonic(), status, version))

        callers = [threading.Thread(target=go) for _ in range(2)]
        for one in callers:
            one.start()
        try:
            opened = self.ask("incident", "open", "it answers otherwise", "--threat", "tampering", "--severity", "high",
                              "--version", f"model:m@{number}", who="anna")
            began = time.monotonic()
            self.ask("playbook", "run", "tampered-artefact", "--incident", str(opened["incident"]), "--execute", who="anna")
            self.until(lambda: seen and seen[-1][2] == "1")
            time.sleep(0.5)
        finally:
            ending.set()
            for one in callers:
                one.join()
        self.assertEqual({status for _, status, _ in seen}, {200}, "nobody is refused while it goes back")
        last_bad = max(at for at, _, version in seen if version == str(number))
        self.tell("bad version, from the start of the playbook until the good version alone answers",
                  max(last_bad - began, 0), 60)
        self.assertEqual(self.ask("registry", "show", "m", "--version-number", number)["stage"], "quarantined")
        self.number = opened["incident"]

    def what_stands_in_the_records(self):
        self.command("incident", "act", self.number, "--cause", "a build of the wrong branch", "--lessons", "sign in CI",
                     who="anna")
        for state in ("recovered", "closed"):
            self.command("incident", "move", self.number, state, who="anna")
        report = json.loads(self.command("incident", "report", self.number, "--as", "json", who="anna").stdout)
        self.assertEqual(report["schema"], "bartizan.incident-report/1")
        self.assertEqual((report["cause"], report["incident"]["state"]), ("a build of the wrong branch", "closed"))
        for span in ("to_detect", "to_contain", "to_recover"):
            self.assertIsInstance(report["times"][span], int, report["times"])
        page = self.folder / "incident.html"
        self.command("incident", "report", self.number, "--as", "html", "--out", page, who="anna")
        self.assertIn("a build of the wrong branch", page.read_text())
        pack = self.folder / "pack.zip"
        self.command("export", "pack", "model:m", "--out", pack)
        self.assertEqual(self.service.end(), 0)
        # Offline: the log as a whole, and the pack of the model by itself; one byte changed is found.
        self.command("ledger", "verify", self.folder / "state/ledger")
        self.assertIn("verified", self.command("ledger", "verify", "--pack", pack).stdout)
        broken = bytearray(pack.read_bytes())
        broken[len(broken) // 2] ^= 1
        (self.folder / "broken.zip").write_bytes(broken)
        self.assertNotEqual(self.command("ledger", "verify", "--pack", self.folder / "broken.zip", status=None).returncode, 0)
        shown = self.command("ledger", "show", self.folder / "state/ledger", "--limit", "100000").stdout
        kinds = {line.split()[2] for line in shown.splitlines() if len(line.split()) > 2}
        missing = {"alert.raised", "incident.open", "incident.hold", "incident.playbook", "incident.step", "data.quarantine",
                   "model.quarantine", "model.rollback", "restriction.put"} - kinds
        self.assertEqual(missing, set())


if __name__ == "__main__":
    unittest.main()
