"""`bartizan train` and `evaluate`: a model that is trained is one that can be read, is good, and is the same each time."""
import json
import unittest

import numpy

from program import Case, bartizan
from tiny_onnx import linear


class TrainAndEvaluate(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(1)
        self.y = random.integers(0, 3, 600)
        x = random.integers(0, 60, size=(600, 28, 28)).astype("uint8")
        for row, label in zip(x, self.y):
            row[4 + 7 * label: 10 + 7 * label, 4:24] += 150  # a bar whose height is the class
        self.data = self.folder / "bars.npz"
        numpy.savez(self.data, x=x, y=self.y, classes=numpy.array(["low", "middle", "high"]))

    def train(self, name, *words):
        out = self.folder / name
        return out, bartizan("train", "mlp", "--data", self.data, "--out", out, "--epochs", 3, "--quiet", *words)

    def test_trains_a_model_that_evaluate_finds_good(self):
        model, run = self.train("bars.onnx")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertTrue((self.folder / "bars.onnx.bartizan.yaml").is_file())
        result = json.loads(bartizan("evaluate", model, "--data", self.data, "--format", "json").stdout)
        self.assertEqual(next(iter(result.items())), ("schema", "bartizan.evaluate/1"))
        self.assertEqual(result["samples"], 600)
        self.assertGreater(result["accuracy"], 0.95)
        self.assertIn("middle", bartizan("evaluate", model, "--data", self.data).stdout)

    def test_the_same_seed_gives_the_same_file(self):
        first, _ = self.train("a.onnx", "--seed", 5, "--threads", 1)
        second, _ = self.train("b.onnx", "--seed", 5, "--threads", 1)
        self.assertEqual(first.read_bytes(), second.read_bytes())

    def test_refuses_an_output_that_cannot_be_written_before_it_trains(self):
        _, run = self.train("no/such/folder.onnx")
        self.assert_refused(run, "folder.onnx")
        self.assertFalse((self.folder / "no").exists())

    def test_evaluate_counts_what_a_linear_model_gets_right(self):
        random = numpy.random.default_rng(2)
        x = random.random((50, 1, 2, 2)).astype("float32")
        weight = random.normal(size=(4, 4)).astype("float32")
        y = random.integers(0, 4, 50)
        model = linear(self.folder / "linear.onnx", weight, numpy.zeros(4, "float32"), [1, 2, 2])
        numpy.savez(self.folder / "d.npz", x=x, y=y)
        run = bartizan("evaluate", model, "--data", self.folder / "d.npz", "--format", "json")
        self.assertEqual(run.returncode, 0, run.stderr)
        right = (x.reshape(50, 4) @ weight.T).argmax(1) == y
        self.assertAlmostEqual(json.loads(run.stdout)["accuracy"], right.mean())


if __name__ == "__main__":
    unittest.main()
