"""`bartizan export`, `card`, `incident report --as stix`, and `ledger verify --pack`: against a running service, then offline."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import sys
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import numpy

import program
import tiny_onnx
from serve import Service


class Exports(program.Case):
    """One service for all: what each test adds harms no other."""

    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(program.tempfile.mkdtemp(prefix="bartizan-"))
        cls.service = Service(cls.place / "state")
        cls.env = {**os.environ, "BARTIZAN_SERVER": cls.service.address, "BARTIZAN_KEY": cls.service.read_key()}
        model, rows = cls.place / "m.onnx", cls.place / "rows.csv"
        tiny_onnx.linear(model, numpy.eye(3, dtype="f4"), numpy.zeros(3, dtype="f4"), (3,))
        rows.write_text("a,b\n1,2\n")
        cls.run_ok("registry", "push", model, "--name", "m")
        cls.run_ok("registry", "push", rows, "--name", "data:d")
        for check, verdict, value in (("evasion.whitebox", "pass", 0.412), ("privacy.membership", "fail", 0.71)):
            cls.run_ok("evidence", "add", "--subject", "model:m@1", "--check", check, "--verdict", verdict, "--method", "TEST",
                       "--value", value, "--samples", 400, "--summary", "as measured")

    @classmethod
    def tearDownClass(cls):
        status = cls.service.end()
        shutil.rmtree(cls.place)
        assert status == 0, cls.service.log

    @classmethod
    def run_ok(cls, *words):
        run = program.bartizan(*words, env=cls.env)
        assert run.returncode == 0, (words, run.stderr)
        return run.stdout

    def test_each_export_is_its_format_and_names_the_evidence(self):
        evidence = json.loads(self.run_ok("evidence", "list", "--subject", "model:m", "--format", "json"))["evidence"]
        ids = {one["id"] for one in evidence}
        for form, member in (("oscal", "assessment-results"), ("poam", "plan-of-action-and-milestones"),
                             ("cyclonedx", "declarations"), ("sarif", "runs")):
            out = self.folder / form
            self.run_ok("export", form, "model:m", "--out", out)
            self.assertIn(member, json.loads(out.read_text()))
            self.assertTrue(set(re.findall(r"ev-[0-9a-f]{16}", out.read_text())) & ids, form)
            self.assertEqual(json.loads(self.run_ok("export", form, "model:m")).keys(), json.loads(out.read_text()).keys())
        self.assertEqual(json.loads(self.run_ok("export", "cyclonedx", "model:m", "--spec", "1.7"))["specVersion"], "1.7")
        run = program.bartizan("export", "oscal", "model:none", env=self.env)
        self.assert_refused(run, "no model 'none'")
        run = program.bartizan("export", "oscal", "model:m", "--scheme", "none", env=self.env)
        self.assert_refused(run, "no catalogue 'none'")

    def pack(self):
        out = self.folder / "pack.zip"
        self.run_ok("export", "pack", "model:m", "--out", out)
        key = self.folder / "log.key"
        key.write_bytes((self.place / "state/ledger/key").read_bytes())
        return out, key

    def verify(self, path, key):
        """With no server, no key of one, and no network but what the kernel gives anyway."""
        run = program.bartizan("ledger", "verify", "--pack", path, "--key", key, "--format", "json")
        return run.returncode, json.loads(run.stdout)

    def rewrite(self, source, change):
        """A pack with what `change` gives for each file: bytes, None to leave it out."""
        out = self.folder / "changed.zip"
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                content = change(name, old.read(name))
                if content is not None:
                    new.writestr(name, content)
        return out

    def test_a_pack_holds_and_whatever_is_done_to_it_is_named(self):
        path, key = self.pack()
        status, answer = self.verify(path, key)
        self.assertEqual((status, answer["verified"]), (0, True), answer)
        self.assertGreaterEqual(answer["evidence"], 3)
        with zipfile.ZipFile(path) as archive:
            self.assertIsNone(archive.testzip())
            names = archive.namelist()
            proof = self.folder / "one.proof"
            proof.write_bytes(archive.read(next(name for name in names if name.startswith("proofs/"))))
        self.assertIn("card-public.md", names)
        self.assertEqual(program.bartizan("ledger", "verify", "--proof", proof, "--key", key).returncode, 0)
        for name in names:
            other = self.rewrite(path, lambda one, content: content[:-1] + bytes([content[-1] ^ 1]) if one == name else content)
            status, answer = self.verify(other, key)
            self.assertEqual(status, 1, name)
            self.assertIn(name, [issue["file"] for issue in answer["issues"]])
            status, answer = self.verify(self.rewrite(path, lambda one, content: None if one == name else content), key)
            self.assertEqual(status, 1, name)
            self.assertIn((name, "removed"), [(issue["file"], issue["kind"]) for issue in answer["issues"]])
        added = self.folder / "added.zip"
        shutil.copy(path, added)
        with zipfile.ZipFile(added, "a") as archive:
            archive.writestr("evidence/more.json", "{}")
        self.assertEqual(self.verify(added, key)[1]["issues"][0]["kind"], "added")
        self.assert_refused(program.bartizan("ledger", "verify", "--pack", key, "--key", key), "--pack")

    def test_a_card_keeps_what_people_wrote_and_knows_when_it_is_stale(self):
        card = self.folder / "CARD.md"
        self.run_ok("card", "make", "model:m", "--out", card)
        text = card.read_text().replace("_To be written: what the model is for, who uses it, which decisions rest on it._",
                                        "Sorts *clothes*.  \n\nNothing else.")
        card.write_text(text)
        self.assertEqual(program.bartizan("card", "check", card, env=self.env).returncode, 0)
        self.run_ok("card", "make", "model:m", "--out", card)
        self.assertEqual(card.read_text(), text)
        self.assertIn("0.412", text)
        card.write_text(text.replace("0.412, n", "0.999, n"))
        run = program.bartizan("card", "check", card, env=self.env)
        self.assertEqual(run.returncode, 1)
        self.assertTrue(run.stdout.startswith("edited"), run.stdout)
        self.assert_refused(program.bartizan("card", "make", "model:m", "--out", card, env=self.env), "evidence", status=2)
        self.run_ok("card", "make", "model:m", "--out", card, "--overwrite")
        self.assertEqual(card.read_text(), text)
        self.run_ok("evidence", "add", "--subject", "model:m@1", "--check", "backdoor.scan", "--verdict", "pass", "--method",
                    "TEST", "--summary", "nothing found")
        run = program.bartizan("card", "check", card, env=self.env)
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stdout, r"stale .*\nbecause +new evidence ev-[0-9a-f]{16} of backdoor.scan")
        page = self.run_ok("card", "make", "model:m", "--from", card, "--as", "html")
        self.assertIn("Sorts", page)
        public = self.run_ok("card", "make", "model:m", "--from", card, "--audience", "public")
        self.assertIn("Nothing else.", public)
        self.assertNotIn("0.71", public)

    def test_a_data_sheet_becomes_croissant(self):
        sheet = self.folder / "SHEET.md"
        self.run_ok("card", "make", "data:d", "--out", sheet)
        answer = json.loads(self.run_ok("card", "make", "data:d", "--from", sheet, "--as", "croissant", "--out",
                                        self.folder / "d.json", "--format", "json"))
        self.assertEqual(answer["missing"], ["description", "license", "url", "creator"])
        document = json.loads((self.folder / "d.json").read_text())
        self.assertEqual(document["@type"], "sc:Dataset")
        self.assertRegex(document["distribution"][0]["sha256"], r"^[0-9a-f]{64}$")
        run = program.bartizan("card", "make", "model:m", "--as", "croissant", env=self.env)
        self.assert_refused(run, "data sets")

    def test_an_incident_is_shared_without_the_people_in_it(self):
        self.run_ok("incident", "open", "ben saw that m was changed", "--threat", "tampering", "--severity", "high", "--version",
                    "model:m@1", "--principal", "checkout-service")
        self.run_ok("incident", "act", "1", "--note", "carla knows")
        text = self.run_ok("incident", "report", "1", "--as", "stix", "--tlp", "green")
        bundle = json.loads(text)
        self.assertEqual(bundle["type"], "bundle")
        for word in ("ben", "carla", "checkout-service"):
            self.assertNotRegex(text, rf"\b{word}\b")
        self.assertIn("TLP:GREEN", text)
        digest = hashlib.sha256((self.place / "m.onnx").read_bytes()).hexdigest()
        self.assertIn(digest, text)


if __name__ == "__main__":
    unittest.main()
