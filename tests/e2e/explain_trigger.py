"""The one test of explanations with ground truth: a trigger that `bartizan poison` planted is pointed at, on models that
learnt it, and integrated gradients add up to what the score rose by."""
import json
import unittest

import numpy

from program import Case, bartizan

SIDE, CLASSES, TARGET = 16, 4, 1


def pictures(count, seed):
    """A bright band for each class on noise."""
    random = numpy.random.default_rng(seed)
    y = random.integers(0, CLASSES, count)
    x = random.integers(0, 60, (count, SIDE, SIDE), dtype="uint8")
    for row, label in enumerate(y):
        x[row, 4 * label:4 * label + 2, :8] += 120
    return x, y


class ExplainTrigger(Case):
    def setUp(self):
        super().setUp()
        self.train, self.test, self.drill = self.folder / "train.npz", self.folder / "test.npz", self.folder / "drill"
        x, y = pictures(1500, 1)
        numpy.savez(self.train, x=x, y=y)
        x, y = pictures(400, 2)
        numpy.savez(self.test, x=x, y=y)
        self.call("poison", self.train, "--attack", "badnets", "--target", TARGET, "--rate", "0.08", "--test-data", self.test,
                  "--out", self.drill)

    def call(self, *words):
        run = bartizan(*words, "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)
        return run

    def victim(self, architecture, epochs):
        """A model that learnt the trigger, and 60 triggered items that it is fooled by, with the trigger's pixels."""
        model = self.folder / f"{architecture}.onnx"
        self.call("train", architecture, "--data", self.drill / "poisoned.npz", "--epochs", epochs, "--out", model)
        triggered = numpy.load(self.drill / "triggered.npz")
        run = self.call("evaluate", model, "--data", self.drill / "triggered.npz", "--format", "json")
        self.assertGreater(json.loads(run.stdout)["accuracy"], 0.95, "the trigger was learnt")
        x = triggered["x"]
        # The trigger is where every triggered item is alike.
        mask = (x.reshape(len(x), -1).std(0) < 1e-6).reshape(SIDE, SIDE)
        self.assertLess(mask.sum(), 30)
        self.assertGreater(mask.sum(), 3)
        asked = self.folder / "asked.npz"
        numpy.savez(asked, x=x[:60], y=triggered["y"][:60])
        return model, asked, mask

    def pointing(self, model, asked, mask, method):
        out = self.folder / method
        run = self.call("explain", model, "--data", asked, "--method", method, "--target", TARGET, "--out", out, "--threads", 1,
                        "--format", "json")
        document = json.loads(run.stdout)
        found = numpy.load(out / "attributions.npz")["attributions"]
        hits = mask.ravel()[found.argmax(1)]
        return document, hits.mean()

    def check(self, architecture, epochs, methods):
        model, asked, mask = self.victim(architecture, epochs)
        chance = mask.mean()
        for method in methods:
            document, hits = self.pointing(model, asked, mask, method)
            with self.subTest(f"{architecture}, {method}"):
                self.assertIn(document["verdict"], ("trusted", "weak"))
                self.assertLess(abs(document["randomised_likeness"]), 0.5)
                self.assertLess(chance, 0.12)
                self.assertGreaterEqual(hits, 0.95)
                if method == "integrated-gradients":
                    self.assertLess(document["completeness_error"], 1e-3)

    def test_in_a_dense_network(self):
        self.check("mlp", 20, ("integrated-gradients",))

    def test_in_a_convolutional_network(self):
        self.check("cnn-small", 8, ("integrated-gradients",))


if __name__ == "__main__":
    unittest.main()
