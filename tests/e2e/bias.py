"""The audit's fairness probe on a table made here: a credit model that holds a postcode against people."""
import json
import unittest

import numpy

from program import Case, bartizan
from tiny_onnx import linear


class Bias(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(11)
        rows = 1200
        group = random.integers(0, 2, rows)
        income = random.normal(0.5, 0.15, rows)
        postcode = numpy.where(group == 1, random.normal(0.8, 0.05, rows), random.normal(0.2, 0.05, rows))
        self.x = numpy.clip(numpy.stack([income, postcode], 1), 0, 1).astype("float32")
        self.y = (income + random.normal(0, 0.05, rows) > 0.5).astype("int64")
        self.group = group
        weights = numpy.array([[-10, 4], [10, -4]], "float32")
        self.bias = numpy.array([3, -3], "float32")
        self.model = linear(self.folder / "credit.onnx", weights, self.bias, [2])
        self.predicted = ((self.x @ weights.T + self.bias).argmax(1)).astype("int64")
        numpy.savez(self.folder / "credit.npz", x=self.x, y=self.y, group=group,
                    columns=numpy.array(["income", "postcode"]), classes=numpy.array(["refused", "granted"]))
        self.plan = self.folder / "plan.yaml"
        self.plan.write_text("samples: 200\nprobes:\n  minimal-perturbation: off\n  evasion-blackbox: off\n"
                             "  evasion-whitebox: {steps: 5, final-steps: 5}\n  reliability: off\n")

    def audit(self, *more, status=(0, 1)):
        out = self.folder / "report"
        run = bartizan("audit", self.model, "--data", self.folder / "credit.npz", "--plan", self.plan, "--out", out,
                       "--quiet", "--format", "json", *more)
        self.assertIn(run.returncode, status, run.stderr)
        return json.loads((out / "report.json").read_text())

    def rates(self, g):
        of = self.group == g
        picked = self.predicted[of] == 1
        true = self.y[of] == 1
        return picked.mean(), picked[true].mean(), picked[~true].mean()

    def test_the_figures_are_those_of_the_table(self):
        report = self.audit("--group", "group")
        finding = next(f for f in report["findings"] if f["rule"] == "BTZ-FAI-001")
        value = {m["name"]: m for m in finding["evidence"]}
        (s0, t0, f0), (s1, t1, f1) = self.rates(0), self.rates(1)
        self.assertAlmostEqual(value["disparate_impact_ratio"]["value"], min(s0, s1) / max(s0, s1), 9)
        self.assertAlmostEqual(value["demographic_parity_difference"]["value"], abs(s0 - s1), 9)
        self.assertAlmostEqual(value["equalized_odds_difference"]["value"], max(abs(t0 - t1), abs(f0 - f1)), 9)
        self.assertEqual(finding["severity"], "high")
        self.assertLess(value["disparate_impact_ratio"]["high"], 0.8)
        self.assertIn("granted", finding["title"])
        self.assertIn("BTZ-FAI-002", [f["rule"] for f in report["findings"]])

    def test_groups_by_cut_points_by_file_and_their_intersection(self):
        (self.folder / "people.csv").write_text("sex\n" + "\n".join("fm"[i % 2] for i in range(len(self.y))))
        report = self.audit("--group", "sex", "--group-file", self.folder / "people.csv")
        finding = next(f for f in report["findings"] if f["rule"] == "BTZ-FAI-001")
        self.assertNotEqual(finding["severity"], "high", "sex has nothing to do with this model")
        report = self.audit("--group", "group", "--group", "income:0.4,0.6")
        titles = [f["title"] for f in report["findings"] if f["rule"] == "BTZ-FAI-001"]
        self.assertEqual(len(titles), 3)
        self.assertTrue(any("group x income" in title for title in titles), titles)

    def test_without_groups_it_is_skipped_and_says_so(self):
        probe = next(p for p in self.audit()["probes"] if p["name"] == "bias")
        self.assertEqual(probe["status"], "skipped")

    def test_groups_that_are_not_there_are_refused(self):
        run = bartizan("audit", self.model, "--data", self.folder / "credit.npz", "--out", self.folder / "r",
                       "--group", "race", "--quiet")
        self.assert_refused(run, "race", "group")


if __name__ == "__main__":
    unittest.main()
