"""The fairness probe on the tables of the literature, where they lie beside the project (../shared/data, or
BARTIZAN_TRIAL_DATA): every figure is that of a second implementation here, to 1e-9, and lies within its interval."""
import json
import math
import os
import pathlib
import unittest

import numpy

from program import SOURCE, Case, bartizan
from tiny_onnx import linear

SETS = pathlib.Path(os.environ.get("BARTIZAN_TRIAL_DATA", SOURCE.parent / "shared/data")) / "sets"


def share(part, whole):
    return part.sum() / whole.sum() if whole.sum() else math.nan


def figures(label, said, group):
    """Definitions of Fairlearn and AIF360 over the two groups; label and said: favourable or not."""
    rates = {name: [] for name in ("selected", "tpr", "fpr", "ppv", "npv", "accuracy")}
    for g in (0, 1):
        y, p = label[group == g], said[group == g]
        rates["selected"].append(p.mean())
        rates["tpr"].append(share(p & y, y))
        rates["fpr"].append(share(p & ~y, ~y))
        rates["ppv"].append(share(p & y, p))
        rates["npv"].append(share(~p & ~y, ~p))
        rates["accuracy"].append((p == y).mean())
    gap = {name: abs(a - b) for name, (a, b) in rates.items()}
    ratio = {name: min(pair) / max(pair) for name, pair in rates.items()}
    benefit = said.astype(float) - label + 1
    part = benefit / benefit.mean()
    theil = numpy.where(part > 0, part * numpy.log(numpy.where(part > 0, part, 1)), 0).mean()
    return {"demographic_parity_difference": gap["selected"], "disparate_impact_ratio": ratio["selected"],
            "equal_opportunity_difference": gap["tpr"], "equal_opportunity_ratio": ratio["tpr"],
            "false_positive_rate_difference": gap["fpr"], "equalized_odds_difference": max(gap["tpr"], gap["fpr"]),
            "equalized_odds_ratio": min(ratio["tpr"], ratio["fpr"]), "average_odds_difference": (gap["tpr"] + gap["fpr"]) / 2,
            "predictive_parity_difference": gap["ppv"], "negative_predictive_value_difference": gap["npv"],
            "accuracy_difference": gap["accuracy"], "theil_index": theil}


class BiasTables(Case):
    def examine(self, name, group_name, favourable, limit):
        if not (SETS / f"{name}.npz").exists():
            self.skipTest(f"there is no {name} beside the project")
        table = numpy.load(SETS / f"{name}.npz")
        rows = numpy.random.default_rng(0).permutation(len(table["y"]))[:limit]
        x, y, group = table["x"][rows].astype("float64"), table["y"][rows], table[group_name][rows].astype("int64")
        scale = numpy.maximum(numpy.abs(x).max(0), 1)
        design = numpy.column_stack([x / scale, numpy.ones(len(x))])
        weights = numpy.linalg.lstsq(design.T @ design + numpy.eye(design.shape[1]), design.T @ (2.0 * y - 1), rcond=None)[0]
        w, b = (weights[:-1] / scale).astype("float32"), numpy.float32(weights[-1])
        margin = x @ w.astype("float64") + b
        kept = numpy.abs(margin) > 1e-3  # what rounding could turn is no part of this test
        x, y, group, margin = x[kept], y[kept], group[kept], margin[kept]
        model = linear(self.folder / "m.onnx", numpy.stack([-w, w]), numpy.array([-b, b], "float32"), [x.shape[1]])
        numpy.savez(self.folder / "d.npz", x=x.astype("float32"), y=y, group=group)
        (self.folder / "plan.yaml").write_text(
            f"samples: 50\nprobes:\n  bias: {{favourable: {favourable}, resamples: 200}}\n" + "".join(
                f"  {probe}: off\n" for probe in ("evasion-whitebox", "evasion-blackbox", "minimal-perturbation",
                                                  "corruption", "backdoor", "reliability")))
        run = bartizan("audit", model, "--data", self.folder / "d.npz", "--plan", self.folder / "plan.yaml", "--group",
                       "group", "--out", self.folder / "r", "--quiet", "--fail-on", "never")
        self.assertEqual(run.returncode, 0, run.stderr)
        report = json.loads((self.folder / "r/report.json").read_text())
        finding = next(f for f in report["findings"] if f["rule"] == "BTZ-FAI-001")
        found = {m["name"]: m for m in finding["evidence"]}
        said = (margin > 0) == (favourable == 1)
        for figure, value in figures(y == favourable, said, group).items():
            self.assertAlmostEqual(found[figure]["value"], value, 9, f"{name}: {figure}")
            self.assertLessEqual(found[figure]["low"], found[figure]["high"], figure)
        self.assertIn("calibration_error_difference", found)

    def test_adult(self):
        self.examine("adult", "sex_female", 1, 8000)

    def test_compas(self):
        self.examine("compas", "race_black", 0, 6172)

    def test_german_credit(self):
        self.examine("german_credit", "sex_female", 0, 1000)


if __name__ == "__main__":
    unittest.main()
