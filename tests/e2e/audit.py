"""`bartizan audit` end to end on a small model: the files it leaves, the gate, and what happens to bad input."""
import json
import unittest
import xml.etree.ElementTree as xml

import jsonschema
import numpy

from program import SOURCE, Case, bartizan
from tiny_onnx import linear


class Audit(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(3)
        weight = random.normal(size=(3, 64)).astype("float32")
        x = random.uniform(0.2, 0.8, size=(60, 1, 8, 8)).astype("float32")
        bias = -numpy.median(x.reshape(60, 64) @ weight.T, axis=0).astype("float32")
        y = (x.reshape(60, 64) @ weight.T + bias).argmax(1)
        self.model = linear(self.folder / "linear.onnx", weight, bias, [1, 8, 8])
        self.data = self.folder / "data.npz"
        numpy.savez(self.data, x=x, y=y)
        self.out = self.folder / "report"

    def audit(self, *words):
        return bartizan("audit", self.model, "--data", self.data, "--out", self.out, "--quiet", *words, timeout=600)

    def test_leaves_every_report_and_gates_on_severity(self):
        run = self.audit("--format", "json")
        self.assertEqual(run.returncode, 1, run.stderr)  # a linear model is anything but robust
        report = json.loads((self.out / "report.json").read_text())
        schema = json.loads((SOURCE / "docs/schema/audit.schema.json").read_text())
        jsonschema.validate(report, schema)
        self.assertEqual(json.loads(run.stdout)["schema"], "bartizan.audit/1")
        self.assertEqual(json.loads((self.out / "report.sarif").read_text())["version"], "2.1.0")
        xml.parse(self.out / "junit.xml")
        page = (self.out / "report.html").read_text()
        for outside in ('src="http', 'href="http://', "@import", "<script src"):
            self.assertNotIn(outside, page)
        self.assertTrue(any((self.out / "examples").iterdir()))

    def test_a_quick_plan_says_its_cost_and_looks_at_members_and_explanations(self):
        train = self.folder / "train.npz"
        random = numpy.random.default_rng(4)
        x = random.uniform(0.2, 0.8, size=(80, 1, 8, 8)).astype("float32")
        numpy.savez(train, x=x, y=numpy.arange(80) % 3)
        run = bartizan("audit", self.model, "--data", self.data, "--out", self.out, "--plan", "quick", "--train-data", train,
                       "--fail-on", "never", timeout=600)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("at most about", run.stderr)
        report = json.loads((self.out / "report.json").read_text())
        jsonschema.validate(report, json.loads((SOURCE / "docs/schema/audit.schema.json").read_text()))
        probes = {probe["name"]: probe for probe in report["probes"]}
        rules = {finding["rule"]: finding for finding in report["findings"]}
        for name, rule in (("privacy", "BTZ-MIA-001"), ("explain", "BTZ-EXP-001")):
            self.assertEqual(probes[name]["status"], "passed", probes[name])
            self.assertGreater(probes[name]["expected_seconds"], 0)
            self.assertIn(rule, rules)
        # Labels at random: the model has not learnt these items. It is linear: its explanations are exact.
        self.assertEqual(rules["BTZ-MIA-001"]["severity"], "info")
        self.assertIn("trusted", rules["BTZ-EXP-001"]["title"])
        self.assertNotIn("expected_seconds", probes["backdoor"] if probes["backdoor"]["status"] == "skipped" else {})
        # The test data are the members too: nobody to tell them from.
        run = self.audit("--plan", "quick", "--train-data", self.data, "--fail-on", "never", "--format", "json")
        probes = {probe["name"]: probe for probe in json.loads(run.stdout)["probes"]}
        self.assertEqual(probes["privacy"]["status"], "skipped")

    def test_the_gate_can_be_turned_off(self):
        self.assertEqual(self.audit("--fail-on", "never").returncode, 0)

    def test_bad_input_leaves_no_report(self):
        numpy.savez(self.data, x=numpy.zeros((3, 1, 8, 8), "float32"), y=numpy.array([0, 1, 9]))
        self.assert_refused(self.audit(), "label 9")
        self.assertFalse((self.out / "report.html").exists())


if __name__ == "__main__":
    unittest.main()
