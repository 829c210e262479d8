"""`bartizan harden --method partition`: the vote in the file is the vote that was told, and rests on the data alone."""
import hashlib
import json
import unittest

import numpy

try:
    import jsonschema
except ImportError:
    jsonschema = None

import tiny_onnx
from program import SOURCE, Case, bartizan


class Partition(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(6)
        self.y = random.integers(0, 3, 900)
        self.x = random.random((900, 6)).astype("float32") * 0.4
        self.x[numpy.arange(900), self.y] += 0.6
        self.data, self.test, self.out = (self.folder / name for name in ("train.npz", "test.npz", "vote.onnx"))
        numpy.savez(self.data, x=self.x[:600], y=self.y[:600])
        numpy.savez(self.test, x=self.x[600:], y=self.y[600:])
        self.model = self.folder / "model.onnx"
        run = bartizan("train", "mlp", "--data", self.data, "--epochs", 2, "--out", self.model, "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)

    def harden(self, data, *more):
        run = bartizan("harden", self.model, "--data", data, "--test-data", self.test, "--method", "partition", "--param",
                       "partitions=15", "--out", self.out, "--format", "json", "--quiet", *more)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def test_the_file_holds_the_vote_that_was_told(self):
        told = self.harden(self.data)
        if jsonschema is not None:
            jsonschema.validate(told, json.loads((SOURCE / "docs/schema/harden-partition.schema.json").read_text()))
        run = bartizan("evaluate", self.out, "--data", self.test, "--format", "json", "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertAlmostEqual(json.loads(run.stdout)["accuracy"], told["after"]["accuracy"], 9)
        self.assertGreater(told["after"]["accuracy"], 0.9)
        shares = [point["certified_accuracy"] for point in told["curve"]]
        self.assertEqual(shares, sorted(shares, reverse=True))
        self.assertEqual(shares[-1], 0)
        self.assertLessEqual(told["curve"][-1]["poisoned"], 15 // 2 + 1)
        self.assertGreater(told["certified_median"], 3)
        self.assertEqual(told["untrained"], 0)
        self.assertIn("<svg", (self.folder / "vote.onnx.certificate.html").read_text())

    def test_the_order_of_the_items_does_not_matter(self):
        self.harden(self.data)
        first = hashlib.sha256(self.out.read_bytes()).hexdigest()
        order = numpy.random.default_rng(1).permutation(600)
        shuffled = self.folder / "shuffled.npz"
        numpy.savez(shuffled, x=self.x[order], y=self.y[order])
        self.harden(shuffled, "--threads", 1)
        self.assertEqual(hashlib.sha256(self.out.read_bytes()).hexdigest(), first)

    def test_turned_labels_within_the_certificate_turn_no_answer(self):
        before = self.harden(self.data)
        y = self.y[:600].copy()
        y[:3] = (y[:3] + 1) % 3
        poisoned = self.folder / "poisoned.npz"
        numpy.savez(poisoned, x=self.x[:600], y=y)
        after = self.harden(poisoned)
        self.assertGreaterEqual(after["after"]["accuracy"], before["curve"][3]["certified_accuracy"])

    def test_what_cannot_vote_is_refused(self):
        words = ("harden", self.model, "--data", self.data, "--method", "partition", "--out", self.out, "--quiet")
        self.assert_refused(bartizan(*words, "--param", "partitions=1"), "partitions")
        wide = self.folder / "wide.npz"
        numpy.savez(wide, x=self.x, y=self.y + 1)
        self.assert_refused(bartizan(*words[:3], wide, *words[4:]), "label 3")
        trees = tiny_onnx.trees(self.folder / "trees.onnx", 6, [(0, 0, 0, 0.5, 1, 2), (0, 1, 1.0), (0, 2, -1.0)])
        self.assert_refused(bartizan("harden", trees, *words[2:]), "trees.onnx")


if __name__ == "__main__":
    unittest.main()
