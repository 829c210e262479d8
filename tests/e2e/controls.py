"""`bartizan control`, `evidence`, `waiver`, `inventory` and `--record`, against a running service."""
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import numpy

import program
import tiny_onnx
from serve import Service


class Controls(program.Case):
    def setUp(self):
        super().setUp()
        self.model = self.folder / "m.onnx"
        tiny_onnx.linear(self.model, numpy.eye(3, dtype="f4"), numpy.zeros(3, dtype="f4"), (3,))
        self.service = Service(self.folder / "state")
        self.addCleanup(lambda: self.service.process.poll() is None and self.service.end(signal.SIGKILL))
        self.environment = dict(os.environ, BARTIZAN_SERVER=self.service.address, BARTIZAN_KEY=self.service.read_key())

    def run_command(self, *words, status=0):
        run = subprocess.run([program.BIN / "bartizan", *map(str, words)], env=self.environment, capture_output=True,
                             text=True, timeout=120)
        self.assertEqual(run.returncode, status, f"{words}: {run.stdout}{run.stderr}")
        return run

    def ask(self, *words):
        return json.loads(self.run_command(*words, "--format", "json").stdout)

    def states(self, *words):
        return {row["requirement"]: row["state"] for row in self.ask("control", "list", *words)["controls"]}

    def test_states_follow_from_what_ran(self):
        self.run_command("registry", "push", self.model, "--name", "m")
        # The server scanned it on push: that is all that is known.
        first = self.ask("evidence", "list", "--subject", "model:m")["evidence"]
        self.assertEqual([(e["check"], e["verdict"], e["origin"]) for e in first], [("artefact.scan", "pass", "server")])
        digest = hashlib.sha256(self.model.read_bytes()).hexdigest()
        self.assertEqual(first[0]["digest"], digest)
        self.assertEqual(self.states("--scheme", "mitre-atlas")["mitre-atlas@5.6.0:AML.M0003"], "unknown")

        # A command's result, sent along: it finds the version by its bytes.
        run = self.run_command("scan", self.model, "--record", self.service.address)
        self.assertIn("recorded ev-", run.stderr)
        self.assertIn("clean", run.stdout)
        scans = self.ask("evidence", "list", "--check", "artefact.scan")["evidence"]
        self.assertEqual({e["subject"] for e in scans}, {"model:m@1"})
        self.assertIn("caller", {e["origin"] for e in scans})

        # What failed shows at once, and opens the evidence behind it.
        for check, verdict in (("evasion.whitebox", "pass"), ("evasion.blackbox", "fail")):
            self.run_command("evidence", "add", "--check", check, "--subject", "model:m@1", "--verdict", verdict,
                             "--method", "TEST", "--summary", "by hand")
        robust = "mitre-atlas@5.6.0:AML.M0003"
        self.assertEqual(self.states("--state", "failing").get(robust), "failing")
        shown = self.ask("control", "show", robust)
        self.assertEqual(shown["subjects"][0]["state"], "failing")
        failed = [c for c in shown["subjects"][0]["checks"] if c["state"] == "failing"][0]["evidence"]["id"]

        # Disputed evidence stays and shows nothing; a waiver is counted apart.
        self.run_command("evidence", "dispute", failed, "--reason", "another model")
        self.assertEqual(self.states("--scheme", "mitre-atlas")[robust], "unknown")
        self.run_command("waiver", "grant", robust, "--asset", "model:m", "--owner", "owen", "--reason", "trial", "--days", "3")
        rows = {r["requirement"]: r for r in self.ask("control", "list", "--scheme", "mitre-atlas")["controls"]}
        self.assertEqual(rows[robust]["waived"], 1)

        # A new version starts with nothing but its own scan.
        tiny_onnx.linear(self.model, 2 * numpy.eye(3, dtype="f4"), numpy.zeros(3, dtype="f4"), (3,))
        self.run_command("registry", "push", self.model, "--name", "m")
        shown = self.ask("control", "show", robust)
        self.assertEqual([s["subject"] for s in shown["subjects"]], ["model:m@2"])
        self.assertTrue(all(c["evidence"] is None for c in shown["subjects"][0]["checks"]))
        self.assertIn("unknown", self.run_command("control", "matrix").stdout)
        self.run_command("inventory", "set", "model:m", "--owner", "anna", "--modality", "image")
        self.assertIn("owner anna", self.run_command("inventory", "list").stdout)

    def test_the_log_verified_is_evidence_of_the_organisation(self):
        self.run_command("ledger", "verify", self.folder / "state" / "ledger", "--record", self.service.address)
        found = self.ask("evidence", "list", "--subject", "organisation")["evidence"]
        self.assertEqual([(e["check"], e["verdict"]) for e in found], [("ledger.verify", "pass")])
        entry = found[0]["entry"]
        proof = self.run_command("ledger", "show", self.folder / "state" / "ledger", entry).stdout
        self.assertIn(found[0]["id"], proof)

    def test_what_is_wrong_is_one_line(self):
        kept = self.folder / "scan.json"
        self.run_command("scan", self.model, "--record", kept, "--quiet")
        self.assertEqual(json.loads(kept.read_text())["schema"], "bartizan.scan/1")
        run = self.run_command("evidence", "add", kept, "--subject", "model:none@1", status=2)
        self.assertIn("none", run.stderr)
        self.run_command("evidence", "add", self.model, status=2)
        self.run_command("scan", self.folder, "--record", self.service.address, status=2)
        bad = self.folder / "serve.yaml"
        (self.folder / "house.json").write_text('{"schema": "bartizan.catalogue/1", "scheme": "h", "version": "1", '
                                                '"title": "t", "publisher": "p", "licence": "l", "source": "s", '
                                                '"requirements": [{"ref": "1", "title": "x", "must": ["CAP-NONE"]}]}')
        bad.write_text("catalogues: [house.json]\n")
        run = subprocess.run([program.BIN / "bartizan", "serve", "--config", bad, "--listen", "127.0.0.1:0", "--state",
                              self.folder / "other"], capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 2)
        self.assertIn("house.json: requirements[0].must: there is no capability 'CAP-NONE'", run.stderr)


if __name__ == "__main__":
    unittest.main()
