"""`bartizan risk` and the other registers, against a running service."""
import datetime
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import numpy

import program
import tiny_onnx
from serve import Service


YEAR = datetime.datetime.now(datetime.timezone.utc).strftime("%Y")


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

    def test_what_is_due_stands_in_a_calendar_that_others_read(self):
        due = {(d["asset"], d["activity"]): d for d in self.ask("schedule", "list")["schedule"]}
        self.assertEqual(set(due), {("model:m", "audit"), ("model:m", "scan"), ("model:m", "review")})
        self.assertTrue(due["model:m", "scan"]["automatic"])
        self.assertIsNotNone(due["model:m", "scan"]["last"])  # on push
        self.assertIsNone(due["model:m", "audit"]["last"])
        self.assertEqual(due["model:m", "audit"]["because"], "nobody told the sector")
        set_to = self.ask("schedule", "set", "model:m", "review", "--days", 90, "--done-by", "Red Team; Ltd, \u00e4")
        self.assertEqual((set_to["days"], set_to["state"]), (90, "on time"))
        self.run_command("schedule", "set", "model:m", "audit", "--done-by", "us", status=2)
        self.run_command("schedule", "list", "--state", "overdue")
        calendar = self.folder / "due.ics"
        self.run_command("schedule", "calendar", "--out", calendar)
        data = calendar.read_bytes()
        self.assertTrue(all(len(line) <= 75 for line in data.split(b"\r\n")))
        self.assertNotIn(b"\n", data.replace(b"\r\n", b""))
        try:
            import icalendar
        except ImportError:
            self.skipTest("python3-icalendar is not installed")
        parsed = icalendar.Calendar.from_ical(data)
        events = {str(e["UID"]): e for e in parsed.walk("VEVENT")}
        review = events["schedule-model:m-review@bartizan"]
        self.assertEqual(review.decoded("DTSTART").isoformat(),
                         datetime.datetime.fromtimestamp(set_to["due"], datetime.timezone.utc).date().isoformat())
        self.assertEqual(str(review["SUMMARY"]), "review of model:m is due")
        self.assertEqual(len(review.walk("VALARM")), 1)

    def test_budgets_hold_money_against_evidence_and_risk(self):
        self.run_command("budget", "line", "shop", YEAR, "salaries", "--planned", "300000", "--spent", "210000.50",
                         "--security", 5, "--category", "people")
        shown = self.ask("budget", "line", "shop", YEAR, "audits", "--planned", "60000", "--spent", "30000", "--security", 100,
                         "--category", "testing", "--capability", "CAP-EVASION", "--capability", "CAP-SCAN")
        # (210000.50 * 5 % + 30000) / 240000.50
        self.assertEqual(shown["spent"]["minor"], 24000050)
        self.assertEqual(shown["spent"]["share_basis_points"], (21000050 * 5 + 3000000 * 100) * 100 // 24000050)
        self.assertEqual(shown["state"], "above")
        self.run_command("budget", "line", "shop", YEAR, "x", "--planned", "1,5", "--security", 1, status=2)
        self.run_command("budget", "line", "shop", YEAR, "x", "--planned", "1", "--currency", "USD", "--security", 1, status=2)
        everything = self.ask("budget", "show")
        self.assertEqual(everything["money_without_evidence"], ["CAP-EVASION"])  # the scan ran on push
        self.run_command("risk", "derive", "model:m")
        worth = {w["capability"]: w for w in self.ask("budget", "whatif", "--project", "shop")["worth"]}
        self.assertGreater(worth["CAP-EVASION"]["risk_taken_off"], 0)
        self.assertEqual(worth["CAP-SCAN"]["risk_taken_off"], 0)  # it is done already
        self.ask("budget", "line", "shop", YEAR, "audits", "--planned", "60000", "--spent", "0", "--security", 100)
        self.assertEqual(self.ask("budget", "show")["budgets"][0]["state"], "below")
        self.run_command("budget", "waive", "shop", YEAR, "--owner", "anna", "--reason", "x", "--days", 9, who="anna", status=2)
        waived = self.ask("budget", "waive", "shop", YEAR, "--owner", "anna", "--reason", "x", "--days", 9, who="ben")
        self.assertEqual(waived["state"], "below, waived")
        self.run_command("budget", "line", "shop", YEAR, "audits", "--remove")

    def test_vendors_are_held_against_what_they_supplied(self):
        self.run_command("vendor", "add", "acme", "--owner", "anna", "--service", "labels", "--criticality", 4)
        self.run_command("inventory", "set", "model:m", "--vendor", "acme")
        self.assertIn("vendor:acme", self.run_command("inventory", "list").stdout)
        blank = json.loads(self.run_command("vendor", "questions").stdout)
        self.assertEqual(len(blank["answers"]), 20)
        blank["answered_by"] = "sales@acme.example"
        for row in blank["answers"]:
            if "answer" in row:
                row["answer"] = "no" if row["question"] == 5 else "yes"
            elif row["question"] != 14:
                row["value"] = 365 if row["question"] == 16 else 12
            row["proof"] = {"level": "documented", "document": "SECURITY.md"}
        filled = self.folder / "acme.json"
        filled.write_text(json.dumps(blank))
        view = self.ask("vendor", "answer", "acme", filled)
        # Signing was claimed, and nothing that came is signed.
        self.assertEqual(view["verdict"], "reject")
        self.assertEqual({c["question"] for c in view["contradictions"]}, {1, 3})
        self.assertIn("came without it", self.run_command("vendor", "show", "acme").stdout)
        self.run_command("vendor", "except", "acme", 1, "--reason", "x", "--days", 9, who="anna", status=2)
        self.assertEqual(self.ask("vendor", "except", "acme", 1, "--reason", "x", "--days", 9, who="ben")["verdict"], "conditions")

        blank["answers"][3]["proof"]["level"] = "sworn"
        filled.write_text(json.dumps(blank))
        refused = self.run_command("vendor", "answer", "acme", filled, status=2).stderr
        self.assertIn("acme.json", refused)
        self.assertIn("answers[3].proof.level", refused)
        filled.write_text("{")
        self.assertIn("acme.json", self.run_command("vendor", "answer", "acme", filled, status=2).stderr)

        self.run_command("vendor", "add", "<b>x", "--owner", "anna", status=2)
        self.run_command("vendor", "add", "other", "--owner", "anna")
        self.assertIn("CONTRADICTED", self.run_command("vendor", "compare", "acme", "other").stdout)
        page = self.folder / "vendors.html"
        self.run_command("vendor", "compare", "acme", "other", "--as", "html", "--out", page)
        self.assertIn("contradicted", page.read_text())

    def test_people_answer_train_and_sign(self):
        self.run_command("people", "assign", "anna", "incident", "A")
        self.run_command("people", "assign", "ben", "incident", "A", status=2)
        shown = self.ask("people", "train", "anna", "ai-security-basics", "--score", 85)
        self.assertEqual({(t["module"], t["state"]) for t in shown["training"]},
                         {("ai-security-basics", "holds"), ("incident-response", "missing")})
        self.run_command("people", "sign", "risk-register", status=2)  # it is empty
        policy = self.folder / "policy.txt"
        policy.write_text("be careful")
        signed = self.ask("people", "sign", "ai-policy", "--document-version", 2, "--file", policy, who="anna")
        self.assertEqual(signed["by"], "anna")
        row = self.ask("control", "show", "iso-iec-42001@2023:A.2.2")
        self.assertEqual(row["subjects"][0]["state"], "attested")
        # The service looks by itself: what the registers show becomes evidence.
        for _ in range(60):
            found = {e["check"]: e["verdict"] for e in self.ask("evidence", "list", "--subject", "organisation")["evidence"]}
            if {"training.records", "audit.programme"} <= set(found):
                break
            time.sleep(0.5)
        self.assertEqual(found["training.records"], "fail")
        self.assertEqual(found["audit.programme"], "pass")

    def events(self):
        asked = urllib.request.Request(self.service.address + "/v1/ledger/entries?limit=1000",
                                       headers={"Authorization": "Bearer " + self.keys["admin"]})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.read().decode()


if __name__ == "__main__":
    unittest.main()
