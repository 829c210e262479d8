"""The worked example of docs/bias.md, run from end to end: the unfairness that its table was made with is found."""
import csv
import json
import subprocess
import unittest

from program import BIN, SOURCE, Case


class CreditBias(Case):
    def test_what_the_table_was_made_with_is_found(self):
        out = self.folder / "credit"
        run = subprocess.run(["sh", SOURCE / "examples/credit-bias/run.sh", out], capture_output=True, text=True, timeout=600,
                             env={"PATH": "/usr/bin:/bin", "BARTIZAN": str(BIN / "bartizan")})
        self.assertEqual(run.returncode, 0, run.stderr)
        report = json.loads((out / "report/report.json").read_text())
        findings = [f for f in report["findings"] if f["rule"] == "BTZ-FAI-001"]
        self.assertEqual(len(findings), 3, "sex, age, and both at once")
        by = {f["title"].split(",")[0]: f for f in findings}
        sex = by["By sex"]
        value = {m["name"]: m for m in sex["evidence"]}
        self.assertLess(value["disparate_impact_ratio"]["high"], 0.95)
        self.assertIn("'woman'", sex["title"])
        for figure in value.values():
            self.assertLessEqual(figure["low"], figure["high"], figure)
        with open(out / "test-people.csv") as people, open(out / "test-model.csv") as model:
            rows = [(p["sex"], m["granted"]) for p, m in zip(csv.DictReader(people), csv.DictReader(model))]
        groups = next(t for t in sex["tables"] if t["title"].startswith("Groups"))
        for row in groups["rows"]:
            of = [granted for sex, granted in rows if sex == row[0]]
            self.assertEqual(int(row[1]), len(of))
            self.assertEqual(row[2], f"{100 * of.count('yes') / len(of):.1f} %")
        worst = by["By sex x age"]
        self.assertIn("'woman, under 25'", worst["title"])
        self.assertEqual(worst["severity"], "high")
        self.assertIn("BTZ-FAI-002", [f["rule"] for f in report["findings"]])
        probe = next(p for p in report["probes"] if p["name"] == "data-quality")
        self.assertEqual(probe["status"], "passed")


if __name__ == "__main__":
    unittest.main()
