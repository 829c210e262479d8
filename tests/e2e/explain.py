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
        for method in ("integrated-gradients", "permutation-shapley"):
            document = self.explain("--method", method, "--target", 1)
            self.assertLess(document["completeness_error"], 1e-3)
            self.assertEqual(document["verdict"], "trusted")
            found = numpy.load(self.out / "attributions.npz")["attributions"]
            numpy.testing.assert_allclose(found, self.x.reshape(12, 64) * self.weights[1], atol=1e-4)
            for item in document["items"]:
                self.assertTrue((self.out / item["picture"]).read_bytes().startswith(b"\x89PNG"))

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

    def test_what_cannot_be_explained_is_refused(self):
        self.assert_refused(bartizan("explain", self.model, "--data", self.data, "--quiet", "--out", self.out, "--method",
                                     "tree-shap"), "no tree ensemble")
        self.assert_refused(bartizan("explain", self.model, "--data", self.data, "--quiet", "--out", self.out,
                                     "--background", self.data), "tree-shap")
        words = ("explain", self.model, "--data", self.data, "--quiet")
        self.assert_refused(bartizan(*words, "--out", self.out, "--target", 9), "class 9")
        self.assert_refused(bartizan(*words, "--out", self.out, "--method", "magic"), "magic")
        self.assert_refused(bartizan(*words), "--out")


if __name__ == "__main__":
    unittest.main()
