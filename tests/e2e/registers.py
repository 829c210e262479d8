"""`bartizan risk` and the other registers, against a running service."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import numpy

import program
import tiny_onnx
from serve import Service


class Registers(program.Case):
    def setUp(self):
        super().setUp()
        self.model = self.folder / "m.onnx"
        tiny_onnx.linear(self.model, numpy.eye(3, dtype="f4"), numpy.zeros(3, dtype="f4"), (3,))
        self.service = Service(self.folder / "state")
        self.addCleanup(lambda: self.service.process.poll() is None and self.service.end(signal.SIGKILL))
        self.keys = {"admin": self.service.read_key()}
        for name in ("anna", "ben"):
            self.run_command("user", "add", name, "--kind", "person")
            self.run_command("role", "grant", name, "security", "*")
            self.keys[name] = self.ask("key", "create", "--for", name)["key"]
        self.run_command("registry", "push", self.model, "--name", "m")

    def run_command(self, *words, who="admin", status=0):
        environment = dict(os.environ, BARTIZAN_SERVER=self.service.address, BARTIZAN_KEY=self.keys[who])
        run = subprocess.run([program.BIN / "bartizan", *map(str, words)], env=environment, capture_output=True,
                             text=True, timeout=120)
        self.assertEqual(run.returncode, status, f"{words}: {run.stdout}{run.stderr}")
        return run

    def ask(self, *words, who="admin"):
        return json.loads(self.run_command(*words, "--format", "json", who=who).stdout)

    def describe(self):
        self.run_command("inventory", "set", "model:m", "--owner", "anna", "--criticality", 3, "--exposure", "partner",
                         "--modality", "image", "--sector", "general", "--data-class", "internal", "--risk-class", "limited")

    def test_risks_are_scored_from_evidence(self):
        first = self.ask("risk", "derive", "model:m")["risks"]
        self.assertTrue(all(r["impact"] == 5 for r in first))  # nobody told anything
        self.describe()
        risks = {r["threat"]: r for r in self.ask("risk", "list")["risks"]}
        self.assertEqual(len(risks), len(first))
        self.assertFalse(risks["AML.T0051"]["applies"])
        evasion = risks["AML.T0015"]
        self.assertEqual(evasion["inherent"], {"likelihood": 4.13, "score": 12.4, "band": "high"})
        self.assertEqual(evasion["residual"], evasion["inherent"])
        # The scan on push counts already, for what runs on load.
        malware = risks["AML.T0018.002"]
        self.assertEqual(malware["effect"], 0.8)
        self.assertEqual([c["state"] for c in malware["controls"] if c["check"] == "artefact.scan"], ["met"])

        self.run_command("evidence", "add", "--check", "evasion.blackbox", "--subject", "model:m@1", "--verdict", "pass",
                         "--method", "TEST", "--value", 0.75, "--samples", 1000)
        shown = self.ask("risk", "list", "--band", "moderate")["risks"]
        self.assertIn(evasion["id"], [r["id"] for r in shown])
        after = self.ask("risk", "show", evasion["id"])
        self.assertEqual(after["residual"]["score"], 5.35)
        newest = self.ask("evidence", "list", "--check", "evasion.blackbox")["evidence"][0]["id"]
        self.assertEqual([(c["from"], c["to"], c["evidence"]) for c in after["changes"][-1:]], [("high", "moderate", newest)])
        self.assertIn(newest, self.run_command("risk", "show", evasion["id"]).stdout)

        # Its owner does not accept it, and acceptances end.
        self.run_command("risk", "accept", evasion["id"], "--reason", "x", "--days", 30, who="anna", status=2)
        self.run_command("risk", "accept", evasion["id"], "--reason", "x", "--days", 367, who="ben", status=2)
        taken = self.ask("risk", "accept", evasion["id"], "--reason", "a pilot", "--days", 30, who="ben")
        self.assertEqual((taken["state"], taken["acceptance"]["by"]), ("accepted", "ben"))
        self.run_command("risk", "set", evasion["id"], "--owner", "ben", "--harm", "money=severe: it is the product")
        again = self.ask("risk", "show", evasion["id"])
        self.assertEqual((again["impact"], again["owner"]), (5, "ben"))
        self.run_command("risk", "set", evasion["id"], "--harm", "money=5", status=2)

        page = self.folder / "risks.html"
        self.run_command("risk", "set", evasion["id"], "--statement", "<script>alert(1)</script>")
        self.run_command("risk", "list", "--as", "html", "--out", page)
        text = page.read_text()
        self.assertIn("&lt;script&gt;", text)
        self.assertNotIn("<script", text)
        for kind in ("risk.derive", "risk.set", "risk.accept", "risk.band"):
            self.assertIn(kind, self.events())

    def events(self):
        asked = urllib.request.Request(self.service.address + "/v1/ledger/entries?limit=1000",
                                       headers={"Authorization": "Bearer " + self.keys["admin"]})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.read().decode()


if __name__ == "__main__":
    unittest.main()
