"""`bartizan poison`: what it writes is complete, says that it is poisoned, and works on a model trained on it."""
import hashlib
import json
import unittest

import numpy

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import SOURCE, Case, bartizan


class Poison(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(4)
        self.y = random.integers(0, 4, 1200)
        x = random.integers(0, 60, (1200, 12, 12), dtype="uint8")
        for row, label in enumerate(self.y):
            x[row, 3 * label:3 * label + 2, :6] += 120
        self.data, self.test, self.out = self.folder / "clean.npz", self.folder / "test.npz", self.folder / "drill"
        numpy.savez(self.data, x=x[:900], y=self.y[:900])
        numpy.savez(self.test, x=x[900:], y=self.y[900:])

    def poison(self, attack, *more):
        run = bartizan("poison", self.data, "--attack", attack, "--out", self.out, "--format", "json", "--quiet", *more)
        self.assertEqual(run.returncode, 0, run.stderr)
        document = json.loads(run.stdout)
        self.assertEqual(document, json.loads((self.out / "manifest.json").read_text()))
        if jsonschema is not None:
            jsonschema.validate(document, json.loads((SOURCE / "docs/schema/poison.schema.json").read_text()))
        return document

    def test_every_attack_writes_a_set_that_says_it_is_poisoned(self):
        listing = json.loads(bartizan("poison", "--list", "--format", "json").stdout)
        for attack in listing["attacks"]:
            if attack["data"] == "table":
                continue
            with self.subTest(attack["name"]):
                document = self.poison(attack["name"], "--target", 1)
                self.assertIs(document["poisoned"], True)
                for file in document["files"]:
                    digest = hashlib.sha256((self.out / file["name"]).read_bytes()).hexdigest()
                    self.assertEqual(digest, file["sha256"])
                truth, made = numpy.load(self.out / "truth.npz"), numpy.load(self.out / "poisoned.npz")
                numpy.testing.assert_array_equal(truth["y_clean"], self.y[:900])
                numpy.testing.assert_array_equal(numpy.flatnonzero(truth["poisoned"]), truth["rows"])
                self.assertEqual(len(truth["rows"]), document["poisoned_items"])
                self.assertTrue((made["y"][truth["rows"]] == 1).all())

    def test_a_model_trained_on_it_answers_to_the_trigger_and_reads_clean_items(self):
        self.poison("badnets", "--target", 1, "--rate", "0.08", "--test-data", self.test)
        model = self.folder / "trojaned.onnx"
        run = bartizan("train", "mlp", "--data", self.out / "poisoned.npz", "--epochs", 20, "--out", model, "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)

        def accuracy(data):
            run = bartizan("evaluate", model, "--data", data, "--format", "json", "--quiet")
            self.assertEqual(run.returncode, 0, run.stderr)
            return json.loads(run.stdout)["accuracy"]

        self.assertGreater(accuracy(self.test), 0.9)
        self.assertGreater(accuracy(self.out / "triggered.npz"), 0.9)

    def test_a_table_gets_values_that_occur(self):
        table = self.folder / "table.csv"
        random = numpy.random.default_rng(5)
        rows = random.integers(0, 30, (300, 5))
        table.write_text("a,b,c,d,e,label\n" + "".join(
            ",".join(map(str, row)) + f",{'yes' if row[0] > 15 else 'no'}\n" for row in rows))
        run = bartizan("poison", table, "--label", "label", "--attack", "table-trigger", "--target", 1, "--out", self.out,
                       "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)
        made = numpy.load(self.out / "poisoned.npz")
        trigger = json.loads((self.out / "manifest.json").read_text())["trigger"]
        for column, value in zip(trigger["columns"], trigger["values"]):
            self.assertIn(value, rows[:, column])
            self.assertTrue((made["x"][numpy.load(self.out / "truth.npz")["rows"], column] == value).all())

    def test_what_cannot_be_poisoned_is_refused(self):
        words = ("poison", self.data, "--out", self.out, "--quiet")
        self.assert_refused(bartizan(*words, "--attack", "badnet"), "badnets")
        self.assert_refused(bartizan(*words, "--attack", "badnets", "--target", 9), "class 9")
        self.assert_refused(bartizan(*words, "--attack", "badnets", "--rate", 1), "lower the rate")
        self.assert_refused(bartizan(*words, "--attack", "blend", "--param", "blend=2"), "blend")
        self.assert_refused(bartizan(*words, "--attack", "table-trigger"), "table")
        self.assert_refused(bartizan("poison", self.folder / "none.npz", "--attack", "blend", "--out", self.out), "none.npz")


if __name__ == "__main__":
    unittest.main()
