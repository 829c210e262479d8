"""`bartizan drill` against a running service: what is seen is said to be seen, what is not is not; nothing is left."""
import json
import os
import pathlib
import sys
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
detectors: {similarity_limit: 20, drift_window: 500, golden_seconds: 1}
"""


class Drill(program.Case):
    def setUp(self):
        super().setUp()
        self.random = numpy.random.default_rng(1)
        self.centres = self.random.uniform(0.3, 0.7, (CLASSES, WIDTH)).astype("float32")
        self.model = tiny_onnx.linear(self.folder / "m.onnx", 4 * (self.centres - 0.5),
                                      -2 * (self.centres ** 2 - 0.25).sum(1).astype("float32"), (WIDTH,))
        numpy.savez(self.folder / "reference.npz", x=self.honest(1500))
        numpy.savez(self.folder / "members.npz", x=self.honest(1000))
        self.run_bartizan("keygen", "--out", self.folder / "signing.key")
        self.run_bartizan("sign", self.model, "--key", self.folder / "signing.key", "--out", self.folder / "m.sig")
        (self.folder / "serve.yaml").write_text(CONFIG)
        self.service = Service(self.folder / "state", "--config", self.folder / "serve.yaml")
        self.addCleanup(lambda: self.service.process.poll() is None and self.service.end())
        self.service.read_key()

    def honest(self, count):
        """Smooth rows around the centres: neighbours move together, as in measured data."""
        noise = self.random.normal(0, 1, (count, WIDTH + 8))
        smooth = sum(noise[:, i:i + WIDTH] for i in range(8)) / 8 ** 0.5
        return (self.centres[self.random.integers(0, CLASSES, count)] + 0.03 * smooth).astype("float32")

    def run_bartizan(self, *words, status=0):
        environment = dict(os.environ)
        if hasattr(self, "service"):
            environment |= {"BARTIZAN_SERVER": self.service.address, "BARTIZAN_KEY": self.service.key}
        run = program.bartizan(*words, env=environment)
        self.assertEqual(run.returncode, status, f"{words}: {run.stdout}{run.stderr}")
        return run

    def ask(self, *words, status=0):
        return json.loads(self.run_bartizan(*words, "--format", "json", status=status).stdout)

    def push(self, *more):
        self.ask("registry", "push", self.model, "--name", "m", "--signature", self.folder / "m.sig", *more)
        self.ask("registry", "promote", "m", "1", "--reason", "test")

    def colleague(self, name):
        self.ask("user", "add", name, "--kind", "person")
        self.ask("role", "grant", name, "security", "*")
        return self.ask("key", "create", "--for", name)["key"]

    def test_a_drill_measures_and_leaves_nothing_behind(self):
        self.push("--data", self.folder / "reference.npz", "--members", self.folder / "members.npz")
        second = [word for name in ("anna", "ben") for word in ("--second-key", self.colleague(name))]
        aliases = self.ask("registry", "show", "m")["aliases"]

        # Before it begins it says what it will do, and a dry run does nothing.
        plan = self.ask("drill", "--dry-run")["plan"]
        self.assertIn("attacks model:m@1", plan[0])
        self.assertEqual([one["name"] for one in self.ask("registry", "list")["models"]], ["m"])

        page, kept = self.folder / "drill.html", self.folder / "drill.json"
        run = self.run_bartizan("drill", "--html", page, "--out", kept, "--record", self.service.address, *second)
        done = json.loads(kept.read_text())
        self.assertEqual(done["schema"], "bartizan.drill/1")
        self.assertEqual(done["verdict"], "pass", run.stdout)
        scenarios = {one["scenario"]: one for one in done["scenarios"]}
        self.assertEqual(set(scenarios), {"evasion", "extraction", "membership", "tampered-model", "bad-version",
                                          "poisoned-upload", "stolen-key", "stop"})
        for name in ("evasion", "extraction", "membership"):
            one = scenarios[name]
            self.assertTrue(one["seen"]["held"], one)
            self.assertGreater(one["seen"]["queries"], 0)
            self.assertGreater(one["asked"], 0)
            self.assertEqual((one["answered"]["mode"], one["answered"]["state"]), ("drill", "done"), one)
            self.assertTrue(one["blocked"]["held"] and one["recovered"]["held"], one)
            self.assertEqual(one["others"]["refused"], 0, one)
        self.assertIn("signature", scenarios["tampered-model"]["blocked"]["note"])
        self.assertIn("malicious", scenarios["tampered-model"]["blocked"]["note"])
        for name, part in (("bad-version", "recovered"), ("poisoned-upload", "blocked"), ("stolen-key", "blocked"),
                           ("stop", "blocked")):
            self.assertTrue(scenarios[name][part]["held"], scenarios[name])
            self.assertLess(scenarios[name][part]["seconds"], 30)
        self.assertEqual(scenarios["bad-version"]["others"]["refused"], 0, scenarios["bad-version"])
        self.assertIn("Content-Security-Policy", page.read_text())
        self.assertIn("Model theft", page.read_text())

        # The service is as it was.
        self.assertEqual(self.ask("registry", "show", "m")["aliases"], aliases)
        self.assertEqual(self.ask("incident", "list")["incidents"], [])
        closed = self.ask("incident", "list", "--state", "closed")["incidents"]
        self.assertGreaterEqual(len(closed), 6)
        self.assertTrue(all(done["drill"] in one["cause"] for one in closed), closed)
        _, _, restrictions = call(self.service.address, "GET", "/v1/restrictions", key=self.service.key)
        self.assertEqual(restrictions["restrictions"], [])
        _, _, people = call(self.service.address, "GET", "/v1/principals", key=self.service.key)
        ours = [one for one in people["principals"] if one["name"].startswith(done["drill"])]
        self.assertTrue(ours and all(one["disabled"] and not one["grants"] for one in ours), ours)
        for one in self.ask("registry", "list")["models"]:
            self.assertEqual(one["name"] == "m", one["quarantine"] is None, one)

        # What ended well may run unattended now, and stands as evidence.
        drilled = {one["playbook"]: one["drilled"] for one in self.ask("playbook", "list")["playbooks"]}
        for name in ("evasion-campaign", "model-theft", "membership-probing", "tampered-artefact", "poisoned-data",
                     "leaked-key"):
            self.assertTrue(drilled[name], drilled)
        self.assertFalse(drilled["drift-or-harm"])
        evidence = {one["check"]: one for one in self.ask("evidence", "list")["evidence"]}
        for check in ("monitor.detection", "drill.rollback", "exercise.playbook", "drill.quarantine", "drill.stop"):
            self.assertEqual((evidence[check]["verdict"], evidence[check]["tool"]), ("pass", "bartizan drill"), evidence)
        self.assertEqual(evidence["drill.rollback"]["subject"], "model:m@1")

    def test_what_nothing_watches_is_said_so(self):
        self.push()  # no reference: detectors cannot know what is usual
        done = self.ask("drill", "--scenario", "extraction", "--scenario", "tampered-model")
        first, second = done["scenarios"]
        self.assertEqual((first["verdict"], second["verdict"]), ("skipped", "pass"), done)
        self.assertIn("has no reference", first["reason"])
        self.assertNotIn("monitor.detection", [one["check"] for one in done["checks"]])

    def test_an_adversary_within_the_usual_is_not_seen(self):
        self.push("--data", self.folder / "reference.npz", "--members", self.folder / "members.npz")
        done = self.ask("drill", "--scenario", "membership", "--queries", "2", status=1)
        self.assertEqual(done["scenarios"][0]["seen"]["held"], False)
        self.assertEqual(done["verdict"], "fail")
        self.assertEqual([(one["check"], one["verdict"]) for one in done["checks"]], [("monitor.detection", "fail")])

    def test_bad_input_is_refused(self):
        self.assert_refused(self.run_bartizan("drill", "--scenario", "nonsense", status=2), "is no scenario", "extraction")
        self.assert_refused(self.run_bartizan("drill", status=2), "no model is in production")
        self.assert_refused(self.run_bartizan("drill", "--in-place", "--model", "m", status=2), "--yes")
        listed = self.run_bartizan("drill", "list").stdout
        self.assertIn("poisoned-upload", listed)


if __name__ == "__main__":
    unittest.main()
