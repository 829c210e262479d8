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

    def test_labels_alone_give_members_away_too(self):
        self.train(80)
        document = self.privacy("--references", 0, "--label-only", 100)
        attacks = {attack["name"]: attack for attack in document["attacks"]}
        self.assertEqual(attacks["boundary-distance"]["needs"], "labels")
        self.assertGreater(attacks["boundary-distance"]["auc"], 0.54)
        self.assertGreaterEqual(attacks["boundary-distance"]["auc"], attacks["gap"]["auc"] - 0.02)
        self.assertGreater(attacks["noise-robustness"]["auc"], 0.52)

    def table(self, leaks):
        """Two classes by column 1; column 0 is 0 or 1, unrelated to the rest. Where it leaks, the label hangs on it."""
        random = numpy.random.default_rng(4)
        x = random.normal(0, 1, (900, 6)).astype("float32")
        x[:, 0] = random.integers(0, 2, 900)
        y = (x[:, 1] + (1.5 * (2 * x[:, 0] - 1) if leaks else 0) > 0).astype(int)
        columns = numpy.array(["secret", "b", "c", "d", "e", "f"])
        numpy.savez(self.members, x=x[:450], y=y[:450], columns=columns)
        numpy.savez(self.others, x=x[450:], y=y[450:], columns=columns)
        self.train(30 if leaks else 2)
        return self.privacy("--references", 0, "--attribute", "secret")["attribute"]

    def test_an_attribute_is_judged_by_what_imputation_cannot_tell(self):
        # By label and column b the value is a matter of a curve that a regression without products can follow in part; the
        # model knows it in full.
        found = self.table(leaks=True)
        ways = {way["name"]: way for way in found["members"]["ways"]}
        self.assertGreater(ways["imputation"]["accuracy"]["value"], 0.6)
        self.assertGreaterEqual(ways["imputation-and-model"]["accuracy"]["value"], ways["imputation"]["accuracy"]["value"])
        self.assertEqual(ways["imputation"]["lift"]["value"], 0)
        nothing = self.table(leaks=False)
        ways = {way["name"]: way for way in nothing["members"]["ways"]}
        self.assertLess(abs(ways["imputation-and-model"]["accuracy"]["value"] - 0.5), 0.1)
        self.assertEqual(nothing["severity"], "info")

    def test_class_images_are_like_their_class(self):
        random = numpy.random.default_rng(5)
        y = numpy.arange(800) % 8
        x = random.random((800, 1, 16, 16)) * 0.3
        for row, label in enumerate(y):
            x[row, 0, 2 * label:2 * label + 2, :] += 0.6
        x = x.astype("float32")
        numpy.savez(self.members, x=x[:400], y=y[:400])
        numpy.savez(self.others, x=x[400:], y=y[400:])
        self.train(10)
        faces = self.folder / "faces"
        found = self.privacy("--references", 0, "--invert", faces)["inversion"]
        self.assertGreaterEqual(found["hits"], 7)
        self.assertLess(found["chance"], 1e-4)
        self.assertGreater(found["likeness"], found["random_likeness"] + 0.3)
        for entry in found["classes"]:
            self.assertTrue((faces / entry["picture"]).read_bytes().startswith(b"\x89PNG"))

    def test_what_cannot_be_measured_is_refused(self):
        self.train(1)
        words = ("privacy", self.model, "--quiet", "--references", 0)
        sides = ("--members", self.members, "--nonmembers", self.others)
        self.assert_refused(bartizan(*words, *sides, "--attribute", "salary"), "salary")
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
