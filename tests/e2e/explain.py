"""`bartizan explain` on a linear model, whose explanation is known."""
import json
import unittest

import numpy

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import SOURCE, Case, bartizan
from tiny_onnx import linear, trees


class Explain(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(3)
        self.weights = random.normal(size=(3, 64)).astype("float32")
        self.model = linear(self.folder / "m.onnx", self.weights, numpy.zeros(3, "float32"), [1, 8, 8])
        self.x = random.random((12, 1, 8, 8), "float32")
        y = (self.x.reshape(12, 64) @ self.weights.T).argmax(1)
        self.data = self.folder / "d.npz"
        numpy.savez(self.data, x=self.x, y=y)
        self.out = self.folder / "why"

    def explain(self, *more):
        run = bartizan("explain", self.model, "--data", self.data, "--out", self.out, "--format", "json", "--quiet", *more)
        self.assertEqual(run.returncode, 0, run.stderr)
        document = json.loads(run.stdout)
        if jsonschema is not None:
            jsonschema.validate(document, json.loads((SOURCE / "docs/schema/explain.schema.json").read_text()))
        return document

    def test_a_linear_model_is_explained_exactly(self):
        for method in ("integrated-gradients", "permutation-shapley", "kernel-shap"):
            document = self.explain("--method", method, "--target", 1)
            self.assertLess(document["completeness_error"], 1e-3)
            self.assertEqual(document["verdict"], "trusted")
            found = numpy.load(self.out / "attributions.npz")["attributions"]
            shares = (self.x.reshape(12, 64) * self.weights[1]).reshape(12, 8, 8)
            if method == "kernel-shap":  # of windows: the last of seven by seven holds two by two pixels
                found, shares = found.reshape(12, 8, 8).sum((1, 2)), shares.sum((1, 2))
            else:
                shares = shares.reshape(12, 64)
            numpy.testing.assert_allclose(found, shares, atol=1e-4)
            for item in document["items"]:
                self.assertTrue((self.out / item["picture"]).read_bytes().startswith(b"\x89PNG"))
            self.assertEqual((self.out / "explanations.html").read_text().count("<img"), 12)

    def test_a_table_names_its_columns(self):
        model = linear(self.folder / "t.onnx", numpy.array([[0, 0, 0], [5, 0, 1]], "float32"), numpy.zeros(2, "float32"), [3])
        random = numpy.random.default_rng(1)
        x = random.random((30, 3), "float32")
        x[:, 0] = 0.5 + x[:, 0] / 2
        numpy.savez(self.data, x=x, y=numpy.ones(30, int),
                    columns=numpy.array(["income", "name", "age"]))
        self.model = model
        document = self.explain("--target", 1, "--baseline", "zero")
        self.assertEqual(document["items"][0]["columns"][0]["column"], "income")
        self.assertEqual(document["items"][0]["columns"][2]["value"], 0)

    def test_trees_are_explained_exactly(self):
        # 2 where x0 < 0.5, else 0; and 1 where x2 < 0.25, else 3.
        self.model = trees(self.folder / "trees.onnx", 3, [(0, 0, 0, 0.5, 1, 2), (0, 1, 2.0), (0, 2, 0.0),
                                                           (1, 0, 2, 0.25, 1, 2), (1, 1, 1.0), (1, 2, 3.0)])
        x = numpy.array([[0.1, 0, 0.9], [0.9, 0, 0.9], [0.9, 1, 0.1], [0.9, 1, 0.9]], "float32")
        numpy.savez(self.data, x=x, y=numpy.ones(4, int))
        for method in ("tree-shap", "tree-shap-interventional"):
            document = self.explain("--target", 1, "--method", method)
            self.assertLess(document["completeness_error"], 1e-9)
            # A quarter of the rows go to 2, a quarter to 1: the means are 0.5 and 2.5.
            found = numpy.load(self.out / "attributions.npz")["attributions"]
            numpy.testing.assert_allclose(found, [[1.5, 0, 0.5], [-0.5, 0, 0.5], [-0.5, 0, -1.5], [-0.5, 0, 0.5]], atol=1e-6)
        numpy.savez(self.folder / "b.npz", x=x[1:2], y=numpy.ones(1, int))
        self.explain("--target", 1, "--method", method, "--background", self.folder / "b.npz")
        found = numpy.load(self.out / "attributions.npz")["attributions"]
        numpy.testing.assert_allclose(found[2], [0, 0, -2], atol=1e-6)

    def table(self):
        """Class 1 where income + 2 years > 8; sex counts for nothing."""
        self.model = linear(self.folder / "t.onnx", numpy.array([[0, 0, 0], [1, 2, 0]], "float32"),
                            numpy.array([0, -8], "float32"), [3])
        random = numpy.random.default_rng(1)
        x = numpy.stack([random.random(300) * 6, random.integers(0, 5, 300), random.integers(0, 2, 300)], 1).astype("float32")
        numpy.savez(self.data, x=x, y=(x @ [1, 2, 0] > 8).astype(int), columns=numpy.array(["income", "years", "sex"]))
        return x

    def test_counterfactuals_are_valid_near_and_keep_the_rules(self):
        x = self.table()
        document = self.explain("--method", "counterfactual", "--limit", 40, "--train-data", self.data, "--param",
                                "immutable=sex", "--param", "increase=years", "--param", "margin=0.02")
        figures = document["counterfactual"]
        self.assertGreater(figures["found"], 20)
        self.assertGreater(figures["saved"], 0)
        for item in document["items"]:
            row = x[item["item"]]
            if not item["counterfactuals"]:  # years do not go back, and are enough by themselves
                self.assertEqual((item["target"], row[1]), (1, 4))
            for way in item["counterfactuals"]:
                changed = row.copy()
                for change in way["changes"]:
                    at = ["income", "years", "sex"].index(change["column"])
                    self.assertEqual(change["from"], row[at])
                    changed[at] = change["to"]
                self.assertEqual(int(changed @ [1, 2, 0] > 8), way["answer"])
                self.assertNotEqual(way["answer"], item["target"])
                self.assertEqual(changed[2], row[2])
                self.assertGreaterEqual(changed[1], row[1])
                self.assertEqual(changed[1], int(changed[1]))
                self.assertTrue((changed >= x.min(0)).all() and (changed <= x.max(0)).all())
        run = bartizan("explain", self.model, "--data", self.data, "--out", self.out, "--quiet", "--method", "counterfactual",
                       "--limit", 5)
        self.assertIn("it would be", run.stdout)
        self.assertIn("->", run.stdout)

    def test_a_table_is_shown_as_bars(self):
        self.table()
        run = bartizan("explain", self.model, "--data", self.data, "--out", self.out, "--quiet", "--limit", 3, "--method",
                       "kernel-shap", "--target", 1)
        self.assertRegex(run.stdout, r"years +#*\|#* +[+-]")

    def test_prototypes_stand_for_their_class(self):
        random = numpy.random.default_rng(5)
        y = numpy.arange(120) % 3
        x = (random.random((120, 1, 8, 8)) * 0.2).astype("float32")
        for row, label in enumerate(y):
            x[row, 0, 2 * label + 1, :] += 0.7
        x[7] = random.random((1, 8, 8))  # an odd one of class 1
        train = self.folder / "train.npz"
        numpy.savez(train, x=x, y=y)
        numpy.savez(self.data, x=x[:30], y=y[:30])
        run = bartizan("train", "mlp", "--data", train, "--epochs", 30, "--out", self.folder / "mlp.onnx", "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.model = self.folder / "mlp.onnx"
        document = self.explain("--method", "prototypes", "--train-data", train, "--param", "count=3")
        found = document["prototypes"]
        self.assertGreater(found["discrepancy_lift"], 0.2)
        self.assertGreaterEqual(found["agreement"], 0.9)
        for entry in found["classes"]:
            self.assertEqual({one["label"] for one in entry["prototypes"] + entry["criticisms"]}, {entry["class"]})
            self.assertTrue((self.out / entry["picture"]).read_bytes().startswith(b"\x89PNG"))
        self.assertIn(7, [one["item"] for one in found["classes"][1]["criticisms"]])
        self.assertNotIn(7, [one["item"] for one in found["classes"][1]["prototypes"]])

    def test_a_convolution_says_where_it_looked(self):
        random = numpy.random.default_rng(5)
        y = numpy.arange(600) % 2
        x = (random.random((600, 1, 16, 16)) * 0.3).astype("float32")
        for row, label in enumerate(y):  # a bar that lies, or stands, anywhere
            high, wide = (2, 6) if label == 0 else (6, 2)
            top, left = random.integers(0, 16 - high), random.integers(0, 16 - wide)
            x[row, 0, top:top + high, left:left + wide] = 1
        numpy.savez(self.data, x=x, y=y)
        self.model = self.folder / "cnn.onnx"
        run = bartizan("train", "resnet-small", "--data", self.data, "--epochs", 5, "--out", self.model, "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)
        document = self.explain("--method", "grad-cam", "--limit", 40)
        self.assertTrue(document["layer"])
        self.assertIsNone(document["completeness_error"])
        found = numpy.load(self.out / "attributions.npz")["attributions"].reshape(40, 16, 16)
        self.assertTrue((found >= 0).all())
        on_bar = [m[s[0] == 1].sum() / max(m.sum(), 1e-9) for m, s in zip(found, x)]
        self.assertGreater(numpy.mean(on_bar), 2 * 12 / 256, "the share of the map that lies on the bar")

    def test_what_cannot_be_explained_is_refused(self):
        self.assert_refused(bartizan("explain", self.model, "--data", self.data, "--quiet", "--out", self.out, "--method",
                                     "tree-shap"), "no tree ensemble")
        self.assert_refused(bartizan("explain", self.model, "--data", self.data, "--quiet", "--out", self.out,
                                     "--background", self.data), "tree-shap")
        words = ("explain", self.model, "--data", self.data, "--quiet")
        more = (*words, "--out", self.out, "--method")
        self.assert_refused(bartizan(*more, "grad-cam"), "convolution")
        self.assert_refused(bartizan(*more, "counterfactual"), "tables")
        self.assert_refused(bartizan(*more, "prototypes"), "--train-data")
        self.assert_refused(bartizan(*more, "occlusion", "--param", "ways=3"), "ways")
        self.assert_refused(bartizan(*more, "counterfactual", "--param", "colour=3"), "immutable")
        self.assert_refused(bartizan(*more, "counterfactual", "--param", "ways=0"), "ways")
        self.assert_refused(bartizan(*words, "--out", self.out, "--target", 9), "class 9")
        self.assert_refused(bartizan(*words, "--out", self.out, "--method", "magic"), "magic")
        self.assert_refused(bartizan(*words), "--out")


if __name__ == "__main__":
    unittest.main()
