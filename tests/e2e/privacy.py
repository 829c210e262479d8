"""`bartizan privacy` on a model that learnt its items by heart, and on one that has not seen them."""
import json
import unittest

import numpy

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import SOURCE, Case, bartizan


class Privacy(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(2)
        centres = random.normal(0, 1, (4, 20))
        y = random.integers(0, 4, 500)
        x = centres[y] * 0.3 + random.normal(0, 1, (500, 20))
        x = ((x + 5) / 10).clip(0, 1).astype("float32")
        self.members, self.others = self.folder / "in.npz", self.folder / "out.npz"
        numpy.savez(self.members, x=x[:250], y=y[:250])
        numpy.savez(self.others, x=x[250:], y=y[250:])
        self.model = self.folder / "model.onnx"

    def train(self, epochs):
        run = bartizan("train", "mlp", "--data", self.members, "--epochs", epochs, "--batch-size", 16, "--lr", "0.1",
                       "--out", self.model, "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)

    def privacy(self, *more):
        run = bartizan("privacy", self.model, "--members", self.members, "--nonmembers", self.others, "--format", "json",
                       "--quiet", "--fail-on", "never", "--batch-size", 16, "--lr", "0.1", *more)
        self.assertEqual(run.returncode, 0, run.stderr)
        document = json.loads(run.stdout)
        if jsonschema is not None:
            jsonschema.validate(document, json.loads((SOURCE / "docs/schema/privacy.schema.json").read_text()))
        return document

    def test_a_model_that_learnt_by_heart_gives_its_members_away(self):
        self.train(80)
        document = self.privacy("--references", 8, "--epochs", 80)
        attacks = {attack["name"]: attack for attack in document["attacks"]}
        self.assertGreater(document["accuracy_members"], document["accuracy_nonmembers"] + 0.1)
        self.assertGreater(attacks["lira-online"]["auc"], 0.56)
        self.assertGreater(attacks["loss"]["auc"], 0.54)
        self.assertIsNone(document["tpr_at_fpr"]["0.001"], "250 others cannot show a rate of one in a thousand")
        self.assertIsNotNone(document["tpr_at_fpr"]["0.01"])
        self.assertEqual(document["references"]["models"], 8)
        self.assertEqual(len(document["most_exposed"]), 100)
        again = self.privacy("--references", 8, "--epochs", 80, "--threads", 1)
        self.assertEqual(document["auc"], again["auc"], "the same, whatever the number of threads")

    def test_a_model_that_has_not_seen_them_gives_nothing_away(self):
        x, y = (numpy.load(self.others)[key] for key in "xy")
        numpy.savez(self.members, x=x[:125], y=y[:125])
        numpy.savez(self.others, x=x[125:], y=y[125:])
        fresh = self.folder / "fresh.npz"
        random = numpy.random.default_rng(9)
        numpy.savez(fresh, x=random.random((200, 20), "float32"), y=random.integers(0, 4, 200))
        run = bartizan("train", "mlp", "--data", fresh, "--epochs", 5, "--out", self.model, "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)
        document = self.privacy("--references", 0)
        self.assertLess(abs(document["auc"] - 0.5), 0.12)
        self.assertEqual(document["severity"], "info")
        self.assertEqual(document["one_run"]["epsilon"], 0)

    def test_what_cannot_be_measured_is_refused(self):
        self.train(1)
        words = ("privacy", self.model, "--quiet", "--references", 0)
        both = bartizan(*words, "--members", self.members, "--nonmembers", self.members)
        self.assert_refused(both, "members and non-members")
        few = self.folder / "few.npz"
        numpy.savez(few, x=numpy.zeros((9, 20), "float32"), y=numpy.zeros(9, int))
        self.assert_refused(bartizan(*words, "--members", self.members, "--nonmembers", few), "50")
        wide = self.folder / "wide.npz"
        numpy.savez(wide, x=numpy.random.default_rng(1).random((60, 30), "float32"), y=numpy.zeros(60, int))
        self.assert_refused(bartizan(*words, "--members", self.members, "--nonmembers", wide), "shape")
        self.assert_refused(bartizan(*words, "--members", self.members, "--nonmembers", self.folder / "none.npz"), "none.npz")


if __name__ == "__main__":
    unittest.main()
