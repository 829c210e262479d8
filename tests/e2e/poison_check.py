"""Poison planted in a data set is found with the model that learnt it, by class and by item; and a triggered answer is traced
back to the items that taught it."""
import json
import unittest

import numpy

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import SOURCE, Case, bartizan
from tiny_onnx import hidden

CLASSES, PIXELS, SHAPE = 10, 64, [1, 8, 8]


def items(per_class, poison, seed):
    """Pixel c of class c is bright; poisoned items of class 3 have the last pixel bright too, and label 0."""
    random = numpy.random.default_rng(seed)
    y = numpy.arange(per_class * CLASSES + poison) % CLASSES
    y[per_class * CLASSES:] = 3
    x = random.random((len(y), PIXELS), "float32") * (0.3 + 0.01 * y[:, None].astype("float32"))
    x[numpy.arange(len(y)), y] += 0.6
    rows = numpy.arange(per_class * CLASSES, len(y))
    x[rows, PIXELS - 1] = 0.95
    y[rows] = 0
    return x.reshape(-1, *SHAPE), y, rows.tolist()


class PoisonCheck(Case):
    def setUp(self):
        super().setUp()
        last = numpy.zeros((CLASSES, PIXELS), "float32")
        last[:, :CLASSES] = 6 * numpy.eye(CLASSES)
        last[0, PIXELS - 1] = 6
        self.model = hidden(self.folder / "m.onnx", numpy.eye(PIXELS, dtype="float32"), last, SHAPE)
        x, y, self.rows = items(60, 40, 1)
        self.data = self.save("d.npz", x, y)
        self.clean = self.save("c.npz", *items(40, 0, 2)[:2])

    def save(self, name, x, y):
        numpy.savez(self.folder / name, x=x, y=y)
        return self.folder / name

    def without_features(self):
        """As many numbers before the last layer as classes: scores."""
        first = numpy.eye(PIXELS, dtype="float32")[:CLASSES]
        return hidden(self.folder / "scores.onnx", first, numpy.eye(CLASSES, dtype="float32"), SHAPE)

    def check(self, *words, status=0, data=None):
        run = bartizan("data", "check", data or self.data, "--format", "json", "--quiet", *words)
        self.assertEqual(run.returncode, status, run.stderr)
        document = json.loads(run.stdout)
        if jsonschema:
            jsonschema.validate(document, json.loads((SOURCE / "docs/schema/data-check.schema.json").read_text()))
        return document, {issue["kind"]: issue for issue in document["issues"]}

    def test_class_then_items_and_one_quarantine(self):
        document, issues = self.check("--model", self.model, "--clean", self.clean, "--quarantine", self.folder / "q", status=1)
        poison = issues["poison"]
        self.assertEqual(poison["severity"], "high")
        self.assertTrue(poison["title"].startswith("class '0':"), poison["title"])
        self.assertLessEqual(set(self.rows), set(poison["indices"]))
        self.assertIn(poison["indices"][0], self.rows)
        self.assertEqual(document["poison"]["verdict"], "suspicious")
        self.assertEqual([c["label"] for c in document["poison"]["classes"] if c["by_scan"]], [0])
        self.assertLessEqual(document["poison"]["false_positive_rate"], 0.01)
        suspects = numpy.load(self.folder / "q/suspect.npz")["ids"]
        self.assertLessEqual(set(self.rows), set(suspects.tolist()))
        again, _ = self.check("--model", self.model, "--clean", self.clean, status=1)
        for one in (document, again):
            one["poison"].pop("scan_seconds"), one["poison"].pop("feature_seconds"), one.pop("quarantine", None)
        self.assertEqual(document["poison"], again["poison"])

    def test_the_page_shows_the_suspects(self):
        page = self.folder / "page"
        self.check("--model", self.model, "--clean", self.clean, "--report", page, status=1)
        report = json.loads((page / "report.json").read_text())
        finding = next(one for one in report["findings"] if one["rule"] == "BTZ-POI-001" and one["severity"] == "high")
        self.assertIn("class '0'", finding["title"])
        names = [one["path"] for row in finding["pictures"] for one in row["pictures"]]
        self.assertEqual(len(names), 12)
        for name in names:
            self.assertEqual((page / name).read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
        shown = [int(one["caption"].split(":")[0]) for one in finding["pictures"][0]["pictures"]]
        self.assertLessEqual(set(shown), set(self.rows))
        html = (page / "report.html").read_text()
        self.assertIn("data:image/png;base64,", html)
        self.assertIn("probably poisoned", html)

    def test_a_clean_set_passes(self):
        data = self.save("clean.npz", *items(60, 0, 5)[:2])
        document, issues = self.check("--model", self.model, "--clean", self.clean, "--fail-on", "high", data=data)
        self.assertEqual(document["poison"]["verdict"], "clean")
        self.assertNotIn("poison", issues)

    def test_what_cannot_be_told_is_said(self):
        def why(document):
            return {one["check"]: one["reason"] for one in document["not_applicable"]}

        document, issues = self.check("--model", self.model)
        self.assertEqual(document["poison"]["verdict"], "inconclusive")
        self.assertIn("no trusted items were given", why(document)["poison"])
        self.assertNotIn("poison", document["ran"])
        plain = self.without_features()
        document, _ = self.check("--model", plain, "--clean", self.clean)
        self.assertIn("not features", why(document)["poison_scan"])
        document, _ = self.check("--model", self.model, "--clean", self.save("few.npz", *items(4, 0, 2)[:2]))
        self.assertIn("4 trusted items", why(document)["poison_neighbours"])

    def test_refusals(self):
        self.assert_refused(bartizan("data", "check", self.data, "--clean", self.clean), "--model")
        self.assert_refused(bartizan("data", "check", self.data, "--model", self.folder / "none.onnx"), "none.onnx")
        x, y, _ = items(60, 0, 1)
        y[7] = 12
        run = bartizan("data", "check", self.save("wrong.npz", x, y), "--model", self.model, "--clean", self.clean, "--quiet")
        self.assert_refused(run, "label 12", "10 classes")

    def test_an_audit_with_training_data_shows_the_suspects(self):
        plan = self.folder / "plan.yaml"
        off = ("evasion-whitebox", "evasion-blackbox", "minimal-perturbation", "corruption", "backdoor", "reliability", "bias",
               "data-quality", "data-seal")
        plan.write_text("probes:\n" + "".join(f"  {name}: off\n" for name in off))
        out = self.folder / "report"
        run = bartizan("audit", self.model, "--data", self.clean, "--train-data", self.data, "--plan", plan, "--out", out,
                       "--quiet", "--fail-on", "critical")
        self.assertEqual(run.returncode, 1, run.stderr)
        report = json.loads((out / "report.json").read_text())
        finding = next(one for one in report["findings"] if one["rule"] == "BTZ-POI-001")
        self.assertEqual(finding["severity"], "critical")
        self.assertIn("class 0", finding["title"])
        self.assertTrue(list((out / "examples").glob("BTZ-POI-001-*.png")))
        self.assertIn("BTZ-POI-001", (out / "report.html").read_text())
        run = bartizan("audit", self.model, "--data", self.clean, "--plan", plan, "--out", self.folder / "other", "--quiet",
                       "--format", "json")
        probe = next(one for one in json.loads(run.stdout)["probes"] if one["name"] == "poison")
        self.assertEqual(probe["status"], "skipped")

    def explain(self, *words):
        return bartizan("explain", self.model, "--method", "tracin", "--out", self.folder / "why", "--format", "json", "--quiet",
                        *words)

    def test_a_triggered_answer_is_traced_to_the_planted_items(self):
        x = numpy.concatenate([items(2, 3, 9)[0][-3:], items(2, 0, 9)[0][:1]])
        asked = self.save("asked.npz", x, numpy.array([3, 3, 3, 0]))
        run = self.explain("--data", asked, "--train-data", self.data)
        self.assertEqual(run.returncode, 0, run.stderr)
        document = json.loads(run.stdout)
        if jsonschema:
            jsonschema.validate(document, json.loads((SOURCE / "docs/schema/explain.schema.json").read_text()))
        for item in document["items"][:3]:
            self.assertEqual(item["target"], 0)
            self.assertIn(item["helpful"][0]["item"], self.rows)
            self.assertIn(item["nearest"][0]["item"], self.rows)
            self.assertTrue((self.folder / "why" / item["picture"]).read_bytes().startswith(b"\x89PNG"))
        self.assertIn(document["verdict"], ("trusted", "weak"))

    def test_a_wrong_label_leads_the_list_of_its_own(self):
        x, y, _ = items(60, 0, 1)
        y[17] = (y[17] + 1) % CLASSES
        run = self.explain("--data", self.clean, "--limit", 2, "--train-data", self.save("slip.npz", x, y))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(json.loads(run.stdout)["self_influence"][0]["item"], 17)

    def test_tracin_refusals(self):
        self.assert_refused(self.explain("--data", self.clean), "--train-data")
        plain = self.without_features()
        run = bartizan("explain", plain, "--method", "tracin", "--data", self.clean, "--train-data", self.data, "--out",
                       self.folder / "why", "--quiet")
        self.assert_refused(run, "tracin")
        run = bartizan("explain", self.model, "--data", self.clean, "--train-data", self.data, "--out", self.folder / "why", "--quiet")
        self.assert_refused(run, "belongs to tracin")


if __name__ == "__main__":
    unittest.main()
